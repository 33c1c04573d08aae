'use strict';

/** `layer build`: the same bytes from the same inputs, and what it says when it can not. */

const assert = require('node:assert/strict');
const { createHash } = require('node:crypto');
const { execFileSync, spawn, spawnSync } = require('node:child_process');
const { once } = require('node:events');
const fs = require('node:fs');
const path = require('node:path');
const { before, suite, test } = require('node:test');
const { build } = require('../../lib/cli/layer/builder');
const { builtLayer } = require('../../scripts/steps/layer');
const { failure, makeWheel, quiet, withEnvironment } = require('./support/builds');
const { temporary } = require('./support/copies');

const CLI = path.join(__dirname, '../../lib/cli/index.js');
const TIMEOUT = 900_000; // ms
const NOWHERE = 'http://127.0.0.1:9'; // the port of discard: nobody listens
const IS_ROOT = process.getuid?.() === 0;

/** @type {Awaited<ReturnType<typeof builtLayer>>} */
let layer;

before(
  async () => {
    layer = await builtLayer();
  },
  { timeout: TIMEOUT },
);

suite('layer build', { timeout: TIMEOUT }, () => {
  test('built again without a network: the same bytes', { skip: !IS_ROOT && 'needs root' }, (t) => {
    const out = path.join(temporary(t), 'out');
    fs.mkdirSync(out);
    fs.writeFileSync(path.join(out, `litellm-layer-${layer.arch}.lock`), 'of a former build\n');
    // --net: a namespace without any way out.
    const args = ['--net', process.execPath, CLI, 'layer', 'build', '--no-docker', '--out', out];
    const said = execFileSync('unshare', args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });
    const zip = path.join(out, `litellm-layer-${layer.arch}.zip`);
    assert.equal(said.trim().split('\n').pop(), zip);
    const digest = createHash('sha256').update(fs.readFileSync(zip)).digest('hex');
    assert.equal(digest, layer.report.zip.sha256);
    assert.deepEqual(fs.readdirSync(out).sort(), [
      `litellm-layer-${layer.arch}.json`,
      `litellm-layer-${layer.arch}.log`,
      `litellm-layer-${layer.arch}.zip`,
      layer.arch,
    ]);
  });

  test('the report: sizes, shares, what was left out and why', () => {
    const { unzipped, zip, limits, largest, pruned, manifest } = layer.report;
    assert.deepEqual(limits, { unzipped: 262_144_000, zip: 52_428_800 });
    assert.ok(unzipped.bytes <= 85e6, `${unzipped.bytes}`);
    assert.ok(zip.bytes <= 35e6, `${zip.bytes}`);
    assert.ok(largest.length >= 10 && largest[0].bytes > largest[9].bytes);
    for (const { reason, level } of pruned) assert.ok(reason.length > 10 && level in { full: 1, default: 1 });
    assert.equal(pruned.filter(({ files }) => files === 0).length <= 1, true); // the .pth rule alone
    assert.match(manifest.python, /^3\.11\./);
    assert.equal(manifest.litellm, '1.78.7');
    assert.ok(manifest.interpreter.packages.every(({ sha256 }) => /^[0-9a-f]{64}$/.test(sha256)));
  });

  test('--slim is smaller', async () => {
    const { report } = await builtLayer({ slim: true });
    assert.ok(report.unzipped.bytes <= 70e6, `${report.unzipped.bytes}`);
    assert.ok(report.zip.bytes <= 33e6, `${report.zip.bytes}`);
    assert.equal(report.manifest.variant, 'slim');
  });

  test('--extra: a package more, and the lock that it was built from', async () => {
    const { report, folder, arch } = await builtLayer({ slim: true, extra: ['google-auth'] });
    assert.deepEqual(report.manifest.extras, ['google-auth']);
    assert.ok('google-auth' in report.manifest.packages);
    const lock = fs.readFileSync(path.join(folder, `litellm-layer-${arch}.lock`), 'utf8');
    assert.match(lock, /^google-auth==[\d.]+ --hash=sha256:[0-9a-f]{64}$/m);
    assert.match(lock, /^litellm==1\.78\.7 /m);
  });

  test('interrupted: nothing stays, and no process', async (t) => {
    const out = path.join(temporary(t), 'out');
    const args = [CLI, 'layer', 'build', '--no-docker', '--out', out];
    const child = spawn(process.execPath, args, { stdio: ['ignore', 'ignore', 'pipe'] });
    for await (const text of child.stderr.setEncoding('utf8')) if (text.includes('Native code')) break;
    child.kill('SIGINT');
    const [code] = await once(child, 'close');
    assert.equal(code, 130);
    assert.equal(fs.existsSync(out), false);
    const { stdout } = spawnSync('ps', ['-eo', 'args'], { encoding: 'utf8' });
    assert.ok(!stdout.includes(out), stdout);
  });
});

