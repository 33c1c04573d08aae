'use strict';

/** What `layer verify` runs: a whole layer passes, and what only a run can find is found. */

const assert = require('node:assert/strict');
const { execFileSync } = require('node:child_process');
const fs = require('node:fs');
const path = require('node:path');
const { before, suite, test } = require('node:test');
const { inEmptyRoot } = require('../../lib/cli/layer/verify/empty-root');
const { verify } = require('../../lib/cli/layer/verify');
const { ARCHIVE, privatePython } = require('../../lib/environment');
const { builtLayer } = require('../../scripts/steps/layer');
const { copyOf, describe, patched, temporary } = require('./support/copies');

const CLI = path.join(__dirname, '../../lib/cli/index.js');
const TEXT = path.join(__dirname, 'programs', 'archived_text.py');
const WORKER = path.join(__dirname, '../../lib/python');
const TIMEOUT = 900_000; // ms; each run takes some seconds of CPU
const STDLIB = 'lib/python3.11';

/** @type {Awaited<ReturnType<typeof builtLayer>>} */
let layer;

before(
  async () => {
    layer = await builtLayer();
  },
  { timeout: TIMEOUT },
);

test('the zip passes, the stream through the addon included; exit status 0', { timeout: TIMEOUT }, () => {
  const out = execFileSync(process.execPath, [CLI, 'layer', 'verify', layer.zip, '--json'], {
    encoding: 'utf8',
  });
  const [result] = JSON.parse(out);
  assert.deepEqual([result.ok, result.findings, result.notes], [true, [], []]);
  assert.equal(result.figures.zip, fs.statSync(layer.zip).size);
});

/** The archive with damage in one module: in the name of its file, which its code has. */
function flipped(archive, file) {
  const at = archive.indexOf(file);
  assert.ok(at > 0, file);
  return patched(archive, at, [archive[at] ^ 1]);
}

/** The problems of a run, by what was tried. */
async function runOf(root) {
  const [result] = await verify(root);
  const runs = result.findings.filter(({ check }) => check === 'run');
  return new Map(runs.map((finding) => [finding.file, finding]));
}

