'use strict';

/** `litellm-bridge layer publish` against a moto server. */

const assert = require('node:assert/strict');
const { execFileSync } = require('node:child_process');
const { createHash } = require('node:crypto');
const fs = require('node:fs');
const path = require('node:path');
const { after, before, beforeEach, test } = require('node:test');

const { startAws } = require('./support/aws');
const { folder, layer, makeLayer, record } = require('./support/command');
const look = require('./support/look');

const [EU, US, AP] = ['eu-west-1', 'us-east-1', 'ap-southeast-2'];
const REGIONS = [EU, US, AP];
const EVERYWHERE = ['--regions', REGIONS.join()];

let aws;
before(async () => {
  aws = await startAws();
});
after(() => aws.stop());
beforeEach(() => aws.reset());

const hashOf = (file, form) => createHash('sha256').update(fs.readFileSync(file)).digest(form);
const writes = () => aws.asked.filter(({ method }) => method !== 'GET' && method !== 'HEAD');

/** Publishes, and fails with the command's own words. */
async function published(cwd, args, options) {
  const result = await layer(aws, cwd, ['publish', ...args], options);
  assert.equal(result.status, 0, result.stderr);
  return result;
}

test('publishes in every region: the very bytes, for the architecture and the runtimes', async (t) => {
  const cwd = folder(t);
  const file = makeLayer(cwd);
  const { stdout, stderr } = await published(cwd, EVERYWHERE);
  for (const region of REGIONS) {
    const made = await look.version(aws, region, 1);
    assert.equal(made.Content.CodeSha256, hashOf(file, 'base64'));
    assert.equal(made.Content.CodeSize, fs.statSync(file).size);
    assert.deepEqual(made.CompatibleArchitectures, ['x86_64']);
    assert.deepEqual(made.CompatibleRuntimes, ['nodejs20.x', 'nodejs22.x', 'nodejs24.x']);
    assert.equal(made.Description, `litellm 1.78.7, Python 3.11.2, default; sha256:${hashOf(file, 'hex')}`);
    assert.match(stdout, new RegExp(`${region} +published .*arn:aws:lambda:${region}:\\d+:layer:litellm:1`));
    assert.match(stderr, new RegExp(`${region} +published \\(version 1\\)`));
  }
});

test('the file of ARNs has what IaC needs, by name, architecture and region', async (t) => {
  const cwd = folder(t);
  const file = makeLayer(cwd);
  makeLayer(cwd, { arch: 'arm64' });
  await published(cwd, ['--regions', EU, '--arch', 'x86_64']);
  await published(cwd, ['--regions', `${US},${EU}`, '--arch', 'arm64', '--name', 'other']);
  await published(cwd, ['--regions', US, '--arch', 'x86_64']);
  const { format, layers } = record(cwd);
  assert.equal(format, 1);
  assert.deepEqual(Object.keys(layers), ['litellm', 'other']);
  assert.deepEqual(Object.keys(layers.litellm.x86_64), [EU, US]);
  assert.deepEqual(Object.keys(layers.other), ['arm64']);
  assert.deepEqual(layers.litellm.x86_64[EU], {
    arn: `arn:aws:lambda:${EU}:123456789012:layer:litellm:1`,
    version: 1,
    sha256: hashOf(file, 'hex'),
    litellm: '1.78.7',
    python: '3.11.2',
  });
});

test('an unchanged layer makes no new version; a changed one does', async (t) => {
  const cwd = folder(t);
  makeLayer(cwd);
  await published(cwd, EVERYWHERE);
  const again = await published(cwd, EVERYWHERE);
  assert.equal(again.stdout.match(/unchanged/g).length, REGIONS.length);
  for (const region of REGIONS) assert.equal((await look.versions(aws, region)).length, 1);
  makeLayer(cwd, { litellm: '1.79.0' });
  await published(cwd, EVERYWHERE);
  assert.equal((await look.versions(aws, EU)).length, 2);
  assert.equal(record(cwd).layers.litellm.x86_64[EU].version, 2);
});

