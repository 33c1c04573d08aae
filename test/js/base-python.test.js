'use strict';

const assert = require('node:assert/strict');
const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');
const { test } = require('node:test');
const { findBasePython } = require('../../lib/cli/base-python');

/** A file that answers as an interpreter would, or fails like a pyenv shim. */
function fakePython(t, answer, name = 'python3') {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'litellm-bridge-test-'));
  t.after(() => fs.rmSync(folder, { recursive: true, force: true }));
  const file = path.join(folder, name);
  const body = answer ? `echo '${JSON.stringify({ path: file, ...answer })}'` : 'exit 127';
  fs.writeFileSync(file, `#!/bin/sh\n${body}\n`, { mode: 0o755 });
  return file;
}

const GOOD = { version: [3, 12, 1], venv: true };

test('the first on PATH that is good is taken', async (t) => {
  const file = fakePython(t, GOOD);
  const found = await findBasePython({ env: { PATH: path.dirname(file) } });
  assert.deepEqual(found, { path: file, ...GOOD });
});

test('one that does not run, as a pyenv shim, is passed over', async (t) => {
  const shim = fakePython(t, null);
  const file = fakePython(t, GOOD);
  const PATH = `${path.dirname(shim)}:${path.dirname(file)}`;
  assert.equal((await findBasePython({ env: { PATH } })).path, file);
});

test('an unsupported version is passed over for a versioned name', async (t) => {
  const old = fakePython(t, { version: [3, 9, 2], venv: true });
  const file = fakePython(t, GOOD);
  const PATH = `${path.dirname(old)}:${path.dirname(file)}`;
  assert.equal((await findBasePython({ env: { PATH } })).path, file);
});

test('a relative folder of PATH is not looked into', async (t) => {
  const file = fakePython(t, GOOD);
  const PATH = `.:${path.dirname(file)}`;
  assert.equal((await findBasePython({ env: { PATH } })).path, file);
});

for (const version of [
  [3, 10, 13],
  [3, 14, 0],
  [2, 7, 18],
]) {
  test(`Python ${version.join('.')}, when named, is refused with the versions that are good`, async (t) => {
    const python = fakePython(t, { version, venv: true });
    await assert.rejects(findBasePython({ python }), (error) => {
      assert.match(error.message, new RegExp(`is Python ${version.join('\\.')}; 3\\.11 to 3\\.13 is needed`));
      assert.match(error.hint, /Install Python 3\.11 to 3\.13/);
      return true;
    });
  });
}

test('a missing venv package is said with the mend', async (t) => {
  const python = fakePython(t, { version: [3, 11, 2], venv: false });
  await assert.rejects(findBasePython({ python }), (error) => {
    assert.match(error.message, /its venv package is missing/);
    assert.match(error.hint, /apt-get install python3\.11-venv/);
    return true;
  });
});

test('one that is named never falls through to another', async (t) => {
  const python = fakePython(t, null);
  const other = fakePython(t, GOOD);
  const finding = findBasePython({ python, env: { PATH: path.dirname(other) } });
  await assert.rejects(finding, new RegExp(`${python} does not run`));
});
