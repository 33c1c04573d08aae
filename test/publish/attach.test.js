'use strict';

/** `layer attach` against a moto server. */

const assert = require('node:assert/strict');
const fs = require('node:fs');
const path = require('node:path');
const { after, before, beforeEach, test } = require('node:test');

const { waitForUpdate } = require('../../lib/cli/layer/publish/function');
const { startAws } = require('./support/aws');
const command = require('./support/command');
const { layer } = command;
const look = require('./support/look');

const [EU, US] = ['eu-west-1', 'us-east-1'];
const LAYER = `arn:aws:lambda:${EU}:123456789012:layer`;

let aws;
before(async () => {
  aws = await startAws();
});
after(() => aws.stop());
beforeEach(() => aws.reset());

const run = (cwd, ...args) => command.succeed(aws, cwd, ...args);
const withVersions = (t, ...how) => command.withVersions(t, aws, ...how);

/** What a command says that is to fail, without a stack. */
async function refusal(cwd, ...args) {
  const { status, stderr } = await layer(aws, cwd, ['attach', ...args]);
  assert.equal(status, 1, stderr);
  assert.doesNotMatch(stderr, /\n\s+at .*\.js/, 'no stack');
  return stderr;
}

test('the newest version for the architecture, in the place of an older one', async (t) => {
  const cwd = await withVersions(t, ['1.78.7', '1.79.0']);
  await withVersions(t, ['1.80.0'], { arch: 'arm64' });
  const other = await withOther(cwd);
  await look.makeFunction(aws, EU, 'chat', { Layers: [`${LAYER}:litellm:1`, other] });
  const dry = await run(cwd, 'attach', 'chat', '--region', EU, '--dry-run');
  assert.match(dry.stdout, /chat: .*litellm:2 would be attached/);
  assert.deepEqual(await look.layersOf(aws, EU, 'chat'), [`${LAYER}:litellm:1`, other]);
  await run(cwd, 'attach', 'chat', '--region', EU);
  assert.deepEqual(await look.layersOf(aws, EU, 'chat'), [`${LAYER}:litellm:2`, other]);
  assert.match((await run(cwd, 'attach', 'chat', '--region', EU)).stdout, /is there already/);
});

async function withOther(cwd) {
  await run(cwd, 'publish', '--regions', EU, '--arch', 'x86_64', '--name', 'other');
  return `${LAYER}:other:1`;
}

test('behind the other layers; little memory is told', async (t) => {
  const cwd = await withVersions(t, ['1.78.7']);
  const other = await withOther(cwd);
  await look.makeFunction(aws, EU, 'chat', { Layers: [other], MemorySize: 128 });
  const { stdout } = await run(cwd, 'attach', 'chat', '--region', EU);
  assert.match(stdout, /is attached\nThe function has 128 MB; Python with LiteLLM needs 512 MB/);
  assert.deepEqual(await look.layersOf(aws, EU, 'chat'), [other, `${LAYER}:litellm:1`]);
});

