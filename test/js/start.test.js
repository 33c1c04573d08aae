'use strict';

const assert = require('node:assert/strict');
const fs = require('node:fs');
const path = require('node:path');
const { test } = require('node:test');

const { LiteLLM, LiteLLMError } = require('../../lib');
const {
  folder,
  isAlive,
  open,
  scripted,
  streamed,
  template,
  textsOf,
  until,
  worker,
} = require('./support/peers');

const SCRIPT = path.join(__dirname, '..', '..', 'lib', 'python', 'litellm_bridge', '__main__.py');

test('the constructor starts Python; nothing has to be called', async (t) => {
  const llm = open(t);
  assert.equal(llm.status().state, 'starting');
  await until(() => llm.status().ready);
  const { state, pid, generation, pythonPath, platform, python, litellm } = llm.status();
  assert.equal(state, 'running');
  assert.ok(isAlive(pid) && generation > 0);
  assert.deepEqual(
    { pythonPath, platform, python, litellm },
    {
      pythonPath: worker('answers'),
      platform: 'local',
      python: '3.11.7',
      litellm: '1.78.7',
    },
  );
});

test('ready() resolves when Python is ready, and at once after it', async (t) => {
  const llm = open(t);
  assert.equal(await llm.ready(), undefined);
  await Promise.all([llm.ready(), llm.ready()]);
});

const BROKEN = [
  ['exits', 'ERR_PYTHON_BROKEN', /cannot open shared object/],
  ['fails', 'ERR_LITELLM_MISSING', /No module named 'litellm'/],
];
for (const [name, code, words] of BROKEN) {
  test(`regression 2: a Python that ${name} rejects ready() and every call that was made`, async (t) => {
    const llm = open(t, name);
    const outcomes = await Promise.allSettled([
      llm.ready(),
      llm.call('x'),
      llm.chat.completions.create(streamed()),
      llm.stream(scripted()),
    ]);
    for (const { status, reason } of outcomes) {
      assert.equal(status, 'rejected');
      assert.ok(reason instanceof LiteLLMError);
      assert.equal(reason.code, code);
      assert.match(reason.message, words);
      assert.ok(reason.hint.length > 0);
    }
    assert.equal(new Set(outcomes.map(({ reason }) => reason)).size, 4, 'each has an error of its own');
  });
}

test('the constructor does not throw for a Python that is not there', async (t) => {
  const llm = open(t, '/nowhere/python3', { python: '/nowhere/python3' });
  await assert.rejects(llm.ready(), { code: 'ERR_PYTHON_NOT_FOUND', message: /\/nowhere\/python3/ });
});

test('the constructor throws ERR_INVALID_ARGUMENT', () => {
  assert.throws(() => new LiteLLM({ pyhton: 'x' }), { code: 'ERR_INVALID_ARGUMENT', message: /pyhton/ });
});

test('a start that fails while nobody waits is no unhandled rejection', async (t) => {
  const unhandled = t.mock.fn();
  process.on('unhandledRejection', unhandled);
  const llm = open(t, 'exits');
  const state = t.mock.fn();
  llm.on('state', state);
  await until(() => state.mock.callCount() > 0);
  await new Promise(setImmediate);
  process.off('unhandledRejection', unhandled);
  assert.equal(unhandled.mock.callCount(), 0);
});

test("during the back-off calls fail at once, with the last start's error as cause", async (t) => {
  const llm = open(t, 'exits');
  await assert.rejects(llm.ready(), { code: 'ERR_PYTHON_BROKEN' });
  const refused = await until(async () => {
    const error = await llm.call('x').catch((reason) => reason);
    return error.cause !== undefined;
  }).then(() => llm.call('x').catch((reason) => reason));
  assert.equal(refused.code, 'ERR_PYTHON_BROKEN');
  assert.equal(refused.cause.code, 'ERR_PYTHON_BROKEN');
});

test('regression 3: a Python that is not ready in time is killed, told, and can be tried again', async (t) => {
  const llm = open(t, 'silent', { startTimeout: 300 });
  await until(() => llm.status().pid);
  const { pid } = llm.status();
  await assert.rejects(llm.ready(), { code: 'ERR_START_TIMEOUT' });
  await until(() => !isAlive(pid));
});

