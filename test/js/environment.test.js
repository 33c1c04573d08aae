'use strict';

const assert = require('node:assert/strict');
const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');
const { test } = require('node:test');
const {
  LOCK,
  LOCK_DIGEST,
  MARKER,
  cacheFolder,
  digestOf,
  environmentFolder,
  interpreterOf,
} = require('../../lib/environment');

function temporaryFolder(t) {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'litellm-bridge-test-'));
  t.after(() => fs.rmSync(folder, { recursive: true, force: true }));
  return folder;
}

function makeEnvironment(folder) {
  fs.mkdirSync(path.join(folder, 'bin'), { recursive: true });
  fs.symlinkSync(process.execPath, path.join(folder, 'bin', 'python3'));
  fs.writeFileSync(path.join(folder, MARKER), '{}');
}

for (const [name, env, platform, expected] of [
  ['XDG_CACHE_HOME', { XDG_CACHE_HOME: '/x' }, 'linux', '/x/litellm-bridge'],
  ['XDG_CACHE_HOME on macOS', { XDG_CACHE_HOME: '/x' }, 'darwin', '/x/litellm-bridge'],
  ['a relative XDG_CACHE_HOME', { XDG_CACHE_HOME: 'x' }, 'linux', '.cache/litellm-bridge'],
  ['nothing on Linux', {}, 'linux', '.cache/litellm-bridge'],
  ['nothing on macOS', {}, 'darwin', 'Library/Caches/litellm-bridge'],
]) {
  test(`the cache folder with ${name} set`, () => {
    assert.equal(cacheFolder(env, platform), path.resolve(os.homedir(), expected));
  });
}

test('another lock is another environment', (t) => {
  const folder = temporaryFolder(t);
  const lock = path.join(folder, 'lock');
  fs.writeFileSync(lock, 'one');
  const one = environmentFolder(folder, lock);
  fs.writeFileSync(lock, 'two');
  assert.notEqual(environmentFolder(folder, lock), one);
  assert.match(path.basename(one), new RegExp(`^env-[0-9a-f]{16}-${process.arch}$`));
});

test('the digest that is kept of the lock is its own', () => {
  assert.equal(LOCK_DIGEST, digestOf(LOCK), 'scripts/lock.sh makes both');
});

test('a complete environment gives its interpreter', (t) => {
  const folder = temporaryFolder(t);
  makeEnvironment(folder);
  assert.equal(interpreterOf(folder), path.join(folder, 'bin', 'python3'));
});

test('one without the marker is not complete', (t) => {
  const folder = temporaryFolder(t);
  makeEnvironment(folder);
  fs.rmSync(path.join(folder, MARKER));
  assert.equal(interpreterOf(folder), null);
});

test('one whose interpreter is a dangling link is not complete', (t) => {
  const folder = temporaryFolder(t);
  makeEnvironment(folder);
  fs.rmSync(path.join(folder, 'bin', 'python3'));
  fs.symlinkSync('/removed/python3', path.join(folder, 'bin', 'python3'));
  assert.equal(interpreterOf(folder), null);
});

test('every package of the lock has hashes, and litellm is the version that is tested', () => {
  const lock = fs.readFileSync(LOCK, 'utf8');
  const entries = lock.split(/^(?=[\w.[\]-]+==)/m).filter((entry) => !entry.startsWith('#'));
  assert.ok(entries.length > 40);
  for (const entry of entries) assert.match(entry, /--hash=sha256:[0-9a-f]{64}/);
  assert.match(lock, /^litellm==1\.78\.7 /m);
});

test('no private environment in a home without a cache', async (t) => {
  const { execFileSync } = require('node:child_process');
  const code = `console.log(require(${JSON.stringify(require.resolve('../../lib/environment'))}).privatePython())`;
  const env = { ...process.env, XDG_CACHE_HOME: temporaryFolder(t) };
  assert.equal(execFileSync(process.execPath, ['-e', code], { env, encoding: 'utf8' }).trim(), 'null');
});
