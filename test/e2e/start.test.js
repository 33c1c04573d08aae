'use strict';
/** Starting Python: what is found, what is reported, what is queued, what fails and how. */
const assert = require('node:assert/strict');
const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');
const test = require('node:test');
const { startProvider, steps, openai } = require('../fixtures/provider');
const support = require('./support.js');

/** Where a start fails: the error, and that calls have it too. */
async function startFailure(t, options) {
  const llm = support.openBridge(t, options);
  const call = llm.call('token_counter', { model: 'gpt-4o', text: 'x' }).catch((error) => error);
  const error = await llm.ready().then(
    () => assert.fail('it started'),
    (caught) => caught,
  );
  assert.equal((await call).code, error.code);
  return { llm, error };
}

/** The interpreter that is found without any option. */
async function realPython() {
  const llm = new support.LiteLLM({ log: 'event' });
  await llm.ready();
  const { pythonPath } = llm.status();
  await llm.close();
  return pythonPath;
}

/** An ELF header for a machine that this one is not. */
function foreignElf() {
  const header = Buffer.alloc(64);
  header.write('\x7fELF', 'latin1');
  header.set([2, 1, 1], 4); // 64 bits, little-endian, version
  header.writeUInt16LE(2, 16); // executable
  header.writeUInt16LE(process.arch === 'arm64' ? 62 : 183, 18);
  header.writeUInt32LE(1, 20);
  return header;
}

test('start: [TIMING] records as events and log lines, with measured values', async (t) => {
  const llm = support.openBridge(t);
  const timings = [];
  const lines = [];
  llm.on('timing', (record) => timings.push(record));
  llm.on('log', (record) => lines.push(record));
  await llm.ready();
  const { pid, pythonPath } = llm.status();
  const [starting, spawned, ready] = timings;
  assert.equal(timings.length, 3);
  assert.equal(starting.message, '[TIMING] Starting persistent Python LiteLLM server');
  assert.equal(starting.pythonPath, pythonPath);
  assert.equal(starting.isLambda, false);
  assert.ok(fs.existsSync(starting.scriptPath), starting.scriptPath);
  assert.equal(spawned.message, '[TIMING] Python LiteLLM server spawned');
  assert.equal(spawned.pid, pid);
  assert.equal(spawned.pythonPath, pythonPath);
  assert.ok(spawned.spawnDuration > 0, `${spawned.spawnDuration} ms`);
  assert.equal(ready.message, '[TIMING] Python LiteLLM server ready');
  assert.ok(ready.startupDuration > spawned.spawnDuration, `${ready.startupDuration} ms`);
  for (const { message } of timings) {
    assert.ok(
      lines.some((line) => line.message.startsWith(message)),
      message,
    );
  }
});

test('start: the state goes from starting to running, and says who runs', async (t) => {
  const llm = support.openBridge(t);
  assert.equal(llm.status().state, 'starting');
  await llm.ready();
  const status = llm.status();
  assert.equal(status.state, 'running');
  assert.equal(status.platform, 'local');
  assert.equal(status.litellm, '1.78.7');
  assert.equal(fs.readlinkSync(`/proc/${status.pid}/exe`), fs.realpathSync(status.pythonPath));
});

test('start: calls made before ready are queued, all answered, and told how long they waited', async (t) => {
  const provider = await startProvider(t);
  provider.route(/.*/, steps.json(openai.completion('queued')));
  const llm = support.openBridge(t);
  const calls = Array.from({ length: 5 }, () =>
    llm.chat.completions.create(support.request(provider, 'early')),
  );
  assert.equal(llm.status().state, 'starting');
  const ready = support.nextEvent(llm, 'timing', ({ message }) => message.endsWith('ready'));
  const responses = await Promise.all(calls);
  const { startupDuration } = await ready;
  for (const { _hidden } of responses) {
    const { queued, total } = _hidden.timings;
    assert.ok(queued > startupDuration / 2, `${queued} of ${startupDuration} ms`);
    assert.ok(total >= queued);
  }
  const late = await llm.chat.completions.create(support.request(provider, 'late'));
  assert.ok(late._hidden.timings.queued < startupDuration / 2, JSON.stringify(late._hidden.timings));
});

test('start: a constructor costs the event loop next to nothing', async (t) => {
  const before = process.hrtime.bigint();
  support.openBridge(t);
  const after = process.hrtime.bigint();
  const llm = support.openBridge(t);
  const started = process.hrtime.bigint();
  await llm.ready();
  const ready = process.hrtime.bigint();
  assert.ok((after - before) * 20n < ready - started, `${after - before} ns of ${ready - started} ns`);
});

test('start: a path that does not exist is ERR_PYTHON_NOT_FOUND and named', async (t) => {
  const { error } = await startFailure(t, { python: '/no/such/python3' });
  assert.equal(error.code, 'ERR_PYTHON_NOT_FOUND');
  assert.match(error.message, /\/no\/such\/python3/);
  assert.match(error.hint, /install/);
});

