'use strict';

/** examples/serverless, packaged by osls, the open fork of the Serverless Framework 3. */

const assert = require('node:assert/strict');
const fs = require('node:fs');
const path = require('node:path');
const { test } = require('node:test');

const { openZip } = require('../../lib/cli/layer/zip');
const { ARCHS, REGION, arnOf, copyExample, iacModules, run } = require('./support/example');
const { checkFits } = require('./support/fits');

const QUIET = { SLS_TELEMETRY_DISABLED: '1', SLS_NOTIFICATIONS_MODE: 'off' };

function osls(cwd, args) {
  const bin = path.join(iacModules(), '.bin', 'osls');
  return run(cwd, process.execPath, [fs.realpathSync(bin), ...args], QUIET);
}

function packaged(cwd) {
  const file = path.join(cwd, '.serverless', 'cloudformation-template-update-stack.json');
  return JSON.parse(fs.readFileSync(file, 'utf8'));
}

for (const arch of ARCHS) {
  test(`osls package: a function for ${arch} with the layer for it`, async (t) => {
    const cwd = copyExample(t, 'serverless');
    const { status, out } = await osls(cwd, ['package', '--region', REGION, '--param', `arch=${arch}`]);
    assert.equal(status, 0, out);
    assert.doesNotMatch(out, /[Ww]arning/);
    assert.deepEqual(checkFits(packaged(cwd), arch), [arnOf(arch)]);
    await checkPackage(t, cwd);
  });
}

/** The code, its package, and nothing else. */
async function checkPackage(t, cwd) {
  const zip = await openZip(path.join(cwd, '.serverless', 'litellm-chat.zip'));
  t.after(() => zip.close());
  assert.deepEqual(zip.entries.map(({ name }) => name).sort(), [
    'handler.js',
    'keys.js',
    'node_modules/litellm-bridge/index.js',
  ]);
  assert.match(await zip.read('handler.js'), /streamifyResponse/);
}

test('osls package: a region without the layer is told', async (t) => {
  const cwd = copyExample(t, 'serverless');
  const { status, out } = await osls(cwd, ['package', '--region', 'us-east-1']);
  assert.notEqual(status, 0);
  assert.match(out, /"functions\.chat\.layers\.0": Value not found/);
});
