'use strict';

/** What goes wrong when a layer is published: what is said, what stays, what a second run does. */

const assert = require('node:assert/strict');
const fs = require('node:fs');
const path = require('node:path');
const { after, before, beforeEach, test } = require('node:test');

const { startAws } = require('./support/aws');
const { folder, layer, makeLayer, record } = require('./support/command');
const look = require('./support/look');

const [EU, US] = ['eu-west-1', 'us-east-1'];
const BOTH = ['publish', '--regions', `${EU},${US}`];
const ROLE = 'arn:aws:iam::123456789012:role/test';
const LAYERS = '/2018-10-31/layers';

let aws;
before(async () => {
  aws = await startAws();
});
after(() => aws.stop());
beforeEach(() => aws.reset());

const publishing = ({ method, path }) => method === 'POST' && path.startsWith(LAYERS);
const isIn = (region) => (asked) => asked.region === region;

/** A layer in a folder, and what one command on it says. */
async function refused(t, args, options) {
  const cwd = folder(t);
  makeLayer(cwd);
  const result = await layer(aws, cwd, args, options);
  assert.equal(result.status, 1);
  assert.doesNotMatch(result.stderr, /\n\s+at .*\.js/, 'no stack');
  return { ...result, cwd };
}

const NAMES = [
  [['--name', 'lite llm'], /"lite llm" is no valid layer\n\nAWS takes up to 140 letters/],
  [['--name', 'x'.repeat(141)], /is no valid layer/],
  [['--regions', 'Ireland'], /"Ireland" is no valid region\n\nA region is written like eu-west-1/],
  [['--regions', ''], /"" is no valid region/],
  [['--accounts', '12345'], /"12345" is no valid account\n\n.* 12 digits/],
  [['--organisation', 'acme'], /"acme" is no valid organisation/],
  [['--s3-bucket', 'My_Bucket'], /"My_Bucket" is no valid bucket\n\nAWS takes 3 to 63 small letters/],
  [['--s3-bucket', 'us-east-1=one'], /names no bucket for eu-west-1\n\nName one for each region/],
  [['--arch', 'mips'], /no architecture mips\n\nLambda has x86_64 and arm64/],
  [['--arch', 'arm64'], /no litellm-layer\/litellm-layer-arm64\.zip\n\nBuild it/],
];

for (const [args, words] of NAMES) {
  test(`refused before anything is sent: ${args.join(' ').slice(0, 40)}`, async (t) => {
    const { stderr } = await refused(t, ['publish', '--regions', EU, ...args]);
    assert.match(stderr, words);
    assert.deepEqual(aws.asked, []);
  });
}

