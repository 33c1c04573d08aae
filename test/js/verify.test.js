'use strict';

/** llm.verify() and llm.runPython() on scripted workers, and the hints of failed starts. */

const assert = require('node:assert/strict');
const fs = require('node:fs');
const path = require('node:path');
const { test } = require('node:test');

const { LiteLLM } = require('../../lib');
const native = require('../../lib/native');
const { folder, open, worker } = require('./support/peers');

/** Nothing of the machine's own: the environment's variables that name an interpreter are gone. */
const NO_PYTHON = { VIRTUAL_ENV: undefined, CONDA_PREFIX: undefined, LITELLM_BRIDGE_PYTHON: undefined };

function executable(file, text) {
  fs.mkdirSync(path.dirname(file), { recursive: true });
  fs.writeFileSync(file, text, { mode: 0o755 });
  return file;
}

test('verify: what runs, and what it was chosen from', async (t) => {
  const llm = open(t);
  const report = await llm.verify();
  assert.deepEqual(report, {
    platform: 'local',
    candidates: [
      { source: 'option', path: worker('answers'), code: null, reason: null, hint: null, chosen: true },
    ],
    python: { version: '3.11.7', path: '/scripted', sysPath: ['/lib', '/site'] },
    litellm: { version: '1.78.7', path: '/site/litellm' },
    addon: report.addon,
    packages: { openai: '2.6.1', boto3: null },
    ok: true,
    problems: [],
    warnings: [],
  });
});

test('verify: the addon is the file that is loaded, for Node-API 8', async (t) => {
  const { addon } = await open(t).verify();
  assert.ok(Object.hasOwn(require.cache, addon.path), addon.path);
  assert.equal(addon.napi, 8);
  assert.match(addon.node, /^v\d+\.\d+\.\d+$/);
});

test('verify: a Python that can not start is a problem, and no rejection', async (t) => {
  const llm = open(t, 'fails');
  const { ok, problems, python, litellm, packages, candidates } = await llm.verify();
  assert.deepEqual(
    { ok, python, litellm, packages },
    { ok: false, python: null, litellm: null, packages: {} },
  );
  assert.equal(problems.length, 1);
  assert.equal(problems[0].code, 'ERR_LITELLM_MISSING');
  assert.match(problems[0].message, /No module named 'litellm'/);
  assert.match(problems[0].hint, /install/);
  assert.equal(candidates[0].chosen, true);
});

test('verify: an interpreter that is refused tells why, and what to do', async (t) => {
  const python = path.join(folder(t), 'python3');
  fs.writeFileSync(python, 'no program', { mode: 0o644 });
  const llm = new LiteLLM({ python, log: 'silent' });
  t.after(() => llm.close());
  const { candidates, problems } = await llm.verify();
  assert.equal(candidates.length, 1);
  const [{ chosen, code, reason, hint }] = candidates;
  assert.deepEqual({ chosen, code }, { chosen: false, code: 'ERR_PYTHON_BROKEN' });
  assert.match(reason, /not executable/);
  assert.match(hint, /chmod 755/);
  assert.equal(problems[0].hint, hint);
});

test('verify: a LiteLLM that was not tested is a warning', async (t) => {
  const { ok, warnings } = await open(t, 'answers', { env: { LITELLM: '1.80.0' } }).verify();
  assert.equal(ok, true);
  assert.equal(warnings.length, 1);
  assert.match(warnings[0].message, /1\.80\.0.*1\.78\.7/);
});

test('verify: candidates are those of the variables that Python gets', async (t) => {
  const python = executable(path.join(folder(t), 'interpreter'), `#!/bin/sh\nexec ${worker('answers')}\n`);
  const env = async () => ({ ...NO_PYTHON, LITELLM_BRIDGE_PYTHON: python });
  const llm = new LiteLLM({ env, log: 'silent' });
  t.after(() => llm.close());
  const { ok, candidates } = await llm.verify();
  assert.deepEqual(
    candidates.map(({ source, path: file, chosen }) => [source, file, chosen]),
    [['variable', python, true]],
  );
  assert.equal(ok, true);
});

test('verify: an env function that fails is a problem', async (t) => {
  const llm = new LiteLLM({
    log: 'silent',
    env: () => {
      throw new Error('no vault');
    },
  });
  t.after(() => llm.close());
  const { ok, candidates, problems } = await llm.verify();
  assert.deepEqual({ ok, candidates }, { ok: false, candidates: [] });
  assert.equal(problems[0].code, 'ERR_CONFIG');
});