test('an earlier layer that comes back is found again, behind newer ones', async (t) => {
  const cwd = folder(t);
  let said;
  for (const litellm of ['1.78.7', '1.79.0', '1.78.7']) {
    makeLayer(cwd, { litellm });
    said = (await published(cwd, ['--regions', EU])).stdout;
  }
  assert.equal((await look.versions(aws, EU)).length, 2);
  assert.equal(record(cwd).layers.litellm.x86_64[EU].version, 1);
  assert.match(said, /eu-west-1: version 1 is there already, behind the newest, 2/);
});

test('permissions are set once, and added to a version that is there', async (t) => {
  const cwd = folder(t);
  makeLayer(cwd);
  const one = ['--regions', EU, '--accounts', '111122223333, 444455556666'];
  await published(cwd, one);
  await published(cwd, one);
  await published(cwd, ['--regions', EU, '--organisation', 'o-abcdefghij', '--public']);
  const found = await look.statements(aws, EU, 1);
  assert.deepEqual(
    found.map(({ Sid }) => Sid),
    ['account-111122223333', 'account-444455556666', 'organisation-o-abcdefghij', 'public'],
  );
  assert.match(JSON.stringify(found[0].Principal), /111122223333/);
  const added = aws.asked
    .filter(({ body }) => body.includes('organisation-'))
    .map(({ body }) => JSON.parse(body));
  assert.deepEqual(added, [
    {
      Action: 'lambda:GetLayerVersion',
      OrganizationId: 'o-abcdefghij',
      Principal: '*',
      StatementId: 'organisation-o-abcdefghij',
    },
  ]);
  assert.equal((await look.versions(aws, EU)).length, 1);
});

test('above 50 MB it goes through a bucket in each region, and is uploaded once', async (t) => {
  const cwd = folder(t);
  const file = makeLayer(cwd, { ballast: 52_428_800 });
  for (const region of [EU, US]) await look.makeBucket(aws, region, `layers-${region}`);
  const args = ['--regions', `${EU},${US}`, '--s3-bucket', 'layers-{region}'];
  await published(cwd, args);
  for (const region of [EU, US]) {
    const { Content } = await look.version(aws, region, 1);
    assert.equal(Content.CodeSha256, hashOf(file, 'base64'));
    assert.deepEqual(await look.keys(aws, region, `layers-${region}`), [
      `litellm-bridge/litellm/${hashOf(file, 'hex')}.zip`,
    ]);
  }
  const uploads = () =>
    aws.asked.filter(({ method, path }) => method === 'PUT' && path.endsWith('.zip')).length;
  assert.equal(uploads(), 2);
  const pairs = `${EU}=layers-${EU},${US}=layers-${US}`;
  await look.remove(aws, EU, 1);
  await published(cwd, ['--regions', `${EU},${US}`, '--s3-bucket', pairs]);
  assert.deepEqual(
    (await look.versions(aws, EU)).map(({ Version }) => Version),
    [2],
  );
  assert.equal(uploads(), 2, 'what is in the bucket is not sent again');
});

test('what is in the bucket with other bytes is sent again', async (t) => {
  const cwd = folder(t);
  const file = makeLayer(cwd, { ballast: 52_428_800 });
  await look.makeBucket(aws, EU, 'layers');
  const key = `litellm-bridge/litellm/${hashOf(file, 'hex')}.zip`;
  await look.putObject(aws, EU, 'layers', key, Buffer.alloc(fs.statSync(file).size));
  await published(cwd, ['--regions', EU, '--s3-bucket', 'layers']);
  assert.equal((await look.version(aws, EU, 1)).Content.CodeSha256, hashOf(file, 'base64'));
});

test('exactly at the limit it is sent directly', async (t) => {
  const cwd = folder(t);
  const file = makeLayer(cwd);
  makeLayer(cwd, { ballast: 52_428_800 - fs.statSync(file).size - 200 });
  const size = fs.statSync(file).size;
  assert.ok(size > 52_428_000 && size <= 52_428_800, String(size));
  await published(cwd, ['--regions', EU]);
  assert.equal((await look.version(aws, EU, 1)).Content.CodeSize, size);
});

test('a dry run says what would be done, and does nothing', async (t) => {
  const cwd = folder(t);
  makeLayer(cwd);
  const args = [...EVERYWHERE, '--public', '--dry-run'];
  const first = await published(cwd, args);
  assert.equal(first.stdout.match(/would be published +public/g).length, REGIONS.length);
  assert.deepEqual(writes(), []);
  assert.equal(fs.existsSync(path.join(cwd, 'litellm-layer', 'layers.json')), false);
  await published(cwd, EVERYWHERE);
  aws.asked.length = 0;
  const second = await published(cwd, args);
  assert.equal(second.stdout.match(/unchanged +public/g).length, REGIONS.length);
  assert.deepEqual(writes(), []);
});

