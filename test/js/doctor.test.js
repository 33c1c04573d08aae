'use strict';

/** `litellm-bridge doctor` as a program, on scripted workers and in broken set-ups. */

const assert = require('node:assert/strict');
const { execFile } = require('node:child_process');
const fs = require('node:fs');
const path = require('node:path');
const { test } = require('node:test');

const { asNobody } = require('./support/nobody');
const { folder, worker } = require('./support/peers');
const { layerWarnings, measureLayer } = require('../../lib/cli/doctor/layer');
const { wrap } = require('../../lib/cli/doctor/text');

const ROOT = path.join(__dirname, '..', '..');
const CLI = path.join(ROOT, 'lib', 'cli', 'index.js');

/** Runs it with these variables and no others but PATH. */
function doctor(args, { env = {}, cli = CLI } = {}) {
  const options = { env: { PATH: process.env.PATH, HOME: '/nowhere', ...env } };
  return new Promise((resolve) => {
    execFile(process.execPath, [cli, 'doctor', ...args], options, (error, stdout, stderr) => {
      resolve({ status: error ? error.code : 0, stdout, stderr });
    });
  });
}

async function examine(args, options) {
  const result = await doctor(['--json', ...args], options);
  return { ...result, report: JSON.parse(result.stdout) };
}

test('doctor: all is well: status 0, and everything is told', async () => {
  const { status, stdout, stderr, report } = await examine(['--python', worker('answers')]);
  assert.deepEqual({ status, stderr }, { status: 0, stderr: '' });
  assert.deepEqual(Object.keys(report), [
    'version',
    'ok',
    'platform',
    'node',
    'addon',
    'candidates',
    'python',
    'litellm',
    'packages',
    'start',
    'layer',
    'environment',
    'keys',
    'problems',
    'warnings',
  ]);
  assert.equal(report.version, require('../../package.json').version);
  assert.deepEqual([report.ok, report.platform, report.problems], [true, 'local', []]);
  assert.deepEqual(report.litellm, { version: '1.78.7', path: '/site/litellm' });
  assert.equal(report.node.version, process.version);
  assert.equal(report.node.abi, Number(process.versions.modules));
  assert.ok(report.start.ms >= 0 && report.start.rss === 50_000_000, stdout);
});

test('doctor: the addon needs no newer glibc than Lambda has', async () => {
  const { report } = await examine(['--python', worker('answers')]);
  assert.equal(report.addon.path, path.join(ROOT, 'build', 'Release', 'litellm_bridge.node'));
  assert.equal(report.addon.napi, 8);
  assert.match(report.addon.glibc, /^2\.(\d|1\d|2[0-8])$/);
});

test('doctor: a problem is status 1, with what to do', async () => {
  const { status, report } = await examine(['--python', worker('exits')]);
  assert.equal(status, 1);
  assert.equal(report.ok, false);
  assert.deepEqual([report.python, report.litellm], [null, null]);
  assert.equal(report.problems[0].code, 'ERR_PYTHON_BROKEN');
  assert.match(report.problems[0].message, /cannot open shared object/);
  assert.match(report.problems[0].hint, /library that is named is missing/);
});

test('doctor: for people, in 80 columns', async () => {
  const { status, stdout } = await doctor(['--python', worker('answers')]);
  assert.equal(status, 0);
  for (const line of stdout.split('\n')) {
    const isPath = line.trim().split(' ').length === 1;
    assert.ok(line.length <= 80 || isPath, line);
  }
  for (const words of [
    /^Machine$/m,
    /platform +local/,
    /is used/,
    /litellm +1\.78\.7/,
    /not installed: boto3/,
  ]) {
    assert.match(stdout, words);
  }
  assert.match(stdout, /Findings\n +All is well\./);
});

test('doctor: for people, a problem and its hint', async () => {
  const { status, stdout } = await doctor(['--python', '/no/such/python3']);
  assert.equal(status, 1);
  assert.match(stdout, /option +\/no\/such\/python3 {2}does not exist/);
  assert.match(stdout, /PROBLEM ERR_PYTHON_NOT_FOUND/);
  assert.match(stdout, /What to do: .*layer build/);
});

test('doctor: a LiteLLM that was not tested is a warning, and status 0', async () => {
  const { status, stdout } = await doctor(['--python', worker('answers')], { env: { LITELLM: '1.80.0' } });
  assert.equal(status, 0);
  assert.match(stdout, /WARNING ERR_LITELLM_VERSION\n +litellm 1\.80\.0/);
});

