'use strict';

const assert = require('node:assert/strict');
const { execFileSync, spawn } = require('node:child_process');
const { once } = require('node:events');
const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');
const { after, before, describe, test } = require('node:test');
const { install } = require('../../lib/cli/install');
const { environmentFolder, interpreterOf } = require('../../lib/environment');

const WHEEL = path.join(__dirname, '..', 'fixtures', 'wheel.py');
const RUNNER = path.join(__dirname, 'support', 'run-install.js');
const CLI = path.join(__dirname, '..', '..', 'lib', 'cli', 'index.js');

// pip takes the tiny package from a folder: the tests need no network.
process.env.PIP_NO_INDEX = '1';

const remove = (folder) => fs.rmSync(folder, { recursive: true, force: true });

/** The caller removes it. */
function temporaryFolder() {
  return fs.mkdtempSync(path.join(os.tmpdir(), 'litellm-bridge-test-'));
}

/** A lock of one tiny package, and an empty cache folder. */
function makeProject(folder) {
  const hash = execFileSync('python3', [WHEEL, folder], { encoding: 'utf8' }).trim();
  process.env.PIP_FIND_LINKS = folder;
  const lock = path.join(folder, 'requirements.lock');
  fs.writeFileSync(lock, `lbtiny==1.0 --hash=sha256:${hash}\n`);
  const cache = path.join(folder, 'cache');
  fs.mkdirSync(cache);
  return { options: { lock, cache, module: 'lbtiny' }, target: environmentFolder(cache, lock) };
}

/** A project for one test. */
function prepare(t) {
  const folder = temporaryFolder();
  t.after(() => remove(folder));
  return makeProject(folder);
}

function importsPackage(python) {
  return execFileSync(python, ['-I', '-c', 'import lbtiny; print(lbtiny.__file__)'], { encoding: 'utf8' });
}

