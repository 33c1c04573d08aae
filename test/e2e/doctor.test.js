'use strict';
/** `litellm-bridge doctor` with the real LiteLLM, and with interpreters that are really broken. */
const assert = require('node:assert/strict');
const { execFile } = require('node:child_process');
const path = require('node:path');
const test = require('node:test');
const { privatePython } = require('../../lib/environment');
const interpreters = require('../fixtures/interpreters.js');
const support = require('./support.js');

const CLI = path.join(__dirname, '../../lib/cli/index.js');

function doctor(...args) {
  return new Promise((resolve) => {
    execFile(process.execPath, [CLI, 'doctor', ...args], (error, stdout, stderr) => {
      resolve({ status: error ? error.code : 0, stdout, stderr });
    });
  });
}

test('doctor: the environment of this machine is well', async () => {
  const { status, stdout, stderr } = await doctor('--json');
  const { ok, problems, litellm, python, candidates } = JSON.parse(stdout);
  assert.deepEqual({ status, ok, problems, stderr }, { status: 0, ok: true, problems: [], stderr: '' });
  assert.match(litellm.version, /^1\.\d+\.\d+$/);
  assert.equal(candidates.find(({ chosen }) => chosen).path, python.path);
});

test('doctor --start: every part is measured, and the packages that cost most are named', async () => {
  const { status, stdout, stderr } = await doctor('--start', '--json');
  assert.deepEqual({ status, stderr }, { status: 0, stderr: '' });
  const { timings, archive, modules } = JSON.parse(stdout);
  for (const [name, ms] of Object.entries(timings)) assert.ok(ms > 0, `${name}: ${ms} ms`);
  assert.match(archive.path, /litellm-bridge\.archive$/);
  assert.ok(modules.some(({ name, ms }) => name === 'litellm' && ms > 0));
});

test('doctor --start: where nothing starts it says why, as without --start', async () => {
  const { status, stdout } = await doctor('--start', '--python', '/no/such/python3');
  assert.equal(status, 1);
  assert.match(stdout, /ERR_PYTHON_NOT_FOUND/);
});

const BROKEN = {
  withoutLibrary: [/ERR_PYTHON_BROKEN/, /cannot open shared object/, /What to do: The library/],
  withoutStandardLibrary: [/ERR_PYTHON_BROKEN/, /No module named 'encodings'/, /no standard library/],
  withoutLiteLLM: [/ERR_LITELLM_MISSING/, /has no litellm package/, /npx litellm-bridge install/],
  forAnotherMachine: [/ERR_PYTHON_ARCH/, /this machine is (x86_64|arm64)/, /layer build --arch/],
};

for (const [name, words] of Object.entries(BROKEN)) {
  test(`doctor: a Python ${name}`, async (t) => {
    const python = interpreters[name](support.temporaryFolder(t), privatePython());
    const { status, stdout } = await doctor('--python', python);
    assert.equal(status, 1);
    const text = stdout.replace(/\s+/g, ' '); // however the lines are broken
    for (const pattern of words) assert.match(text, pattern);
  });
}