suite('verify, of what only a run finds', { timeout: TIMEOUT }, () => {
  test('a standard library that is not whole', async (t) => {
    const copy = copyOf(t, layer.tree);
    copy.remove(`${STDLIB}/encodings`);
    const found = (await runOf(copy.root)).get('bin/python3');
    assert.match(found.problem, /No module named 'encodings'/);
    assert.match(found.fix, /the standard library is not whole/);
  });

  test('modules and data of packages', async (t) => {
    const copy = copyOf(t, layer.tree);
    copy.write(ARCHIVE, flipped(copy.read(ARCHIVE), '/opt/python/litellm/cost_calculator.py'));
    copy.remove('botocore/data/bedrock-runtime');
    const found = await runOf(copy.root);
    const problem = (name) => found.get(name)?.problem ?? `no finding for ${name}`;
    assert.match(problem('import litellm'), /cost_calculator\.py is damaged in the start archive/);
    assert.match(problem('start archive'), /cost_calculator\.py: damaged in the start archive/);
    assert.match(problem('mock completion'), /litellm/);
    assert.match(problem('Bedrock client'), /bedrock-runtime/);
    for (const { fix } of found.values()) assert.ok(fix.length > 10);
  });

  test('a module that is not compiled', async (t) => {
    const copy = copyOf(t, layer.tree);
    copy.write('openai/added.py', 'x = 1\n');
    copy.write('openai/template.py', '{{ a template }} of nothing\n');
    const { problem } = (await runOf(copy.root)).get('start archive');
    assert.match(problem, /\/opt\/python\/openai\/added\.py is not compiled/);
  });

  test('a secret in a module', async (t) => {
    const copy = copyOf(t, layer.tree);
    copy.write(ARCHIVE, copy.read(ARCHIVE)); // a file of its own, which the program changes
    const secret = `${'sk-'}${'a1B2'.repeat(12)}`;
    const args = [TEXT, WORKER, copy.place(ARCHIVE), STDLIB, 'aifc', secret];
    execFileSync(privatePython() ?? '', ['-I', ...args]);
    const found = (await runOf(copy.root)).get('secrets in the start archive');
    assert.match(found.problem, /\/aifc\.py holds a provider's key/);
    assert.match(found.fix, /replace it at its issuer/);
  });

  for (const [fields, words] of [
    [{ python: '3.11.9' }, /it says Python 3\.11\.9, and this is 3\.11\.\d+/],
    [{ variant: 'slim' }, /it says the variant slim, and what a start needs is not compressed/],
  ]) {
    test(`a manifest that says ${JSON.stringify(fields)}`, async (t) => {
      const copy = copyOf(t, layer.tree);
      describe(copy, fields);
      const found = await runOf(copy.root);
      assert.deepEqual([...found.keys()], ['litellm-bridge.json']);
      assert.match(found.get('litellm-bridge.json').problem, words);
    });
  }

  test('a start archive that is not whole: nothing can be imported, and it is said why', async (t) => {
    const copy = copyOf(t, layer.tree);
    const data = copy.read(ARCHIVE);
    copy.write(ARCHIVE, patched(data, 100, [data[100] ^ 1]));
    const found = (await runOf(copy.root)).get('bin/python3');
    assert.match(found.problem, /litellm-bridge\.archive can't be used: it is damaged/);
    assert.match(found.fix, /the start archive is not whole/);
  });

  test('vocabularies for counting, and certificates', async (t) => {
    const copy = copyOf(t, layer.tree);
    const folder = 'litellm/litellm_core_utils/tokenizers';
    copy.remove(`${folder}/fb374d419588a4632f3f557e76b4b70aebbca790`);
    const authorities = copy
      .read('certifi/cacert.pem')
      .toString()
      .split(/(?<=-----END CERTIFICATE-----)/);
    copy.write('certifi/cacert.pem', authorities.slice(0, 3).join(''));
    const found = await runOf(copy.root);
    assert.match(found.get('CA certificates')?.problem, /only 3 authorities/);
    assert.match(found.get('token counting')?.problem, /fails/);
    assert.equal(found.has('import litellm'), false);
  });

  /** A copy whose archive has a layout that only the reader beside it knows. */
  function newerLayout(t) {
    const copy = copyOf(t, layer.tree);
    const newer = (data) => patched(data, data.indexOf('LBARC') + 'LBARC'.length, [0x7f]);
    copy.write(ARCHIVE, newer(copy.read(ARCHIVE)));
    const reader = `${STDLIB}/start_archive/file.pyc`;
    copy.write(reader, newer(copy.read(reader)));
    return copy;
  }

  test('an archive whose layout the package does not know: what came with it reads it', async (t) => {
    assert.deepEqual([...(await runOf(newerLayout(t).root)).keys()], []);
  });

  test('of such an archive doctor --start says that it is used', async (t) => {
    const files = { [WORKER]: '/worker' };
    const command = ['/opt/python/bin/python3', '-I', '-S', '/worker/litellm_bridge/profile_start.py'];
    const env = { LITELLM_LOCAL_MODEL_COST_MAP: 'True' };
    const tree = newerLayout(t).root;
    const { out, err } = await inEmptyRoot({ tree, command, files, env }, { timeout: TIMEOUT });
    assert.deepEqual(JSON.parse(out || err), { path: `/opt/python/${ARCHIVE}`, used: true, reason: '' });
  });

  test('a program with any options has the modules, and so do its children', async () => {
    const spawned = 'import multiprocessing as m; m.set_start_method("spawn"); p = m.Process(target=print)';
    const code = `${spawned}; p.start(); p.join(); import litellm; print(p.exitcode)`;
    const env = { PYTHONPATH: '/other', LITELLM_LOCAL_MODEL_COST_MAP: 'True' };
    const other = path.join(__dirname, 'programs', 'sitecustomize.py');
    const files = { [other]: '/other/sitecustomize.py' }; // of a tracer, a coverage tool
    const said = [];
    for (const options of [['-I', '-S'], ['-I'], []]) {
      const path = 'import sys; sys.path.append(sys.prefix)';
      const command = ['/opt/python/bin/python3', ...options, '-c', `${path}; ${code}`];
      const { out, err } = await inEmptyRoot({ tree: layer.tree, command, env, files }, { timeout: TIMEOUT });
      said.push([out.trim().split('\n').pop(), err]);
    }
    assert.deepEqual(said, Array(3).fill(['0', '']));
  });

  test('files from a path with a colon', async (t) => {
    const place = path.join(temporary(t), 'a:b');
    fs.mkdirSync(place);
    fs.writeFileSync(path.join(place, 'said.py'), 'print("read")\n');
    const files = { [path.join(place, 'said.py')]: '/said.py' };
    const command = ['/opt/python/bin/python3', '-I', '/said.py'];
    const { out, err } = await inEmptyRoot({ tree: layer.tree, command, files }, { timeout: TIMEOUT });
    assert.deepEqual([out, err], ['read\n', '']);
  });

  test('what only the worker looks at: the stream through the addon fails', async (t) => {
    const copy = copyOf(t, layer.tree);
    const name = fs.readdirSync(copy.place('.')).find((file) => /^litellm-.*\.dist-info$/.test(file));
    copy.write(`${name}/METADATA`, 'Name: litellm\nVersion: 1.0.0\nLicense: MIT\n');
    const found = await runOf(copy.root);
    assert.deepEqual([...found.keys()], ['streaming through the addon']);
    assert.match(found.get('streaming through the addon').problem, /ERR_LITELLM_VERSION/);
  });
});

test('where a root of its own can not be had, it says so', async (t) => {
  const folder = temporary(t);
  fs.writeFileSync(path.join(folder, 'unshare'), '#!/bin/sh\nexit 1\n', { mode: 0o755 });
  const former = process.env.PATH;
  process.env.PATH = `${folder}:${former}`;
  t.after(() => {
    process.env.PATH = former;
  });
  const hint = /as root or with sudo.*--static/;
  await assert.rejects(verify(layer.tree), {
    name: 'CommandError',
    message: /needs root, or namespaces/,
    hint,
  });
});

/** CPU seconds of `import litellm`, the best of three. */
async function importTime(measure) {
  const times = [];
  for (let round = 0; round < 3; round++) times.push(Number(await measure()));
  return Math.min(...times);
}

test('the import takes no more CPU than in the private environment', { timeout: TIMEOUT }, async () => {
  const code = 'import time; t = time.process_time(); import litellm; print(time.process_time() - t)';
  const env = { LITELLM_LOCAL_MODEL_COST_MAP: 'True' };
  const command = ['/opt/python/bin/python3', '-I', '-c', code];
  const inLayer = await importTime(
    async () => (await inEmptyRoot({ tree: layer.tree, command, env }, { timeout: TIMEOUT })).out,
  );
  const python = privatePython() ?? '';
  const options = { encoding: /** @type {const} */ ('utf8'), env: { ...process.env, ...env } };
  const outside = await importTime(async () => execFileSync(python, ['-I', '-c', code], options));
  assert.ok(inLayer <= outside * 1.1, `${inLayer} s in the layer, ${outside} s in the environment`);
});

test('exit status 1 and the words for people, for CI', (t) => {
  const copy = copyOf(t, layer.tree);
  copy.write('evil.pth', 'import evil\n');
  const run = () =>
    execFileSync(process.execPath, [CLI, 'layer', 'verify', copy.root, '--static'], {
      encoding: 'utf8',
      stdio: 'pipe',
    });
  assert.throws(run, (error) => {
    assert.equal(error.status, 1);
    assert.match(error.stdout, /evil\.pth runs at each start of Python/);
    return true;
  });
});