function startInstall(options) {
  const child = spawn(process.execPath, [RUNNER, JSON.stringify(options)], {
    detached: true, // a group of its own, which can be killed with all its children
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  child.stdout.setEncoding('utf8');
  return child;
}

async function waitForLine(child, text) {
  for await (const data of child.stdout) if (data.includes(text)) return;
  assert.fail(`the installer never said ${text}`);
}

describe('an installed environment', () => {
  const lines = [];
  const folder = temporaryFolder();
  const { options, target } = makeProject(folder);
  let result;

  before(async () => {
    result = await install({ ...options, report: (line) => lines.push(line) });
  });
  after(() => remove(folder));

  test('is at the place that the lock names, and works', () => {
    assert.deepEqual(result, { python: path.join(target, 'bin', 'python3'), created: true });
    assert.equal(interpreterOf(target), result.python);
    assert.ok(importsPackage(result.python).startsWith(`${target}/lib/`));
    assert.deepEqual(fs.readdirSync(options.cache), [path.basename(target)]);
  });

  test('was made with progress that names each package and how many there are', () => {
    assert.ok(lines.includes('  1 of 1: lbtiny 1.0'), lines.join('\n'));
  });

  test('has compiled modules that name their place, not the draft', () => {
    const [library] = fs.readdirSync(path.join(target, 'lib'));
    const packages = path.join(target, 'lib', library, 'site-packages');
    const folder = path.join(packages, '__pycache__');
    const [compiled] = fs.readdirSync(folder).filter((name) => name.startsWith('lbtiny'));
    const bytes = fs.readFileSync(path.join(folder, compiled), 'latin1');
    assert.ok(bytes.includes(path.join(packages, 'lbtiny.py')));
  });

  test('has programs that name its own interpreter', () => {
    const script = fs.readFileSync(path.join(target, 'bin', 'lbtiny'), 'utf8');
    assert.ok(script.startsWith(`#!${target}/bin/python`), script);
  });

  test('is left alone by a second install, which looks for no Python', async () => {
    const before = fs.statSync(target).ino;
    const again = await install({ ...options, python: '/there/is/none' });
    assert.deepEqual(again, { python: result.python, created: false });
    assert.equal(fs.statSync(target).ino, before);
  });

  test('is made anew with force', async () => {
    fs.writeFileSync(path.join(target, 'old'), '');
    assert.equal((await install({ ...options, force: true })).created, true);
    assert.equal(fs.existsSync(path.join(target, 'old')), false);
    importsPackage(result.python);
    assert.deepEqual(fs.readdirSync(options.cache), [path.basename(target)]);
  });

  test('is made anew when its base Python was removed', async () => {
    for (const name of ['python', 'python3']) fs.rmSync(path.join(target, 'bin', name));
    fs.symlinkSync('/removed/python3', result.python);
    assert.equal((await install(options)).created, true);
    importsPackage(result.python);
  });
});

test('a wrong hash says so and leaves nothing', async (t) => {
  const { options } = prepare(t);
  fs.writeFileSync(options.lock, `lbtiny==1.0 --hash=sha256:${'0'.repeat(64)}\n`);
  await assert.rejects(install(options), (error) => {
    assert.match(error.message, /does not have the hash that .*requirements\.lock names/);
    assert.match(error.message, /lbtiny/);
    assert.match(error.hint, /Nothing was installed/);
    return true;
  });
  assert.deepEqual(fs.readdirSync(options.cache), []);
});

test("pip's settings of where packages go are not followed", async (t) => {
  const { options } = prepare(t);
  const elsewhere = temporaryFolder();
  t.after(() => remove(elsewhere));
  const places = { PIP_TARGET: elsewhere, PIP_PREFIX: elsewhere, PIP_ROOT: elsewhere };
  const set = { PIP_REQUIRE_VIRTUALENV: '1', PIP_USER: '1', ...places };
  Object.assign(process.env, set);
  t.after(() => {
    for (const name of Object.keys(set)) delete process.env[name];
  });
  importsPackage((await install(options)).python);
  assert.deepEqual(fs.readdirSync(elsewhere), []);
});

test('a package that does not import is no environment', async (t) => {
  const { options } = prepare(t);
  await assert.rejects(install({ ...options, module: 'not_there' }), /No module named 'not_there'/);
  assert.deepEqual(fs.readdirSync(options.cache), []);
});

test('two installations at once both succeed and leave one environment', async (t) => {
  const { options, target } = prepare(t);
  const children = [startInstall(options), startInstall(options)];
  for (const child of children) child.stdout.resume();
  const codes = await Promise.all(children.map(async (child) => (await once(child, 'exit'))[0]));
  assert.deepEqual(codes, [0, 0]);
  assert.deepEqual(fs.readdirSync(options.cache), [path.basename(target)]);
  importsPackage(interpreterOf(target));
});

test('one that is killed half-way leaves no environment, and the next one cleans up', async (t) => {
  const { options, target } = prepare(t);
  const child = startInstall(options);
  await waitForLine(child, 'Installing packages');
  process.kill(-child.pid, 'SIGKILL');
  await once(child, 'exit');
  assert.equal(interpreterOf(target), null);
  assert.match(fs.readdirSync(options.cache).join(), /\.draft-/);
  await install(options);
  assert.deepEqual(fs.readdirSync(options.cache), [path.basename(target)]);
});

test('an abort rejects and leaves nothing', async (t) => {
  const { options } = prepare(t);
  const controller = new AbortController();
  const report = (line) => line === 'Installing packages' && controller.abort();
  const installing = install({ ...options, report, signal: controller.signal });
  await assert.rejects(installing, { name: 'AbortError' });
  assert.deepEqual(fs.readdirSync(options.cache), []);
});

test('a failure of the command is a text and a hint, without a stack, and status 1', async (t) => {
  const folder = temporaryFolder();
  t.after(() => remove(folder));
  const env = { ...process.env, XDG_CACHE_HOME: folder };
  const child = spawn(process.execPath, [CLI, 'install', '--python', '/there/is/none'], { env });
  let err = '';
  child.stderr.setEncoding('utf8').on('data', (data) => {
    err += data;
  });
  const [code] = await once(child, 'close');
  assert.equal(code, 1);
  assert.match(err, /\/there\/is\/none does not run/);
  assert.match(err, /--python PATH/);
  assert.doesNotMatch(err, /\n\s+at /);
});