test('doctor: every automatic candidate has its verdict', async (t) => {
  const root = fs.realpathSync(folder(t));
  const put = (file) => {
    fs.mkdirSync(path.dirname(path.join(root, file)), { recursive: true });
    fs.copyFileSync('/bin/sh', path.join(root, file));
  };
  put('bare/bin/python3');
  fs.mkdirSync(path.join(root, 'directory', 'python3'), { recursive: true });
  const env = { PATH: `${root}/none:${root}/bare/bin:${root}/directory`, VIRTUAL_ENV: `${root}/gone` };
  const { status, report } = await examine([], { env });
  assert.equal(status, 1);
  assert.deepEqual(
    report.candidates.map(({ source, path: file, code }) => [source, path.relative(root, file), code]),
    [
      ['venv', 'gone/bin/python3', 'ERR_PYTHON_NOT_FOUND'],
      ['path', 'none/python3', 'ERR_PYTHON_NOT_FOUND'],
      ['path', 'bare/bin/python3', 'ERR_LITELLM_MISSING'],
      ['path', 'directory/python3', 'ERR_PYTHON_BROKEN'],
    ],
  );
  assert.equal(report.problems[0].code, 'ERR_LITELLM_MISSING'); // of the first that exists
});

test('doctor: the platform is told', async () => {
  const env = { AWS_EXECUTION_ENV: 'AWS_Lambda_nodejs22.x', AWS_LAMBDA_RUNTIME_API: '127.0.0.1:1' };
  const { report } = await examine(['--python', worker('answers')], { env });
  assert.equal(report.platform, 'lambda');
  assert.deepEqual(report.environment, [{ name: 'AWS_EXECUTION_ENV', value: 'AWS_Lambda_nodejs22.x' }]);
});

test('doctor: no secret is told, in neither form', async () => {
  const secrets = {
    OPENAI_API_KEY: 'sk-the-secret',
    AWS_SECRET_ACCESS_KEY: 'aws-the-secret',
    HTTPS_PROXY: 'http://user:the-secret@proxy.example:3128/the-secret?x=the-secret',
    http_proxy: 'the-secret@proxy',
    MY_PASSWORD: 'the-secret',
  };
  const env = { ...secrets, PYTHONPATH: '/plain', NO_PROXY: 'localhost' };
  const { stdout, stderr, report } = await examine(['--python', worker('answers')], { env });
  const text = await doctor(['--python', worker('answers')], { env });
  assert.deepEqual(report.environment, [
    { name: 'HTTPS_PROXY', value: 'http://proxy.example:3128' },
    { name: 'NO_PROXY', value: 'localhost' },
    { name: 'PYTHONPATH', value: '/plain' },
    { name: 'http_proxy', value: 'set' },
  ]);
  assert.deepEqual(report.keys, ['AWS_SECRET_ACCESS_KEY', 'OPENAI_API_KEY']);
  assert.doesNotMatch(stdout + stderr + text.stdout + text.stderr, /the-secret/);
  assert.match(text.stdout, /HTTPS_PROXY {2}http:\/\/proxy\.example:3128/);
});

test('doctor: the kill switch is a problem, not a riddle', async () => {
  const env = { LITELLM_BRIDGE_DISABLE: '1' };
  const { status, report } = await examine(['--python', worker('answers')], { env });
  assert.equal(status, 1);
  assert.match(report.problems[0].message, /LITELLM_BRIDGE_DISABLE is set/);
});

/** Without an addon. */
function copyOfThePackage(t) {
  const copy = folder(t);
  fs.cpSync(path.join(ROOT, 'lib'), path.join(copy, 'lib'), { recursive: true });
  fs.copyFileSync(path.join(ROOT, 'package.json'), path.join(copy, 'package.json'));
  fs.symlinkSync(path.join(ROOT, 'node_modules'), path.join(copy, 'node_modules'));
  return copy;
}

test('doctor: a package without its addon says how to get it', async (t) => {
  const copy = copyOfThePackage(t);
  const cli = path.join(copy, 'lib', 'cli', 'index.js');
  const { status, report } = await examine([], { cli });
  assert.equal(status, 1);
  assert.deepEqual([report.addon.path, report.addon.glibc], [null, null]);
  assert.equal(report.problems[0].code, 'ERR_DLOPEN_FAILED');
  assert.match(report.problems[0].hint, /node scripts\/setup\.js/);
  assert.match((await doctor([], { cli })).stdout, /addon +none/);
});

test('doctor: an addon that does not load is told with the loader’s words', async (t) => {
  const copy = copyOfThePackage(t);
  fs.mkdirSync(path.join(copy, 'build', 'Release'), { recursive: true });
  const addon = path.join(copy, 'build', 'Release', 'litellm_bridge.node');
  fs.writeFileSync(addon, 'no ELF');
  const { status, report } = await examine([], { cli: path.join(copy, 'lib', 'cli', 'index.js') });
  assert.equal(status, 1);
  assert.equal(report.addon.path, addon);
  assert.match(report.problems[0].message, /too short|invalid ELF header/);
});

