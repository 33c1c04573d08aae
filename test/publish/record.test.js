'use strict';

/** The file of ARNs that `layer publish` writes. */

const assert = require('node:assert/strict');
const fs = require('node:fs');
const path = require('node:path');
const { after, before, beforeEach, test } = require('node:test');

const { writeRecord } = require('../../lib/cli/layer/publish/record');
const { startAws } = require('./support/aws');
const { folder, layer, makeLayer, record } = require('./support/command');

const EU = 'eu-west-1';

let aws;
before(async () => {
  aws = await startAws();
});
after(() => aws.stop());
beforeEach(() => aws.reset());

function withLayer(t) {
  const cwd = folder(t);
  makeLayer(cwd);
  return cwd;
}

/** What is said when nothing is to be sent. */
async function refused(cwd, ...args) {
  const { status, stderr } = await layer(aws, cwd, ['publish', '--regions', EU, ...args]);
  assert.equal(status, 1);
  assert.doesNotMatch(stderr, /\n\s+at .*\.js/, 'no stack');
  assert.deepEqual(aws.asked, []);
  return stderr;
}

const NONE = [
  '{"mine": true}',
  '{"format": 1}',
  'null',
  '[]',
  'no JSON',
  '{"format":1,"layers":{"litellm":[]}}',
];

for (const words of NONE) {
  test(`a file of ARNs that is none is refused before anything is sent: ${words}`, async (t) => {
    const cwd = withLayer(t);
    const file = path.join(cwd, 'mine.json');
    fs.writeFileSync(file, words);
    assert.match(await refused(cwd, '--output', file), /mine\.json is not what layer publish wrote/);
    assert.equal(fs.readFileSync(file, 'utf8'), words);
  });
}

test('a file that can be none is refused before anything is sent', async (t) => {
  const cwd = withLayer(t);
  fs.writeFileSync(path.join(cwd, 'file'), '');
  assert.match(
    await refused(cwd, '--output', 'litellm-layer'),
    /litellm-layer can't be read: EISDIR.*\n\nName/,
  );
  assert.match(await refused(cwd, '--output', 'file/below'), /below can't be read: ENOTDIR.*\n\nName/);
  assert.match(await refused(cwd, '--output', 'new/'), /new\/ can't be written: .*\n\nName/);
  assert.match(await refused(cwd, '--output', ''), /--output names no file\n\nName one/);
});

test('writers at the same time: none loses the entries of another', async (t) => {
  const file = path.join(folder(t), 'layers.json');
  const manifest = /** @type {const} */ ({ arch: 'x86_64', litellm: '1.78.7', python: '3.11.2' });
  const outcome = /** @type {any} */ ({ region: EU, arn: 'arn', version: 1 });
  const names = ['a', 'b', 'c', 'd', 'e', 'f'];
  const layer = /** @type {any} */ ({ manifest, sha256: '0' });
  await Promise.all(names.map((name) => writeRecord(file, name, layer, [outcome])));
  assert.deepEqual(Object.keys(JSON.parse(fs.readFileSync(file, 'utf8')).layers).sort(), names);
});

test('publishes at the same time: none loses the entries of another', async (t) => {
  const cwd = withLayer(t);
  const names = ['a', 'b', 'c', 'd', 'e', 'f'];
  const all = names.map((name) => layer(aws, cwd, ['publish', '--regions', EU, '--name', name]));
  for (const { status, stderr } of await Promise.all(all)) assert.equal(status, 0, stderr);
  assert.deepEqual(Object.keys(record(cwd).layers).sort(), names);
  assert.deepEqual(fs.readdirSync(path.join(cwd, 'litellm-layer')).sort(), [
    'layers.json',
    'litellm-layer-x86_64.zip',
  ]);
});

test('a lock that a killed publish left is told before anything is sent', async (t) => {
  const cwd = withLayer(t);
  fs.writeFileSync(path.join(cwd, 'litellm-layer', 'layers.json.lock'), '');
  assert.match(await refused(cwd), /layers\.json\.lock has been there for 5 s.*\n\n.*remove it/);
});
