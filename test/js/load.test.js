'use strict';

const assert = require('node:assert/strict');
const { execFileSync } = require('node:child_process');
const path = require('node:path');
const { test } = require('node:test');

const { loadAddon } = require('../../lib/load');

const ROOT = path.join(__dirname, '..', '..');

/** What Node's require throws for a file that is not there. */
function notFound(file) {
  return Object.assign(new Error(`Cannot find module '${file}'`), { code: 'MODULE_NOT_FOUND' });
}

test('Windows: told at once, with what to do', () => {
  assert.throws(
    () => loadAddon('win32', 'x64', () => assert.fail('nothing is loaded')),
    (error) => {
      assert.equal(error.code, 'ERR_FEATURE_UNAVAILABLE_ON_PLATFORM');
      assert.match(error.message, /^litellm-bridge: Windows is not supported\. .*WSL/);
      return true;
    },
  );
});

test('the build comes first, then the prebuilt addon of this platform', () => {
  const tried = [];
  const addon = loadAddon('darwin', 'arm64', (file) => {
    tried.push(path.relative(ROOT, file));
    if (tried.length === 1) throw notFound(file);
    return 'addon';
  });
  assert.equal(addon, 'addon');
  assert.deepEqual(tried, [
    'build/Release/litellm_bridge.node',
    'prebuilds/darwin-arm64/litellm_bridge.node',
  ]);
});

test('no addon: where it was looked for, and how to get it', () => {
  assert.throws(
    () =>
      loadAddon('linux', 'riscv64', (file) => {
        throw notFound(file);
      }),
    (error) => {
      assert.equal(error.code, 'ERR_DLOPEN_FAILED');
      assert.match(error.message, /prebuilds\/linux-riscv64\/litellm_bridge\.node/);
      assert.match(error.hint, /node scripts\/setup\.js/);
      assert.doesNotMatch(error.message, /node-gyp/, 'the package has not what it needs');
      assert.equal(error.cause.code, 'MODULE_NOT_FOUND');
      return true;
    },
  );
});

test("an addon that does not load is not passed over; the loader's words are told", () => {
  const cause = Object.assign(new Error('invalid ELF header'), { code: 'ERR_DLOPEN_FAILED' });
  let count = 0;
  assert.throws(
    () =>
      loadAddon('linux', 'x64', () => {
        count += 1;
        throw cause;
      }),
    (error) => {
      assert.match(error.message, /build\/Release.*invalid ELF header/);
      assert.match(error.hint, /node scripts\/setup\.js/);
      assert.equal(error.cause, cause);
      return true;
    },
  );
  assert.equal(count, 1);
});

test('a module that the addon itself misses is not taken for a missing addon', () => {
  const cause = notFound('/elsewhere/libfoo.so');
  assert.throws(
    () =>
      loadAddon('linux', 'x64', () => {
        throw cause;
      }),
    /does not load/,
  );
});

test('loading the package starts nothing, and leaves nothing behind', () => {
  const code = `
    const { LiteLLM } = require(${JSON.stringify(path.join(ROOT, 'lib'))});
    console.log(JSON.stringify({
      timers: process.getActiveResourcesInfo().filter((name) => name === 'Timeout'),
      state: LiteLLM.prototype.status.call(new LiteLLM({ log: 'silent' })).generation,
    }));
    process.exit();`;
  const told = execFileSync(process.execPath, ['-e', code], { encoding: 'utf8' });
  assert.deepEqual(JSON.parse(told), { timers: [], state: 1 }); // no generation came before the first instance's
});

test('a variable that is not valid is told by the first instance, not by require', () => {
  const code = `
    const { LiteLLM } = require(${JSON.stringify(path.join(ROOT, 'lib'))});
    try { new LiteLLM(); } catch ({ code }) { console.log(code); }`;
  const env = { ...process.env, LITELLM_BRIDGE_LOG: 'loud' };
  const told = execFileSync(process.execPath, ['-e', code], { env, encoding: 'utf8' });
  assert.equal(told.trim(), 'ERR_INVALID_ARGUMENT');
});