test('the region is that of the AWS settings unless it is named', async (t) => {
  const cwd = folder(t);
  makeLayer(cwd);
  await published(cwd, [], { env: { AWS_REGION: AP } });
  assert.equal((await look.versions(aws, AP)).length, 1);
  await published(cwd, [], { env: { AWS_DEFAULT_REGION: US } }); // as the AWS CLI, and not the SDK
  assert.equal((await look.versions(aws, US)).length, 1);
  const none = await layer(aws, cwd, ['publish']);
  assert.equal(none.status, 1);
  assert.match(
    none.stderr,
    /No region is named.*\n\nName it: --regions eu-west-1,us-east-1, or set AWS_REGION/,
  );
});

test('a zip may be named; of two that were built one is chosen', async (t) => {
  const cwd = folder(t);
  makeLayer(cwd);
  const arm = makeLayer(cwd, { arch: 'arm64' });
  const both = await layer(aws, cwd, ['publish', '--regions', EU]);
  assert.match(both.stderr, /layers for x86_64 and arm64.*\n\nChoose one: --arch/);
  await published(cwd, [arm, '--regions', EU]);
  assert.deepEqual((await look.versions(aws, EU))[0].CompatibleArchitectures, ['arm64']);
});

/** A repository with one commit, in which `a` is. */
function repository(cwd) {
  const git = (...args) => execFileSync('git', args, { cwd, encoding: 'utf8' }).trim();
  git('init', '--quiet');
  git('config', 'user.name', 'Test');
  git('config', 'user.email', 'test@example.com');
  fs.writeFileSync(path.join(cwd, 'a'), '1');
  git('add', 'a');
  git('commit', '--quiet', '--message', 'one');
  return git;
}

test('--git-tag names the commit, the manifest and the ARNs; not with changes around', async (t) => {
  const cwd = folder(t);
  const file = makeLayer(cwd);
  const git = repository(cwd);
  fs.writeFileSync(path.join(cwd, 'a'), '2');
  const dirty = await layer(aws, cwd, ['publish', '--regions', EU, '--git-tag']);
  assert.match(dirty.stderr, /changes that are not in a commit:\n *M a\n\nCommit them first/);
  assert.deepEqual(aws.asked, []);
  git('checkout', '--quiet', 'a');
  await published(cwd, ['--regions', EU, '--git-tag']);
  const tag = `layer/litellm/x86_64/litellm-1.78.7-${hashOf(file, 'hex').slice(0, 12)}`;
  assert.equal(git('tag'), tag);
  assert.equal(git('rev-parse', `${tag}^{commit}`), git('rev-parse', 'HEAD'));
  assert.match(git('tag', '-l', '--format=%(contents)', tag), /layer:litellm:1/);
  const again = await published(cwd, ['--regions', EU, '--git-tag']);
  assert.match(again.stdout, /The tag is there/);
});

test('--git-tag, one region after the other: the tag has the ARNs of all, on its commit', async (t) => {
  const cwd = folder(t);
  makeLayer(cwd);
  const git = repository(cwd);
  await published(cwd, ['--regions', EU, '--git-tag']);
  const commit = git('rev-parse', 'HEAD');
  git('commit', '--quiet', '--allow-empty', '--message', 'two');
  const { stdout } = await published(cwd, ['--regions', US, '--git-tag']);
  const tag = git('tag');
  assert.match(stdout, /Tagged anew, with more ARNs: (\S+); git push --force origin \1/);
  assert.equal(git('rev-parse', `${tag}^{commit}`), commit);
  const contents = git('tag', '-l', '--format=%(contents)', tag);
  assert.match(
    contents,
    /^Layer litellm: litellm 1\.78\.7.*\n\nsha256 \w+\narn:.*:eu-west-1:.*\narn:.*:us-east-1:/,
  );
  assert.match((await published(cwd, ['--regions', EU, '--git-tag'])).stdout, /The tag is there/);
});