test('start: a name that is not on PATH is ERR_PYTHON_NOT_FOUND and named', async (t) => {
  const { error } = await startFailure(t, { python: 'no-such-python-anywhere' });
  assert.equal(error.code, 'ERR_PYTHON_NOT_FOUND');
  assert.match(error.message, /no-such-python-anywhere/);
});

test('start: a directory is ERR_PYTHON_BROKEN and says so', async (t) => {
  const folder = support.temporaryFolder(t);
  const { error } = await startFailure(t, { python: folder });
  assert.equal(error.code, 'ERR_PYTHON_BROKEN');
  assert.match(error.message, /directory/);
  assert.ok(error.message.includes(folder), error.message);
});

test('start: a binary for another machine is ERR_PYTHON_ARCH', async (t) => {
  const python = support.executable(support.temporaryFolder(t), foreignElf());
  const { error } = await startFailure(t, { python });
  assert.equal(error.code, 'ERR_PYTHON_ARCH');
  assert.ok(error.message.includes(python), error.message);
});

test('start: an interpreter that ends at once takes its words and status into the error', async (t) => {
  const script = '#!/bin/sh\necho "libpython3.11.so.1.0: cannot open shared object file" >&2\nexit 127\n';
  const python = support.executable(support.temporaryFolder(t), script);
  const { error } = await startFailure(t, { python });
  assert.equal(error.code, 'ERR_PYTHON_BROKEN');
  assert.match(error.message, /libpython3\.11\.so\.1\.0: cannot open shared object file/);
  assert.match(error.message, /127/);
});

test('start: a Python without litellm is ERR_LITELLM_MISSING and names the interpreter', async (t) => {
  const base = fs.realpathSync(await realPython());
  const folder = support.temporaryFolder(t);
  fs.mkdirSync(path.join(folder, 'bin'));
  const python = path.join(folder, 'bin', 'python3');
  fs.symlinkSync(base, python);
  fs.writeFileSync(
    path.join(folder, 'pyvenv.cfg'),
    `home = ${path.dirname(base)}\ninclude-system-site-packages = false\n`,
  );
  const { error } = await startFailure(t, { python });
  assert.equal(error.code, 'ERR_LITELLM_MISSING');
  assert.ok(error.message.includes(python), error.message);
});

test('start: what the system refuses is ERR_SPAWN with the errno’s name', async (t) => {
  const { error } = await startFailure(t, { env: { TOO_LARGE: 'x'.repeat(200_000) } });
  assert.equal(error.code, 'ERR_SPAWN');
  assert.match(error.message, /E2BIG/);
});

test('start: one that takes too long is killed: ERR_START_TIMEOUT', async (t) => {
  const folder = support.temporaryFolder(t);
  const pidFile = path.join(folder, 'pid');
  const python = support.executable(
    folder,
    `#!/bin/sh\necho $$ > ${pidFile}.new\nmv ${pidFile}.new ${pidFile}\nexec sleep 600\n`,
  );
  const { error } = await startFailure(t, { python, startTimeout: 500 });
  assert.equal(error.code, 'ERR_START_TIMEOUT');
  assert.ok(error.message.includes(python), error.message);
  await support.untilGone(Number(fs.readFileSync(pidFile, 'utf8')));
});

test('start: during back-off a call fails at once, with the last start’s error as its cause', async (t) => {
  const { llm, error } = await startFailure(t, { python: '/no/such/python3' });
  await assert.rejects(llm.call('token_counter', { model: 'gpt-4o', text: 'x' }), (again) => {
    assert.equal(again.code, error.code);
    assert.match(`${again.message} ${again.cause?.message}`, /\/no\/such\/python3/);
    return true;
  });
});

test('start: a failure that nobody waits for is no unhandled rejection', async (t) => {
  const program = support.startProgram(t, 'idle.js', [{ python: '/no/such/python3' }]);
  const { code, stderr } = await program.ended;
  assert.equal(code, 0, stderr);
});

test('start: after failures and a close the next instance works', async (t) => {
  const llm = support.openBridge(t);
  await llm.ready();
  assert.equal(llm.status().state, 'running');
});

test('start: memory is what Python uses now, in bytes and percent of the machine', async (t) => {
  const llm = support.openBridge(t);
  const record = support.nextEvent(llm, 'timing', ({ message }) => message.endsWith('ready'));
  await llm.ready();
  const { memoryUsage } = await record;
  const resident = /VmRSS:\s+(\d+) kB/.exec(fs.readFileSync(`/proc/${llm.status().pid}/status`, 'utf8'));
  const now = Number(resident[1]) * 1024;
  assert.ok(memoryUsage.rss > now / 2 && memoryUsage.rss < now * 2, `${memoryUsage.rss}, now ${now}`);
  assert.ok(memoryUsage.vms > memoryUsage.rss);
  const percent = (memoryUsage.rss / os.totalmem()) * 100;
  assert.ok(Math.abs(memoryUsage.percent - percent) < 0.5, `${memoryUsage.percent}, not ${percent}`);
});