test('what is no layer is refused before anything is sent', async (t) => {
  const { cwd } = await refused(t, ['publish', 'missing.zip', '--regions', EU]);
  const file = path.join(cwd, 'bad.zip');
  fs.writeFileSync(file, 'no zip');
  const bad = await layer(aws, cwd, ['publish', file, '--regions', EU]);
  assert.match(bad.stderr, /bad\.zip can't be read as a zip.*\n\nBuild it anew/);
  const damaged = makeLayer(cwd);
  const data = fs.readFileSync(damaged);
  data[data.indexOf('\x7fELF')] ^= 1;
  fs.writeFileSync(damaged, data);
  const broken = await layer(aws, cwd, ['publish', damaged, '--regions', EU, '--dry-run']);
  assert.match(broken.stderr, /python\/bin\/python3 does not have the checksum.*\n\nBuild it anew/);
  const arm = makeLayer(cwd, { arch: 'arm64' });
  const other = await layer(aws, cwd, ['publish', arm, '--arch', 'x86_64', '--regions', EU]);
  assert.match(other.stderr, /is built for arm64, not for x86_64/);
  const large = makeLayer(cwd, { claimed: 262_144_000 });
  const refusal = await layer(aws, cwd, ['publish', large, '--arch', 'x86_64', '--regions', EU]);
  assert.match(refusal.stderr, /bytes unpacked; AWS allows 262144000/);
  assert.deepEqual(aws.asked, []);
});

test('missing credentials: says so once, and how to give some', async (t) => {
  const env = { AWS_ACCESS_KEY_ID: '', AWS_SECRET_ACCESS_KEY: '' };
  const { stderr } = await refused(t, BOTH, { env });
  assert.match(
    stderr,
    /eu-west-1, us-east-1: No AWS credentials were found: .*\n {2}Give some: aws configure/,
  );
  assert.deepEqual(aws.asked, []);
});

const NO_KEYS = { AWS_ACCESS_KEY_ID: '', AWS_SECRET_ACCESS_KEY: '' };
const SSO = `[profile a]
sso_session = missing
sso_account_id = 123456789012
sso_role_name = a
`;

test('settings that lead nowhere are told without a stack, in every command', async (t) => {
  const cwd = folder(t);
  makeLayer(cwd);
  fs.mkdirSync(path.join(cwd, '.aws'));
  fs.writeFileSync(path.join(cwd, '.aws', 'config'), SSO);
  const token = { ...NO_KEYS, AWS_WEB_IDENTITY_TOKEN_FILE: '/missing', AWS_ROLE_ARN: ROLE };
  const commands = [['publish'], ['list'], ['prune', '--keep', '1'], ['attach', 'chat']];
  for (const [env, words] of [
    [token, /AWS settings can't be used: .*ENOENT.*\/missing.*\n *\n?.*AWS_WEB_IDENTITY_TOKEN_FILE/],
    [{ ...NO_KEYS, AWS_PROFILE: 'a' }, /AWS settings can't be used: .*sso_region.*\n *\n?.*sso_session/],
    [{ AWS_ENDPOINT_URL: 'foo' }, /The endpoint is no URL: .*\n *\n?.*AWS_ENDPOINT_URL/],
  ]) {
    for (const command of commands) {
      const { status, stderr } = await layer(aws, cwd, command, { env: { AWS_REGION: EU, ...env } });
      assert.equal(status, 1);
      assert.match(stderr, words);
      assert.doesNotMatch(stderr, /\n\s+at .*\.js/, 'no stack');
    }
  }
});

test('an endpoint of the credentials that nobody listens at is no wrong setting', async (t) => {
  const env = {
    ...NO_KEYS,
    AWS_ENDPOINT_URL: 'http://127.0.0.1:9',
    AWS_WEB_IDENTITY_TOKEN_FILE: __filename,
    AWS_ROLE_ARN: ROLE,
  };
  const { stderr } = await refused(t, ['publish', '--regions', EU], { env });
  assert.match(stderr, /AWS can't be reached: .*ECONNREFUSED/);
});

test('an expired token says to log in anew', async (t) => {
  const answer = { status: 403, code: 'ExpiredTokenException', message: 'The security token is expired' };
  aws.faults.push({ when: () => true, answer });
  const { stderr } = await refused(t, BOTH);
  assert.match(
    stderr,
    /eu-west-1, us-east-1: The AWS credentials have expired: .*\n {2}Log in anew: aws sso login/,
  );
});

test('a missing permission names the action and where the list of them is', async (t) => {
  const message = 'User is not authorized to perform: lambda:PublishLayerVersion';
  aws.faults.push({ when: publishing, answer: { status: 403, code: 'AccessDeniedException', message } });
  const { stderr } = await refused(t, BOTH);
  assert.match(stderr, /AWS does not allow this: .*lambda:PublishLayerVersion/);
  assert.match(stderr, /layer\/README\.md/);
});

test('throttling is waited out', async (t) => {
  const cwd = folder(t);
  makeLayer(cwd);
  const answer = { status: 429, code: 'TooManyRequestsException', message: 'Rate exceeded' };
  aws.faults.push({ when: publishing, times: 2, answer });
  const { status, stderr } = await layer(aws, cwd, ['publish', '--regions', EU]);
  assert.equal(status, 0, stderr);
  assert.match(stderr, /is tried again \(TooManyRequestsException\)/);
  assert.equal((await look.versions(aws, EU)).length, 1);
});

test('throttling that does not end says to wait, and names the request', async (t) => {
  const answer = { status: 429, code: 'TooManyRequestsException', message: 'Rate exceeded' };
  aws.faults.push({ when: publishing, answer });
  const { stderr } = await refused(t, ['publish', '--regions', EU]);
  assert.match(stderr, /AWS throttles the account.*request request-of-the-test\)\n {2}Wait a minute/);
});

test('an answer that is lost makes no second version', async (t) => {
  const cwd = folder(t);
  makeLayer(cwd);
  aws.faults.push({ when: publishing, times: 1 });
  const { status, stderr, stdout } = await layer(aws, cwd, ['publish', '--regions', EU]);
  assert.equal(status, 0, stderr);
  assert.match(stdout, /unchanged .*layer:litellm:1/);
  assert.equal((await look.versions(aws, EU)).length, 1);
});

test('one region fails: the others are published, and the same command does the rest', async (t) => {
  const answer = { status: 403, code: 'UnrecognizedClientException', message: 'The token is invalid' };
  aws.faults.push({ when: isIn(US), answer });
  const { cwd, stdout, stderr } = await refused(t, BOTH);
  assert.match(stdout, /eu-west-1 +published/);
  assert.match(stdout, /us-east-1 +failed/);
  assert.match(stderr, /us-east-1: AWS does not know these credentials in this region/);
  assert.match(stderr, /Run the same command again/);
  assert.deepEqual(Object.keys(record(cwd).layers.litellm.x86_64), [EU]);
  aws.faults.length = 0;
  const again = await layer(aws, cwd, BOTH);
  assert.equal(again.status, 0, again.stderr);
  assert.match(again.stdout, /eu-west-1 +unchanged/);
  assert.match(again.stdout, /us-east-1 +published/);
  assert.deepEqual(Object.keys(record(cwd).layers.litellm.x86_64), [EU, US]);
});

test('what nobody foresaw in one region keeps no ARN of the others back', async (t) => {
  const answer = { status: 200, body: { Policy: 'no JSON' } };
  aws.faults.push({ when: (asked) => isIn(US)(asked) && asked.path.endsWith('/policy'), answer });
  const cwd = folder(t);
  makeLayer(cwd);
  const { status, stdout, stderr } = await layer(aws, cwd, [...BOTH, '--public']);
  assert.equal(status, 1);
  assert.match(stdout, /eu-west-1 +published/);
  assert.match(stdout, /us-east-1 +failed/);
  assert.match(stderr, /us-east-1: Nobody foresaw this: .*JSON.*\n {2}Report it/);
  assert.deepEqual(Object.keys(record(cwd).layers.litellm.x86_64), [EU]);
});

/** The zip in a request, with one letter changed. */
const damage = (body) => Buffer.from(body.toString().replace(/("ZipFile":".{40})./, '$1x'));

test('bytes that were damaged on the way: that version is removed', async (t) => {
  aws.faults.push({ when: publishing, damage });
  const { stderr } = await refused(t, ['publish', '--regions', EU]);
  assert.match(stderr, /AWS has other bytes than .*that version was removed/);
  assert.deepEqual(await look.versions(aws, EU), []);
});

test('a damaged version that may not be removed is told: its number, and how to remove it', async (t) => {
  aws.faults.push({ when: publishing, damage });
  const answer = { status: 403, code: 'AccessDeniedException', message: 'no lambda:DeleteLayerVersion' };
  aws.faults.push({ when: ({ method }) => method === 'DELETE', answer });
  const { stderr } = await refused(t, ['publish', '--regions', EU]);
  assert.match(stderr, /Version 1 has other bytes than .* and is still there: .*lambda:DeleteLayerVersion/);
  assert.match(
    stderr,
    /Do not attach it.* aws lambda delete-layer-version .*--version-number 1 --region eu-west-1/,
  );
});

test('permissions that failed are set by the next run, on the same version', async (t) => {
  const answer = { status: 403, code: 'AccessDeniedException', message: 'no' };
  aws.faults.push({ when: ({ method, path }) => method === 'POST' && path.endsWith('/policy'), answer });
  const { cwd } = await refused(t, ['publish', '--regions', EU, '--public']);
  aws.faults.length = 0;
  const { status } = await layer(aws, cwd, ['publish', '--regions', EU, '--public']);
  assert.equal(status, 0);
  assert.equal((await look.versions(aws, EU)).length, 1);
  assert.deepEqual(
    (await look.statements(aws, EU, 1)).map(({ Sid }) => Sid),
    ['public'],
  );
});

test('above 50 MB: no bucket, no such bucket, one of another region', async (t) => {
  const cwd = folder(t);
  makeLayer(cwd, { ballast: 52_428_800 });
  const say = async (...args) => (await layer(aws, cwd, ['publish', '--regions', EU, ...args])).stderr;
  assert.match(await say(), /Lambda takes up to 52428800 directly\n {2}Let it go through S3/);
  assert.match(await say('--s3-bucket', 'nobodys'), /There is no bucket nobodys\n {2}Make it: aws s3 mb/);
  await look.makeBucket(aws, US, 'american');
  const words = /The bucket american is in us-east-1; Lambda in eu-west-1 reads only from buckets there/;
  assert.match(await say('--s3-bucket', 'american'), words);
  assert.match(await say('--s3-bucket', 'american', '--dry-run'), words);
  aws.faults.push({
    when: ({ method }) => method === 'HEAD',
    answer: { status: 301, code: '', headers: { 'x-amz-bucket-region': 'us-west-2' } },
  });
  assert.match(await say('--s3-bucket', 'american'), /is in us-west-2; Lambda in eu-west-1/);
  assert.deepEqual(await look.versions(aws, EU), []);
});

test('an endpoint that nobody listens at', async (t) => {
  const env = { AWS_ENDPOINT_URL: 'http://127.0.0.1:9' };
  const { stderr } = await refused(t, ['publish', '--regions', EU], { env });
  assert.match(stderr, /AWS can't be reached: .*ECONNREFUSED.*\n {2}.*AWS_ENDPOINT_URL/);
});

test('without the AWS SDK it names the package and the command that installs it', async (t) => {
  const cwd = folder(t);
  makeLayer(cwd);
  const root = path.join(__dirname, '..', '..');
  fs.cpSync(path.join(root, 'lib'), path.join(cwd, 'lib'), { recursive: true });
  fs.copyFileSync(path.join(root, 'package.json'), path.join(cwd, 'package.json'));
  fs.mkdirSync(path.join(cwd, 'node_modules'));
  for (const name of Object.keys(require('../../package.json').dependencies)) {
    fs.symlinkSync(path.join(root, 'node_modules', name), path.join(cwd, 'node_modules', name));
  }
  const cli = path.join(cwd, 'lib', 'cli', 'index.js');
  const { status, stderr } = await layer(aws, cwd, ['publish', '--regions', EU], { cli });
  assert.equal(status, 1);
  assert.match(
    stderr,
    /@aws-sdk\/client-lambda .* is not installed\n {2}Install it, .*npm install --save-dev @aws-sdk\/client-lambda/,
  );
});

test('no secret is said', async (t) => {
  const answer = { status: 403, code: 'SignatureDoesNotMatch', message: 'It does not match' };
  aws.faults.push({ when: () => true, answer });
  const { stdout, stderr } = await refused(t, BOTH);
  assert.match(stderr, /AWS does not know these credentials/);
  assert.doesNotMatch(stdout + stderr, /secret-of-the-test/);
});