test('the next call after a failed start starts the next generation', async (t) => {
  const FIRST = path.join(folder(t), 'first');
  const llm = open(t, 'dies_once', { env: { FIRST } });
  const first = llm.status().generation;
  await assert.rejects(llm.ready(), { code: 'ERR_PYTHON_BROKEN' });
  await until(() =>
    llm.call('x').then(
      () => true,
      () => false,
    ),
  );
  assert.ok(llm.status().generation > first);
});

test('death of Python rejects every call in flight, once, with its last words', async (t) => {
  const llm = open(t);
  await llm.ready();
  const stream = await llm.chat.completions.create(
    streamed(template('a'), ['delta', 'b'], ['gate', 'never']),
  );
  const outcomes = await Promise.allSettled([
    llm.call('x', { script: [['gate', 'never']] }),
    llm.stream(scripted(template('a'), ['gate', 'never'])),
    llm.call('x', {
      script: [
        ['last_words', 'a native library says goodbye\n'],
        ['exit', 7],
      ],
    }),
  ]);
  for (const { reason } of outcomes) {
    assert.equal(reason.code, 'ERR_SERVER_EXITED');
    assert.equal(reason.exitCode, 7);
    assert.equal(reason.signal, null);
    assert.match(reason.message, /a native library says goodbye/);
  }
  const texts = [];
  await assert.rejects(
    async () => {
      for await (const chunk of stream) texts.push(chunk.choices[0].delta.content);
    },
    { code: 'ERR_SERVER_EXITED' },
  );
  assert.deepEqual(texts, ['a', 'b'], 'what came before is not lost');
});

test('after a death the next call works, and the restart is told', async (t) => {
  const llm = open(t);
  const events = [];
  llm.on('restart', (event) => events.push(event));
  await assert.rejects(llm.call('x', { script: [['kill']] }), {
    code: 'ERR_SERVER_EXITED',
    signal: 'SIGKILL',
  });
  const { generation } = llm.status();
  assert.equal((await llm.call('next')).name, 'next');
  assert.equal(llm.status().generation, generation + 1);
  assert.equal(events.length, 1);
  assert.equal(events[0].generation, generation + 1);
  assert.equal(events[0].reason.code, 'ERR_SERVER_EXITED');
});

test('a death that the loop has not seen, as after a freeze: the call goes to the next Python', async (t) => {
  const llm = open(t);
  await llm.ready();
  const { pid, generation } = llm.status();
  process.kill(pid, 'SIGKILL');
  const isZombie = () => fs.readFileSync(`/proc/${pid}/stat`, 'latin1').includes(') Z ');
  while (!isZombie()); // with no turn of the loop
  assert.equal((await llm.call('next')).name, 'next');
  assert.equal(llm.status().generation, generation + 1);
});

test('regression 16: the end of one generation does not touch the calls of the next', async (t) => {
  const llm = open(t);
  for (let round = 0; round < 5; round++) {
    const dying = llm.call('x', { script: [['kill']] });
    await assert.rejects(dying, { code: 'ERR_SERVER_EXITED' });
    const [a, b] = await Promise.all([llm.call('a'), llm.call('b')]);
    assert.deepEqual([a.name, b.name], ['a', 'b']);
  }
});

test('garbage from Python ends it with ERR_PROTOCOL; the next call works', async (t) => {
  const llm = open(t);
  await assert.rejects(llm.call('x', { script: [['garbage'], ['gate', 'never']] }), { code: 'ERR_PROTOCOL' });
  assert.equal((await llm.call('next')).name, 'next');
});

test('states are told in order', async (t) => {
  const llm = open(t);
  const states = [];
  llm.on('state', ({ state }) => states.push(state));
  await llm.ready();
  await assert.rejects(llm.call('x', { script: [['kill']] }));
  await llm.ready();
  assert.deepEqual(states, ['starting', 'running', 'idle', 'starting', 'running']);
});

