'use strict';

/** `layer build` where the user's settings, files and folders are not what a build takes for granted. */

const assert = require('node:assert/strict');
const fs = require('node:fs');
const path = require('node:path');
const { suite, test } = require('node:test');
const { build } = require('../../lib/cli/layer/builder');
const { archOf } = require('../../lib/cli/layer/builder/options');
const { until } = require('../process/support/proc');
const { bareCache, failure, quiet, tinyLock, withEnvironment } = require('./support/builds');
const { temporary } = require('./support/copies');

const TIMEOUT = 900_000; // ms
const ARCH = archOf();

/** Builds a layer of one tiny package. */
async function buildTiny(
  t,
  { requirements = tinyLock(t), out = path.join(temporary(t), 'out'), ...more } = {},
) {
  const options = { requirements, out, docker: false, ...more };
  return (await build(options, { ...quiet, cache: bareCache(t) })).report;
}

suite("settings of the user's", { timeout: TIMEOUT }, () => {
  test("Python's change nothing: the same bytes", async (t) => {
    const tiny = { requirements: tinyLock(t), full: true };
    const plain = await buildTiny(t, tiny);
    withEnvironment(t, { PYTHONOPTIMIZE: '2', PYTHONPYCACHEPREFIX: temporary(t), PYTHONWARNINGS: 'error' });
    const set = await buildTiny(t, tiny);
    assert.equal(set.zip.sha256, plain.zip.sha256);
  });

  test("pip's do not decide where packages go", async (t) => {
    const elsewhere = temporary(t);
    const places = { PIP_TARGET: elsewhere, PIP_PREFIX: elsewhere, PIP_ROOT: elsewhere };
    withEnvironment(t, { PIP_REQUIRE_VIRTUALENV: '1', PIP_USER: '1', ...places });
    const { manifest } = await buildTiny(t);
    assert.deepEqual(Object.keys(manifest.packages), ['lbtiny']);
    assert.deepEqual(fs.readdirSync(elsewhere), []);
  });
});

suite('lines of --requirements', { timeout: TIMEOUT }, () => {
  for (const line of ['-r base.txt', '-c=limits.txt', '--extra-index-url https://me:secret@example.com/']) {
    test(`an option of pip is refused: ${line.split(' ')[0]}`, async (t) => {
      const { message, hint } = await failure(t, `lbtiny==1.0\n${line}\n`);
      const [option] = /^--?[a-z-]+/.exec(line) ?? [];
      assert.match(message, new RegExp(`requirements\\.txt has ${option}, an option of pip`));
      assert.match(hint, /into the file/);
      assert.doesNotMatch(message + hint, /secret/);
    });
  }

  test('a file without a requirement is refused', async (t) => {
    const { message } = await failure(t, '# litellm==1.78.7\n\n');
    assert.match(message, /requirements\.txt names no package/);
  });

  test('a comment behind a requirement is none of it', async (t) => {
    const requirements = tinyLock(t);
    fs.writeFileSync(requirements, 'lbtiny==1.0  # pinned\n');
    const { manifest } = await buildTiny(t, { requirements });
    assert.deepEqual(manifest.packages, { lbtiny: '1.0' });
  });
});

suite("the result's folder", { timeout: TIMEOUT }, () => {
  test('what is no layer stays, and nothing is built', async (t) => {
    const out = temporary(t);
    const precious = path.join(out, ARCH, 'precious');
    fs.mkdirSync(path.dirname(precious));
    fs.writeFileSync(precious, '');
    await assert.rejects(build({ out, docker: false }, quiet), {
      name: 'CommandError',
      message: new RegExp(`${ARCH} is no layer`),
      hint: /--out DIR/,
    });
    assert.deepEqual(fs.readdirSync(out), [ARCH]);
    assert.ok(fs.existsSync(precious));
  });
});

suite('the cache', { timeout: TIMEOUT }, () => {
  test('a log that can not be kept hides no reason', async (t) => {
    const cache = bareCache(t);
    fs.mkdirSync(path.join(cache, `build-${ARCH}.log`));
    const { message } = await failure(t, 'this is = no requirement\n', { cache });
    assert.match(message, /can't be read/);
  });

  test('an interrupted build leaves no draft there, and nothing in the temporary folder', async (t) => {
    const cache = bareCache(t, /^(debian|tools|interpreter)-[\w-]+$|^wheels$/);
    const [out, TMPDIR] = [path.join(temporary(t), 'out'), temporary(t)];
    withEnvironment(t, { TMPDIR });
    const interruption = new AbortController();
    const { signal } = interruption;
    const built = assert.rejects(build({ out, docker: false }, { ...quiet, cache, signal }), {
      name: 'AbortError',
    });
    const drafts = () => fs.readdirSync(cache).filter((name) => name.includes('.draft-'));
    // Python's own look whether it may write there comes first, and has another name.
    const isAtWork = () => fs.readdirSync(TMPDIR).some((name) => name.startsWith('tmp'));
    await until(() => drafts().length > 0 && isAtWork());
    interruption.abort();
    await built;
    assert.deepEqual([drafts(), fs.readdirSync(TMPDIR)], [[], []]);
  });

  test('two builds at once unpack the tools, and one of them stays', async (t) => {
    const cache = bareCache(t, /^debian-[\w-]+$/);
    await Promise.all([1, 2].map(() => failure(t, 'this is = no requirement\n', { cache })));
    const [tools, ...others] = fs.readdirSync(cache).filter((name) => name.startsWith('tools-'));
    assert.deepEqual(others, []);
    const parts = fs.readdirSync(path.join(cache, tools));
    assert.deepEqual(
      parts.filter((name) => name.includes('draft')),
      [],
    );
  });
});
