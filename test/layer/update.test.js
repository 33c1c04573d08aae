'use strict';

/** `layer update`: another LiteLLM takes the former one's place, when it is there and works. */

const assert = require('node:assert/strict');
const fs = require('node:fs');
const path = require('node:path');
const { before, test } = require('node:test');
const { update } = require('../../lib/cli/layer/update');
const { checkKept, extrasAs } = require('../../lib/cli/layer/update/kept');
const { pinnedTo, requirementsWith } = require('../../lib/cli/layer/update/requirements');
const { toText } = require('../../lib/cli/layer/update/text');
const { verify } = require('../../lib/cli/layer/verify');
const { builtLayer } = require('../../scripts/steps/layer');
const { temporary } = require('./support/copies');

const OTHER = '1.80.0';

/** @type {Awaited<ReturnType<typeof builtLayer>>} */
let built;
/** As an application has it that asked for another package. @type {typeof built} */
let extended;
before(
  async () => {
    built = await builtLayer();
    extended = await builtLayer({ slim: true, extra: ['google-auth'] });
  },
  { timeout: 900_000 },
);

/** A folder with the built layer, as `layer build` leaves it. */
function copyOfBuild(t, layer = built) {
  const out = path.join(temporary(t), 'litellm-layer');
  fs.cpSync(layer.folder, out, { recursive: true });
  return { out, lock: path.join(out, '..', 'litellm-layer.lock') };
}

const context = { report: () => {} };
const manifestOf = (out) =>
  JSON.parse(fs.readFileSync(path.join(out, built.arch, 'python', 'litellm-bridge.json'), 'utf8'));

/** Names and bytes of what a command could have changed. */
function snapshot(out) {
  const { content } = manifestOf(out);
  return {
    content,
    names: fs.readdirSync(out).sort(),
    report: fs.readFileSync(path.join(out, path.basename(built.zip))),
  };
}

test('update: the new one is verified, compared, locked, and takes the place', {
  timeout: 900_000,
}, async (t) => {
  const { out, lock } = copyOfBuild(t, extended);
  const { before: former, after, starts, zip } = await update(OTHER, { out, lock }, context);
  assert.equal(former.manifest.litellm, '1.78.7');
  assert.equal(after.manifest.litellm, OTHER);
  assert.equal(manifestOf(out).litellm, OTHER);
  assert.deepEqual([after.manifest.variant, after.manifest.extras], ['slim', ['google-auth']]);
  assert.equal(zip, path.join(out, path.basename(built.zip)));
  assert.equal(fs.statSync(zip).size, after.zip.bytes);
  assert.deepEqual(fs.readdirSync(path.dirname(lock)).sort(), ['litellm-layer', 'litellm-layer.lock']);
  assert.ok(
    fs.readdirSync(out).every((name) => !name.includes('draft')),
    'nothing is left over',
  );
  const text = fs.readFileSync(lock, 'utf8');
  assert.match(text, new RegExp(`^litellm==${OTHER} --hash=sha256:[0-9a-f]{64}$`, 'm'));
  assert.match(text, new RegExp(`^openai==${former.manifest.packages.openai} `, 'm'), 'others stay');
  assert.doesNotMatch(text, /^hf-xet/m);
  for (const { ms, rss, modules } of starts) assert.ok(ms > 0 && rss > 5e7 && modules > 500);
  const shown = toText(former, after, starts);
  assert.match(shown, /^litellm +1\.78\.7 +1\.80\.0$/m);
  assert.match(shown, /^unzipped +[\d.]+ MB +[\d.]+ MB +[+-][\d.]+ MB \([+-][\d.]+ %\)$/m);
  assert.match(shown, /^start to ready +\d+ ms +\d+ ms/m);
  const [result] = await verify(zip, { static: true });
  assert.deepEqual(result.findings, []);
});

test('update: a version that is not there leaves all as it was', { timeout: 300_000 }, async (t) => {
  const { out, lock } = copyOfBuild(t);
  const was = snapshot(out);
  await assert.rejects(update('1.78.99', { out, lock }, context), (error) => {
    assert.match(error.message, /litellm==1\.78\.99/);
    return true;
  });
  assert.deepEqual(snapshot(out), was);
  assert.equal(fs.existsSync(lock), false);
});

test('update: what is no version, or too old, is refused at once', async (t) => {
  const { out, lock } = copyOfBuild(t);
  const say = (version, more = {}) => update(version, { out, lock, ...more }, context);
  await assert.rejects(say('latest'), /"latest" is no version of LiteLLM/);
  await assert.rejects(say('1.77.9'), /older than 1\.78\.7/);
  const locked = path.join(out, 'some.lock');
  fs.writeFileSync(locked, 'litellm==1.78.7 --hash=sha256:00\n');
  await assert.rejects(say('1.80.0', { requirements: locked }), /some\.lock is a lock/);
  await assert.rejects(say('1.80.0', { requirements: 'missing.txt' }), /There is no file missing\.txt/);
  const nowhere = path.join(out, 'missing', 'litellm-layer.lock');
  await assert.rejects(say('1.80.0', { lock: nowhere }), { name: 'CommandError', hint: /--lock FILE/ });
  await assert.rejects(say('1.80.0', { lock: out }), { name: 'CommandError', message: /is a folder/ });
});

test('update: of the requirements only the line of LiteLLM changes', (t) => {
  const file = path.join(temporary(t), 'requirements.txt');
  const other = '# litellm is here\nlitellm-proxy-extras==1\nlitellm[proxy]>=1.70\nboto3\n';
  fs.writeFileSync(file, other);
  assert.equal(
    requirementsWith('1.80.0', file),
    other.replace('litellm[proxy]>=1.70', 'litellm[proxy]==1.80.0'),
  );
  assert.match(requirementsWith(undefined, file), /^litellm\[proxy\]>=1\.78\.7$/m);
  fs.writeFileSync(file, 'boto3\n');
  assert.equal(requirementsWith('1.80.0', file), 'boto3\nlitellm==1.80.0\n');
  assert.equal(pinnedTo({ a: '1', litellm: '1.78.7', b: '2' }, '1.80.0'), 'a==1\nlitellm==1.80.0\nb==2\n');
});

test('update: what was asked for stays, unless it is asked for otherwise', () => {
  const former = { extras: ['google-auth', 'Py_YAML>=6'] };
  assert.deepEqual(extrasAs(former, []), former.extras);
  assert.deepEqual(extrasAs(former, ['google-auth>=2.40', 'redis']), [
    'Py_YAML>=6',
    'google-auth>=2.40',
    'redis',
  ]);
  assert.deepEqual(extrasAs({}, ['redis']), ['redis']);
});

test('update: a package that the new layer would lack is told, and what that one needed is not', () => {
  const tree = path.join(extended.tree, 'python');
  const former = extended.report.manifest;
  const without = (...names) => ({
    packages: Object.fromEntries(Object.entries(former.packages).filter(([name]) => !names.includes(name))),
  });
  checkKept(former, former, tree);
  checkKept(former, without('pyasn1-modules', 'tiktoken'), tree);
  assert.throws(() => checkKept(former, without('google-auth', 'pyasn1-modules'), tree), {
    name: 'CommandError',
    message: /would lack google-auth;/,
    hint: /--requirements FILE.*--extra google-auth/,
  });
});
