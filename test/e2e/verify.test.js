'use strict';
/** llm.verify() and llm.runPython() with the real LiteLLM, and with interpreters that are really broken. */
const assert = require('node:assert/strict');
const fs = require('node:fs');
const path = require('node:path');
const test = require('node:test');
const { privatePython } = require('../../lib/environment');
const interpreters = require('../fixtures/interpreters.js');
const support = require('./support.js');

/** Code that writes the pids of itself and of a child of its own to a file, and stays. */
const staying = (file) => `
import os, subprocess, time
child = subprocess.Popen(["sleep", "600"])
with open("${file}.new", "w") as out: out.write(f"{os.getpid()} {child.pid}")
os.rename("${file}.new", "${file}")
time.sleep(600)
`;

/** A call that runs `staying`, and the two pids once they are there. */
async function stay(t, llm, options) {
  const file = path.join(support.temporaryFolder(t), 'pids');
  const call = llm.runPython(staying(file), options);
  call.catch(() => {});
  await support.until(() => fs.existsSync(file));
  return { call, pids: fs.readFileSync(file, 'utf8').split(' ').map(Number) };
}

test('verify: it tells what really runs', async (t) => {
  const llm = support.openBridge(t);
  const { ok, problems, candidates, python, litellm, packages, addon } = await llm.verify();
  assert.deepEqual({ ok, problems }, { ok: true, problems: [] });
  assert.equal(candidates.find(({ chosen }) => chosen).path, llm.status().pythonPath);
  assert.equal(python.path, llm.status().pythonPath);
  assert.equal(python.version, llm.status().python);
  assert.equal(litellm.version, llm.status().litellm);
  assert.ok(fs.existsSync(path.join(litellm.path, '__init__.py')), litellm.path);
  assert.ok(python.sysPath.includes(path.dirname(litellm.path)));
  assert.match(packages.openai, /^\d+\./);
  assert.match(packages.boto3, /^\d+\./);
  assert.ok(fs.existsSync(addon.path), addon.path);
});

test('verify: while Python runs it starts no other', async (t) => {
  const llm = support.openBridge(t);
  await llm.ready();
  const { pid, generation } = llm.status();
  await llm.verify();
  assert.deepEqual([llm.status().pid, llm.status().generation], [pid, generation]);
});

const BROKEN = {
  withoutLibrary: {
    code: 'ERR_PYTHON_BROKEN',
    words: /libpython3\.11-carried\.so\.1\.0: cannot open shared object file/,
    hint: /library that is named is missing/,
    passes: true,
  },
  withoutStandardLibrary: {
    code: 'ERR_PYTHON_BROKEN',
    words: /No module named 'encodings'/,
    hint: /no standard library/,
    passes: true,
  },
  withoutLiteLLM: {
    code: 'ERR_LITELLM_MISSING',
    words: /has no litellm package\nsys\.path: /,
    hint: /npx litellm-bridge install/,
    passes: true,
  },
  forAnotherMachine: {
    code: 'ERR_PYTHON_ARCH',
    words: /built for (arm64|x86_64), and this machine is (x86_64|arm64)/,
    hint: /layer build --arch (x86_64|arm64)/,
    passes: false, // nothing is started
  },
};

for (const [name, { code, words, hint, passes }] of Object.entries(BROKEN)) {
  test(`verify: a Python ${name} is a problem with its own words, and what to do`, async (t) => {
    const python = interpreters[name](support.temporaryFolder(t), privatePython());
    const llm = support.openBridge(t, { python });
    const { ok, candidates, problems } = await llm.verify();
    assert.deepEqual([ok, problems.length], [false, 1]);
    assert.equal(problems[0].code, code);
    assert.match(problems[0].message, words);
    assert.match(problems[0].hint, hint);
    assert.deepEqual(
      candidates.map((candidate) => [candidate.path, candidate.code, candidate.chosen]),
      [[python, passes ? null : code, passes]],
    );
    await assert.rejects(llm.ready(), (error) => error.code === code && error.hint === problems[0].hint);
  });
}

test('runPython: the interpreter, the paths and the environment of the server', async (t) => {
  const llm = support.openBridge(t, { preload: support.PROBE });
  await llm.setEnv({ FETCHED_LATER: 'sk-fetched-later' });
  const { python } = await llm.verify();
  const code =
    'import json, os, sys\nprint(json.dumps([sys.executable, sys.path, os.environ["FETCHED_LATER"]]))';
  const { stdout, stderr, exitCode, signal } = await llm.runPython(code);
  assert.deepEqual({ stderr, exitCode, signal }, { stderr: '', exitCode: 0, signal: null });
  assert.deepEqual(JSON.parse(stdout), [python.path, python.sysPath, 'sk-fetched-later']);
});

test('runPython: it has the real LiteLLM', async (t) => {
  const llm = support.openBridge(t);
  const { litellm } = await llm.verify();
  const { stdout } = await llm.runPython('import litellm, os\nprint(os.path.dirname(litellm.__file__))');
  assert.equal(stdout.trim(), litellm.path);
});

test('runPython: what fails in it is its result, and no harm to the server', async (t) => {
  const llm = support.openBridge(t);
  await llm.ready();
  const { pid } = llm.status();
  const failed = await llm.runPython('import sys\nprint("before")\nraise ValueError("☃")');
  assert.deepEqual([failed.stdout, failed.exitCode, failed.signal], ['before\n', 1, null]);
  assert.match(failed.stderr, /<snippet>", line 3.*ValueError: ☃/s);
  const crashed = await llm.runPython('import os, signal\nos.kill(os.getpid(), signal.SIGSEGV)');
  assert.deepEqual([crashed.exitCode, crashed.signal], [null, 'SIGSEGV']);
  assert.equal((await llm.runPython('raise SystemExit(7)')).exitCode, 7);
  assert.equal(llm.status().pid, pid);
});

test('runPython: a time limit rejects, and kills it and what it started', async (t) => {
  const llm = support.openBridge(t);
  await llm.ready();
  const file = path.join(support.temporaryFolder(t), 'pids');
  for (let timeout = 1000; !fs.existsSync(file); timeout *= 2) {
    const message = new RegExp(`${timeout} ms`);
    await assert.rejects(llm.runPython(staying(file), { timeout }), { code: 'ERR_TIMEOUT', message });
  }
  for (const pid of fs.readFileSync(file, 'utf8').split(' ').map(Number)) await support.untilGone(pid);
});

test('runPython: an abort kills it and what it started', async (t) => {
  const llm = support.openBridge(t);
  const controller = new AbortController();
  const { call, pids } = await stay(t, llm, { signal: controller.signal });
  controller.abort('enough');
  await assert.rejects(call, { name: 'AbortError', cause: 'enough' });
  for (const pid of pids) await support.untilGone(pid);
});

test('runPython: the death of the server ends it', async (t) => {
  const llm = support.openBridge(t);
  const { call, pids } = await stay(t, llm);
  process.kill(llm.status().pid, 'SIGKILL');
  await assert.rejects(call, { code: 'ERR_SERVER_EXITED' });
  for (const pid of pids) await support.untilGone(pid);
});

test('runPython: close() ends it', async (t) => {
  const llm = support.openBridge(t);
  const { call, pids } = await stay(t, llm);
  await llm.close();
  await assert.rejects(call, { code: 'ERR_CLOSED' });
  for (const pid of pids) await support.untilGone(pid);
});