test('what does not fit is refused, and says what would', async (t) => {
  const cwd = await withVersions(t, ['1.78.7']);
  const say = async (...args) => {
    const { status, stderr } = await layer(aws, cwd, ['attach', ...args, '--region', EU]);
    assert.equal(status, 1);
    return stderr;
  };
  await look.makeFunction(aws, EU, 'arm', { Architectures: ['arm64'] });
  await look.makeFunction(aws, EU, 'snake', { Runtime: 'python3.11' });
  assert.match(
    await say('arm'),
    /No version of the layer litellm is for arm64.*x86_64\n\nPublish it: .*--arch arm64/,
  );
  assert.match(await say('snake'), /snake runs on python3\.11/);
  assert.match(await say('nobody'), /There is no function nobody in eu-west-1/);
  assert.match(await say('a b'), /"a b" is no valid function/);
  assert.match(await say('arm', '--layer-arn', 'litellm:1'), /litellm:1 is no ARN of a layer's version/);
  assert.match(await say('arm', '--layer-arn', `${LAYER}:litellm:1`), /is for x86_64; the function is arm64/);
});

test('a sixth layer is refused, with the list of those that are there', async (t) => {
  const cwd = await withVersions(t, ['1.78.7']);
  const others = [];
  for (const name of ['a', 'b', 'c', 'd', 'e']) {
    await run(cwd, 'publish', '--regions', EU, '--name', name);
    others.push(`${LAYER}:${name}:1`);
  }
  await look.makeFunction(aws, EU, 'full', { Layers: others });
  const { status, stderr } = await layer(aws, cwd, ['attach', 'full', '--region', EU]);
  assert.equal(status, 1);
  assert.match(stderr, /full has 5 layers; AWS allows 5\n\nTake one away first; they are:\n {2}arn:.*:a:1/);
});

test('after a rollback: the version that the file of ARNs names, and the newest without one', async (t) => {
  const cwd = await withVersions(t, ['1.80.0', '1.81.0', '1.80.0']);
  await look.makeFunction(aws, EU, 'chat');
  const { stdout } = await run(cwd, 'attach', 'chat', '--region', EU);
  assert.match(
    stdout,
    /litellm:1 is attached\nlitellm-layer\/layers\.json names it; the newest is version 2/,
  );
  assert.deepEqual(await look.layersOf(aws, EU, 'chat'), [`${LAYER}:litellm:1`]);
  fs.renameSync(path.join(cwd, 'litellm-layer', 'layers.json'), path.join(cwd, 'mine.json'));
  await run(cwd, 'attach', 'chat', '--region', EU);
  assert.deepEqual(await look.layersOf(aws, EU, 'chat'), [`${LAYER}:litellm:2`]);
  await run(cwd, 'attach', 'chat', '--region', EU, '--layers-file', 'mine.json');
  assert.deepEqual(await look.layersOf(aws, EU, 'chat'), [`${LAYER}:litellm:1`]);
  await look.remove(aws, EU, 1);
  assert.match(
    await refusal(cwd, 'chat', '--region', EU, '--layers-file', 'mine.json'),
    /There is no .*litellm:1\n\n.*layer publish/,
  );
});

test('a version of another account in the file of ARNs is not taken unasked', async (t) => {
  const cwd = await withVersions(t, ['1.80.0']);
  const file = path.join(cwd, 'litellm-layer', 'layers.json');
  fs.writeFileSync(file, fs.readFileSync(file, 'utf8').replace(':123456789012:', ':222222222222:'));
  await look.makeFunction(aws, EU, 'chat');
  const { stdout } = await run(cwd, 'attach', 'chat', '--region', EU);
  assert.match(
    stdout,
    /123456789012:layer:litellm:1 is attached\n.*layers\.json names one of another account/,
  );
});

test('a version whose bytes are not those of its description is refused', async (t) => {
  const cwd = await withVersions(t, ['1.80.0']);
  const { Description } = await look.version(aws, EU, 1);
  await look.publishBytes(aws, EU, Buffer.from('damaged'), Description);
  fs.rmSync(path.join(cwd, 'litellm-layer', 'layers.json'));
  await look.makeFunction(aws, EU, 'chat');
  assert.match(
    await refusal(cwd, 'chat', '--region', EU),
    /litellm:2 has other bytes than its description says\n\nPublish it anew/,
  );
});

test('a function whose runtime the version is not for is refused', async (t) => {
  const cwd = await withVersions(t, ['1.80.0']);
  await look.makeFunction(aws, EU, 'old', { Runtime: 'nodejs18.x' });
  assert.match(
    await refusal(cwd, 'old', '--region', EU),
    /litellm:1 is for nodejs20\.x nodejs22\.x nodejs24\.x; old runs on nodejs18\.x/,
  );
  await look.makeFunction(aws, EU, 'new', { Runtime: 'nodejs26.x' });
  assert.match((await run(cwd, 'attach', 'new', '--region', EU)).stdout, /litellm:1 is attached/);
});

test('the region is that of the ARNs; two regions are refused before anything is sent', async (t) => {
  const cwd = await withVersions(t, ['1.80.0']);
  await look.makeFunction(aws, EU, 'chat');
  const arn = `arn:aws:lambda:${EU}:123456789012:function:chat`;
  await run(cwd, 'attach', arn);
  assert.deepEqual(await look.layersOf(aws, EU, 'chat'), [`${LAYER}:litellm:1`]);
  aws.asked.length = 0;
  const two = /the function is in eu-west-1, --region is us-east-1\n\n/;
  assert.match(await refusal(cwd, arn, '--region', US), two);
  assert.match(
    await refusal(cwd, 'chat', '--region', US, '--layer-arn', `${LAYER}:litellm:1`),
    /--region is us-east-1, the layer's version is in eu-west-1\n\n/,
  );
  assert.match(await refusal(cwd, 'chat'), /No region is named.*\n\nName it: --region eu-west-1, or set/);
  assert.deepEqual(aws.asked, []);
});

const changed = () => aws.asked.some(({ method }) => method === 'PUT');
const looking = ({ method, path }) => method === 'GET' && path.includes('/functions/chat');

/** What AWS says of the function from its change on. */
function afterwards(state) {
  const body = { ...state, FunctionName: 'chat', Configuration: { FunctionName: 'chat', ...state } };
  aws.faults.push({ when: (asked) => changed() && looking(asked), answer: { status: 200, body } });
}

test('a change that Lambda could not make is told with its reason', async (t) => {
  const cwd = await withVersions(t, ['1.80.0']);
  await look.makeFunction(aws, EU, 'chat');
  afterwards({ LastUpdateStatus: 'Failed', LastUpdateStatusReason: 'The role is gone' });
  assert.match(
    await refusal(cwd, 'chat', '--region', EU),
    /Lambda could not give chat the layer: The role is gone\n\n/,
  );
});

test('a change that takes long is no network failure', async () => {
  await look.makeFunction(aws, EU, 'chat');
  const body = { Configuration: { LastUpdateStatus: 'InProgress' }, LastUpdateStatus: 'InProgress' };
  aws.faults.push({ when: looking, answer: { status: 200, body } });
  await assert.rejects(
    waitForUpdate(look.lambda(aws, EU), 'chat', 1),
    /chat is still being changed after 1 s/,
  );
});

test('a change is seen to be done without lambda:GetFunction, too', async () => {
  await look.makeFunction(aws, EU, 'chat');
  const denied = { status: 403, code: 'AccessDeniedException', message: 'no lambda:GetFunction' };
  aws.faults.push({ when: ({ path }) => path.endsWith('/functions/chat'), answer: denied });
  await waitForUpdate(look.lambda(aws, EU), 'chat', 1);
});

test('a change beside another one says to wait, or to run it again', async (t) => {
  const cwd = await withVersions(t, ['1.80.0']);
  await look.makeFunction(aws, EU, 'chat');
  const when = ({ method }) => method === 'PUT';
  const message = 'An update is in progress for resource';
  aws.faults.push({ when, times: 1, answer: { status: 409, code: 'ResourceConflictException', message } });
  assert.match(
    await refusal(cwd, 'chat', '--region', EU),
    /Another change is under way: An update.*\n\nWait until it is done .*LastUpdateStatus/,
  );
  aws.faults.push({
    when,
    answer: { status: 412, code: 'PreconditionFailedException', message: 'Revision' },
  });
  assert.match(await refusal(cwd, 'chat', '--region', EU), /It was changed meanwhile: .*\n\nRun it again/);
});