/** A tree as `layer build` makes it, around a scripted worker. */
function layerTree(t, bytes) {
  const prefix = path.join(folder(t), 'python');
  fs.mkdirSync(path.join(prefix, 'bin'), { recursive: true });
  fs.writeFileSync(path.join(prefix, 'litellm-bridge.json'), '{}');
  fs.writeFileSync(path.join(prefix, 'library'), '');
  fs.truncateSync(path.join(prefix, 'library'), bytes); // sparse: it takes no room
  const python = path.join(prefix, 'bin', 'interpreter');
  fs.writeFileSync(python, `#!/bin/sh\nexec ${worker('answers')}\n`, { mode: 0o755 });
  return { prefix, python, own: 2 + fs.statSync(python).size };
}

test('doctor: a layer above the limit of AWS is a problem, told in bytes', async (t) => {
  const { prefix, python, own } = layerTree(t, 280_000_000);
  const { status, report } = await examine(['--python', python]);
  assert.equal(status, 1);
  assert.deepEqual(report.layer, { path: prefix, bytes: 280_000_000 + own, limit: 262_144_000, unread: [] });
  assert.equal(report.problems[0].code, 'LAYER_TOO_LARGE');
  assert.match(report.problems[0].message, new RegExp(`${280_000_000 + own} bytes.*262144000`));
});

test('doctor: a layer within the limit is measured', async (t) => {
  const { python, own } = layerTree(t, 262_144_000 - 1000);
  const { status, stdout } = await doctor(['--python', python]);
  assert.equal(status, 0);
  assert.match(stdout, new RegExp(`${262_143_000 + own} bytes`));
});

test('doctor: in a container image a layer has no limit', async (t) => {
  const { prefix, python, own } = layerTree(t, 280_000_000);
  const env = { AWS_EXECUTION_ENV: 'AWS_Lambda_Image', AWS_LAMBDA_RUNTIME_API: '127.0.0.1:1' };
  const { status, report } = await examine(['--python', python], { env });
  assert.deepEqual([report.platform, status, report.problems], ['lambda-image', 0, []]);
  assert.deepEqual(report.layer, { path: prefix, bytes: 280_000_000 + own, limit: null, unread: [] });
  const { stdout } = await doctor(['--python', python], { env });
  assert.match(stdout, new RegExp(`${280_000_000 + own} bytes unpacked\n`));
});

test('doctor: what can not be read in a layer is told, and the rest is measured', async (t) => {
  const { prefix, own } = layerTree(t, 1000);
  fs.chmodSync(path.dirname(prefix), 0o755);
  const locked = path.join(prefix, 'locked');
  fs.mkdirSync(locked, 0o000);
  const candidate = { source: 'option', path: path.join(prefix, 'bin', 'interpreter') };
  const measured = await asNobody(() => measureLayer(candidate, 'local'));
  assert.deepEqual(measured, { path: prefix, bytes: 1000 + own, limit: 262_144_000, unread: [locked] });
  const [warning, ...more] = layerWarnings(measured);
  assert.deepEqual([warning.code, more], ['LAYER_UNREADABLE', []]);
  assert.match(warning.message, new RegExp(`${locked} can't be read`));
  assert.match(warning.hint, /chmod -R a\+rX/);
});

/** Standard output as a terminal shows it. */
function onTerminal(env) {
  const code = 'import pty, sys; pty.spawn(sys.argv[1:])';
  const args = ['-c', code, process.execPath, CLI, 'doctor', '--python', worker('answers')];
  return new Promise((resolve) => {
    execFile('python3', args, { env: { ...process.env, ...env } }, (_, stdout) => resolve(stdout));
  });
}

test('doctor: colours on a terminal only, and not where NO_COLOR is set', async () => {
  const start = `${String.fromCharCode(27)}[`;
  assert.ok((await onTerminal({ NO_COLOR: '' })).includes(start));
  assert.ok(!(await onTerminal({ NO_COLOR: '1' })).includes(start));
  const { stdout } = await doctor(['--python', worker('answers')], { env: { FORCE_COLOR: '1', CI: '1' } });
  assert.ok(!stdout.includes(start));
});

test('doctor: texts break at spaces, and a long word stays whole', () => {
  assert.deepEqual(wrap('aa bb cc', 5), ['aa bb', 'cc']);
  assert.deepEqual(wrap('a /a/long/path b', 5), ['a', '/a/long/path', 'b']);
  assert.deepEqual(wrap('', 5), ['']);
});