test('env: an object, over process.env as it is when Python starts', async (t) => {
  process.env.TEST_SEEN = 'parent';
  process.env.TEST_OVER = 'parent';
  process.env.TEST_GONE = 'parent';
  const llm = open(t, 'answers', { env: { TEST_OVER: 'option', TEST_NEW: 'option', TEST_GONE: undefined } });
  const { env } = await llm.call('test.report');
  assert.deepEqual(
    [env.TEST_SEEN, env.TEST_OVER, env.TEST_NEW, env.TEST_GONE],
    ['parent', 'option', 'option', undefined],
  );
  process.env.TEST_SEEN = 'later';
  await assert.rejects(llm.call('x', { script: [['kill']] }));
  assert.equal((await llm.call('test.report')).env.TEST_SEEN, 'later', 'each start takes it anew');
});

test('env: an async function, asked at each start; calls wait for it', async (t) => {
  let count = 0;
  const env = async () => {
    await new Promise(setImmediate);
    count += 1;
    return { TEST_COUNT: String(count) };
  };
  const llm = open(t, 'answers', { env });
  assert.equal((await llm.call('test.report')).env.TEST_COUNT, '1');
  await assert.rejects(llm.call('x', { script: [['kill']] }));
  assert.equal((await llm.call('test.report')).env.TEST_COUNT, '2');
});

test('env: a function that fails rejects who waits, and is asked again', async (t) => {
  const cause = new Error('no secret');
  let fails = true;
  const env = async () => {
    if (fails) throw cause;
    return {};
  };
  const llm = open(t, 'answers', { env });
  const outcomes = await Promise.allSettled([llm.ready(), llm.call('x')]);
  for (const { reason } of outcomes) {
    assert.equal(reason.code, 'ERR_CONFIG');
    assert.equal(reason.cause, cause);
    assert.ok(!reason.message.includes('no secret'), 'what it says may be secret');
  }
  fails = false;
  assert.equal((await llm.call('x')).name, 'x');
});

test('env: what a function gives is checked', async (t) => {
  const llm = open(t, 'answers', { env: () => ({ KEY: 5 }) });
  await assert.rejects(llm.ready(), (error) => {
    assert.equal(error.code, 'ERR_CONFIG');
    assert.match(error.cause.message, /env\.KEY/);
    return true;
  });
});

test('env: a function that never answers is limited by startTimeout, and a waiting call can be aborted', async (t) => {
  const llm = open(t, 'answers', { env: () => new Promise(() => {}), startTimeout: 200 });
  const controller = new AbortController();
  const aborted = llm.call('x', {}, { signal: controller.signal });
  controller.abort();
  await assert.rejects(aborted, { name: 'AbortError' });
  await assert.rejects(llm.ready(), { code: 'ERR_START_TIMEOUT' });
});

test('setEnv reaches Python, and the next generation, too', async (t) => {
  const llm = open(t);
  await llm.setEnv({ TEST_KEY: 'fetched' });
  assert.deepEqual((await llm.call('test.report')).seen, ['bridge.set_env', 'test.report']);
  await assert.rejects(llm.call('x', { script: [['kill']] }));
  assert.equal((await llm.call('test.report')).env.TEST_KEY, 'fetched');
});

test('setEnv refuses a variable without a value, by its name', async (t) => {
  const llm = open(t);
  await assert.rejects(llm.setEnv({ TEST_KEY: undefined }), {
    code: 'ERR_INVALID_ARGUMENT',
    message: /: variables\.TEST_KEY /,
  });
});

test('preload, the parent, corrections and the log level are told to the worker', async (t) => {
  const llm = open(t, 'answers', { preload: ['package.module', 'hooks.py'] });
  const { begun, ...options } = JSON.parse((await llm.call('test.report')).env.LITELLM_BRIDGE_OPTIONS);
  assert.ok(begun > 0 && begun < process.uptime() * 1000 + process.hrtime()[0] * 1000);
  assert.deepEqual(options, {
    parent: process.pid,
    preload: ['package.module', path.resolve('hooks.py')],
    corrections: true,
    logLevel: 'INFO',
  });
});