suite('layer build, of what can not be built', { timeout: TIMEOUT }, () => {
  const reject = (options, pattern) =>
    assert.rejects(build({ out: '/nowhere/out', ...options }, quiet), { name: 'CommandError', ...pattern });

  test('an architecture that Lambda does not have', () =>
    reject(
      { arch: 'riscv64' },
      { message: /no layer for the architecture "riscv64"/, hint: /--arch arm64/ },
    ));

  test('a folder that can not be made', async (t) => {
    const file = path.join(temporary(t), 'file');
    fs.writeFileSync(file, '');
    await reject({ out: file }, { message: /is a file/, hint: /--out/ });
    await reject({ out: path.join(file, 'out') }, { message: /can't be made/, hint: /--out DIR/ });
  });

  test('options that exclude each other, and what is no requirement', async () => {
    await reject({ slim: true, full: true }, { message: /exclude each other/ });
    await reject({ extra: ['--index-url=http://x'] }, { message: /is no requirement/ });
    await reject({ extra: ['/tmp/x.whl'] }, { message: /is no requirement/ });
    await reject({ requirements: '/nowhere.txt' }, { message: /There is no file/ });
  });

  test('a hash that is not the one of the file', async (t) => {
    const links = temporary(t);
    makeWheel(links);
    const env = { PIP_NO_INDEX: '1', PIP_FIND_LINKS: links };
    const { message, hint } = await failure(t, `lbtiny==1.0 --hash=sha256:${'0'.repeat(64)}\n`, { env });
    assert.match(message, /does not have the hash that the lock names/);
    assert.match(hint, /scripts\/lock\.sh/);
  });

  test('a requirement without a wheel for Lambda', async (t) => {
    const links = temporary(t);
    const { file, sha256 } = makeWheel(links);
    fs.renameSync(path.join(links, file), path.join(links, 'lbtiny-1.0-cp311-cp311-win_amd64.whl'));
    const env = { PIP_NO_INDEX: '1', PIP_FIND_LINKS: links };
    const { message, hint } = await failure(t, `lbtiny==1.0 --hash=sha256:${sha256}\n`, { env });
    assert.match(message, /lbtiny==1\.0 has no wheel for Python 3\.11 on (x86_64|arm64)/);
    assert.match(hint, /leave it out/);
  });

  test('requirements of which one has no hash, and what is none', async (t) => {
    const { message } = await failure(t, 'this is = no requirement\n');
    assert.match(message, /can't be read/);
  });

  test('a package index that can not be reached', async (t) => {
    const env = { PIP_INDEX_URL: NOWHERE, PIP_FIND_LINKS: '' };
    const { message, hint } = await failure(t, `lbtiny==1.0 --hash=sha256:${'0'.repeat(64)}\n`, { env });
    assert.match(message, /The package index can't be reached/);
    assert.match(hint, /network/);
  });

  test("Debian's mirror that can not be reached, with an empty cache", async (t) => {
    withEnvironment(t, { LITELLM_BRIDGE_DEBIAN_MIRROR: `${NOWHERE}/debian ${NOWHERE}/security` });
    const [out, cache] = [path.join(temporary(t), 'out'), temporary(t)];
    const built = build({ out, docker: false }, { ...quiet, cache });
    await assert.rejects(built, { message: /list of packages can't be had/, hint: /network/ });
    assert.equal(fs.existsSync(out), false);
    assert.deepEqual(
      fs.readdirSync(cache).filter((name) => !name.endsWith('.log')),
      [],
    );
  });

  test('a full disk', { skip: !IS_ROOT && 'needs root' }, (t) => {
    const place = temporary(t);
    const script = `mount -t tmpfs -o size=60m tmpfs '${place}' && '${process.execPath}' '${CLI}' layer build --no-docker --out '${place}/out'; code=$?; ls '${place}'; exit $code`;
    const { status, stdout, stderr } = spawnSync('unshare', ['--mount', 'sh', '-c', script], {
      encoding: 'utf8',
    });
    assert.equal(status, 1, stderr);
    assert.match(stderr, /disk is full/i);
    assert.match(stderr, /Make room/i);
    assert.equal(stdout, '');
  });
});
