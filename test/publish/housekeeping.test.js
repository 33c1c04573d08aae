'use strict';

/** `layer list` and `layer prune` against a moto server. */

const assert = require('node:assert/strict');
const { after, before, beforeEach, test } = require('node:test');

const { startAws } = require('./support/aws');
const command = require('./support/command');
const { folder, layer, makeLayer } = command;
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

const back = (cwd, litellm) => {
  makeLayer(cwd, { litellm });
  return run(cwd, 'publish', '--regions', EU);
};

const numbers = async (region = EU) => (await look.versions(aws, region)).map(({ Version }) => Version);

test('list: every version with what is in it, newest first', async (t) => {
  const cwd = await withVersions(t, ['1.78.7', '1.79.0']);
  const { stdout } = await run(cwd, 'list', '--regions', `${EU},${US}`);
  const [titles, ...rows] = stdout.trim().split('\n');
  assert.match(titles, /^region +arch +litellm +python +variant +sha256 +created +ARN$/);
  assert.match(rows[0], new RegExp(`^${EU} +x86_64 +1\\.79\\.0 +3\\.11\\.2 +default .*${LAYER}:litellm:2$`));
  assert.match(rows[1], /1\.78\.7 .*litellm:1$/);
  assert.equal(rows.length, 2);
  const json = JSON.parse((await run(cwd, 'list', '--regions', EU, '--json')).stdout);
  assert.deepEqual(
    json.map(({ region, number, layer }) => [region, number, layer.litellm]),
    [
      [EU, 2, '1.79.0'],
      [EU, 1, '1.78.7'],
    ],
  );
});

test('list: a region of another partition', async (t) => {
  const { stdout } = await run(folder(t), 'list', '--regions', 'eusc-de-east-1');
  assert.equal(stdout, 'There is no layer litellm in eusc-de-east-1.\n');
});

test('list: a layer that is not there', async (t) => {
  const { stdout } = await run(folder(t), 'list', '--regions', EU, '--name', 'nothing');
  assert.equal(stdout, `There is no layer nothing in ${EU}.\n`);
});

test('prune: removes what is behind the newest, and nothing that a function uses', async (t) => {
  const cwd = await withVersions(t, ['1.78.7', '1.78.8', '1.79.0', '1.80.0', '1.81.0']);
  await look.makeFunction(aws, EU, 'old', { Layers: [`${LAYER}:litellm:1`] });
  await look.publishFunction(aws, EU, 'old');
  await look.setLayers(aws, EU, 'old', [`${LAYER}:litellm:2`]);
  const { stdout } = await run(cwd, 'prune', '--keep', '2', '--regions', EU, '--yes');
  assert.match(stdout, /stays: used by old:\$LATEST +1\.78\.8/);
  assert.match(stdout, /stays: used by old:1 +1\.78\.7/);
  assert.match(stdout, /goes +1\.79\.0/);
  assert.deepEqual(await numbers(), [1, 2, 4, 5]);
  assert.match(
    (await run(cwd, 'prune', '--keep', '2', '--regions', EU, '--yes')).stdout,
    /nothing to remove/,
  );
});

test('prune: a version that a function was given meanwhile stays', async (t) => {
  const cwd = await withVersions(t, ['1.78.7', '1.79.0']);
  const lists = ({ method, path }) => method === 'GET' && path.startsWith('/2015-03-31/functions');
  let attached;
  aws.hooks.push(async (asked) => {
    if (!lists(asked) || attached === undefined) return;
    if (attached++ === 1) await look.makeFunction(aws, EU, 'new', { Layers: [`${LAYER}:litellm:1`] });
  });
  attached = 0;
  const { stdout } = await run(cwd, 'prune', '--keep', '1', '--regions', EU, '--yes');
  assert.match(stdout, /goes/);
  assert.deepEqual(await numbers(), [1, 2]);
});