test('the three [TIMING] records, measured, as events', async (t) => {
  const llm = open(t, 'answers', { log: 'event' });
  const records = [];
  const lines = [];
  llm.on('timing', (record) => records.push(record));
  llm.on('log', ({ message }) => lines.push(message));
  await llm.ready();
  const { pid } = llm.status();
  const [starting, spawned, ready] = records;
  assert.equal(records.length, 3);
  assert.deepEqual(starting, {
    message: '[TIMING] Starting persistent Python LiteLLM server',
    pythonPath: worker('answers'),
    isLambda: false,
    scriptPath: SCRIPT,
  });
  assert.deepEqual(
    { ...spawned, spawnDuration: 0 },
    {
      message: '[TIMING] Python LiteLLM server spawned',
      spawnDuration: 0,
      pythonPath: worker('answers'),
      pid,
    },
  );
  const { parts, ...rest } = ready;
  assert.deepEqual(Object.keys(parts), ['spawn', 'interpreter', 'bootstrap', 'import', 'ready']);
  for (const [name, ms] of Object.entries(parts)) assert.ok(ms >= 0, `${name}: ${ms} ms`);
  assert.equal(parts.spawn, spawned.spawnDuration);
  assert.deepEqual(llm.status().timings, { ...parts, warmUp: null });
  assert.deepEqual(
    { ...rest, startupDuration: 0 },
    {
      message: '[TIMING] Python LiteLLM server ready',
      startupDuration: 0,
      memoryUsage: { rss: 50_000_000, vms: 90_000_000, percent: 1.5 },
    },
  );
  assert.ok(spawned.spawnDuration > 0 && ready.startupDuration > spawned.spawnDuration);
  const { message, ...fields } = starting;
  assert.equal(lines[0], `${message} ${JSON.stringify(fields)}`);
});

test('a start that fails before the spawn still says that it began', async (t) => {
  const llm = open(t, 'x', { python: '/nowhere/python3' });
  const records = [];
  llm.on('timing', ({ message }) => records.push(message));
  await assert.rejects(llm.ready());
  assert.deepEqual(records, ['[TIMING] Starting persistent Python LiteLLM server']);
});

test('idleTimeout does not count before Python is ready', async (t) => {
  const GATE = path.join(folder(t), 'gate');
  const own = open(t, 'waits', { env: { GATE } });
  const stream = own.chat.completions.create(streamed(template('a'), ['end', {}]), { idleTimeout: 300 });
  await assert.rejects(own.call('x', {}, { timeout: 900 }), { code: 'ERR_TIMEOUT' });
  fs.writeFileSync(GATE, '');
  assert.deepEqual(await textsOf(await stream), ['a']);
});

test('startTimeout of a call: how long it waits for Python; the start goes on', async (t) => {
  const GATE = path.join(folder(t), 'gate');
  const own = open(t, 'waits', { env: { GATE } });
  await assert.rejects(own.call('x', {}, { startTimeout: 5 }), { code: 'ERR_START_TIMEOUT' });
  const { generation } = own.status();
  fs.writeFileSync(GATE, '');
  await own.call('x', {}, { startTimeout: 30_000 });
  assert.equal(own.status().generation, generation);
});

test('calls made before ready are sent at once and told how long they waited', async (t) => {
  const GATE = path.join(folder(t), 'gate');
  const own = open(t, 'waits', { env: { GATE } });
  const calls = [own.call('a'), own.call('b')];
  const { ready, active, pending } = own.status();
  assert.deepEqual({ ready, active, pending }, { ready: false, active: 0, pending: 2 });
  fs.writeFileSync(GATE, '');
  const [first] = await Promise.all(calls);
  const { queued, total } = first._hidden.timings;
  assert.ok(queued > 0 && queued <= total);
  assert.deepEqual((await own.call('test.report')).seen, ['a', 'b', 'test.report']);
});

test('the script is the worker of this package', () => {
  assert.ok(fs.existsSync(SCRIPT));
});