test('verify: a time limit is a problem; an abort, a close and a wrong option reject', async (t) => {
  const gate = path.join(folder(t), 'gate');
  const llm = open(t, 'waits', { env: { GATE: gate } });
  assert.equal((await llm.verify({ timeout: 1 })).problems[0].code, 'ERR_TIMEOUT');
  await assert.rejects(llm.verify({ signal: AbortSignal.abort('why') }), {
    name: 'AbortError',
    cause: 'why',
  });
  await assert.rejects(llm.verify({ python: 'x' }), { code: 'ERR_INVALID_ARGUMENT' });
  const closed = assert.rejects(llm.verify(), { code: 'ERR_CLOSED' });
  await llm.close();
  await closed;
  await assert.rejects(llm.verify(), { code: 'ERR_CLOSED' });
});

/** An environment as the addon takes it. @param {string[]} entries */
const block = (entries) => entries.map((entry) => `${entry}\0`).join('');

test('inspect judges every candidate, off the loop, and chooses what a start chooses', async (t) => {
  const root = folder(t);
  const lib = path.join(root, 'good', 'lib', 'python3.11', 'site-packages', 'litellm');
  fs.mkdirSync(lib, { recursive: true });
  fs.mkdirSync(path.join(root, 'good', 'bin'));
  fs.mkdirSync(path.join(root, 'bare', 'bin'), { recursive: true });
  fs.copyFileSync('/bin/sh', path.join(root, 'good', 'bin', 'python3'));
  fs.copyFileSync('/bin/sh', path.join(root, 'bare', 'bin', 'python3'));
  const env = [`PATH=${root}/none:${root}/bare/bin:${root}/good/bin`, `VIRTUAL_ENV=${root}/good`];
  fs.mkdirSync(path.join(root, 'private'));
  fs.writeFileSync(path.join(root, 'private', 'environment.json'), '{}');
  const privatePython = path.join(root, 'private', 'bin', 'python3');
  const { platform, candidates, chosen } = await native.inspect({ env: block(env), privatePython });
  assert.equal(platform, 'local');
  assert.equal(chosen, 0);
  assert.deepEqual(
    candidates.map(({ source, path: file, code }) => [source, path.relative(root, file), code]),
    [
      ['venv', 'good/bin/python3', null],
      ['private', 'private/bin/python3', 'ERR_PYTHON_NOT_FOUND'],
      ['path', 'none/python3', 'ERR_PYTHON_NOT_FOUND'],
      ['path', 'bare/bin/python3', 'ERR_LITELLM_MISSING'],
    ],
  );
});

test('runPython: the code goes as an argument of the call, and nothing else does', async (t) => {
  const llm = open(t);
  const answer = await llm.runPython('print("☃")\n', { timeout: 1e6 });
  assert.deepEqual(answer, { name: 'bridge.run_python', args: { code: 'print("☃")\n' } });
});

for (const code of [undefined, null, '', 42, Buffer.from('print(1)'), 'a\0b']) {
  test(`runPython: ${JSON.stringify(code)} is no code`, async (t) => {
    await assert.rejects(open(t).runPython(code), { code: 'ERR_INVALID_ARGUMENT', message: /code/ });
  });
}

test('runPython: wrong options, an abort, a time limit and a close reject', async (t) => {
  const llm = open(t, 'waits', { env: { GATE: path.join(folder(t), 'gate') }, timeout: 5 });
  await assert.rejects(llm.runPython('x', { cwd: '/' }), { code: 'ERR_INVALID_ARGUMENT', message: /cwd/ });
  await assert.rejects(llm.runPython('x', { signal: AbortSignal.abort() }), { name: 'AbortError' });
  await assert.rejects(llm.runPython('x'), { code: 'ERR_TIMEOUT', message: /5 ms/ });
  const closed = assert.rejects(llm.runPython('x', { timeout: 0 }), { code: 'ERR_CLOSED' });
  await llm.close();
  await closed;
});

test('the error of a failed start has a hint for its own words', async (t) => {
  const llm = open(t, 'exits'); // says: cannot open shared object
  const first = await llm.ready().catch((error) => error);
  assert.match(first.hint, /library that is named is missing/);
  const again = await llm.ready().catch((error) => error);
  assert.equal(again.hint, first.hint, 'in the back-off, too');
});