test('prune: after a rollback, the version that the file of ARNs names stays', async (t) => {
  const cwd = await withVersions(t, ['1.80.0', '1.81.0', '1.82.0']);
  await back(cwd, '1.80.0');
  const { stdout } = await run(cwd, 'prune', '--keep', '1', '--regions', EU, '--yes');
  assert.match(stdout, /stays: used by litellm-layer\/layers\.json +1\.80\.0/);
  assert.deepEqual(await numbers(), [1, 3]);
});

test('prune: the file of ARNs may be another; where it is named it must be there', async (t) => {
  const cwd = await withVersions(t, ['1.80.0', '1.81.0']);
  await run(cwd, 'publish', '--regions', EU, '--output', 'mine.json');
  await back(cwd, '1.80.0');
  const prune = ['prune', '--keep', '1', '--regions', EU, '--dry-run'];
  const there = await run(cwd, ...prune, '--layers-file', 'mine.json');
  assert.match(there.stdout, /goes +1\.80\.0/);
  const { status, stderr } = await layer(aws, cwd, [...prune, '--layers-file', 'none.json']);
  assert.equal(status, 1);
  assert.match(stderr, /There is no none\.json\n\n/);
});

test('prune: a version that is published again meanwhile stays', async (t) => {
  const cwd = await withVersions(t, ['1.80.0', '1.81.0']);
  let listed = 0;
  aws.hooks.push(async ({ path }) => {
    if (!path.startsWith('/2015-03-31/functions')) return;
    if (++listed === 2) await back(cwd, '1.80.0');
  });
  const { stdout } = await run(cwd, 'prune', '--keep', '1', '--regions', EU, '--yes');
  assert.match(stdout, /goes +1\.80\.0/);
  assert.deepEqual(await numbers(), [1, 2]);
});

test('prune: architectures are counted by themselves', async (t) => {
  await withVersions(t, ['1.78.7', '1.79.0'], { arch: 'arm64' });
  const cwd = await withVersions(t, ['1.78.7', '1.79.0']);
  await run(cwd, 'prune', '--keep', '1', '--regions', EU, '--yes');
  assert.deepEqual(await numbers(), [2, 4]);
});

test('prune: asks, and takes no silence for a yes', async (t) => {
  const cwd = await withVersions(t, ['1.78.7', '1.79.0']);
  const { status, stderr } = await layer(aws, cwd, ['prune', '--keep', '1', '--regions', EU]);
  assert.equal(status, 1);
  assert.match(stderr, /Nobody can be asked.*\n\n.*--yes/);
  await run(cwd, 'prune', '--keep', '1', '--regions', EU, '--dry-run');
  assert.deepEqual(await numbers(), [1, 2]);
  assert.equal(aws.asked.filter(({ method }) => method === 'DELETE').length, 0);
  for (const [answer, left] of [
    ['', [1, 2]],
    ['y', [2]],
  ]) {
    const { stdout } = await layer(aws, cwd, ['prune', '--keep', '1', '--regions', EU], { answer });
    assert.match(stdout, /Remove this version for good\? \[y\/N\]/);
    assert.deepEqual(await numbers(), left);
  }
});

test('prune: what is no count is refused', async (t) => {
  for (const keep of ['0', '-1', 'all']) {
    const { status, stderr } = await layer(aws, folder(t), ['prune', `--keep=${keep}`, '--regions', EU]);
    assert.equal(status, 1);
    assert.match(stderr, /is no count/);
  }
  assert.deepEqual(aws.asked, []);
});

test('prune: a failure to see who uses it removes nothing', async (t) => {
  const cwd = await withVersions(t, ['1.78.7', '1.79.0']);
  const answer = { status: 403, code: 'AccessDeniedException', message: 'no lambda:ListFunctions' };
  aws.faults.push({ when: ({ path }) => path.startsWith('/2015-03-31/functions'), answer });
  const { status, stderr } = await layer(aws, cwd, ['prune', '--keep', '1', '--regions', EU, '--yes']);
  assert.equal(status, 1);
  assert.match(stderr, /lambda:ListFunctions/);
  assert.deepEqual(await numbers(), [1, 2]);
});
