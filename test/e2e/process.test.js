'use strict';
/** How the process ends, and that Python never outlives it; what `close()` does. */
const assert = require('node:assert/strict');
const { once } = require('node:events');
const test = require('node:test');
const { steps, openai } = require('../fixtures/provider');
const support = require('./support.js');

const provider = support.sharedProvider();

const hanging = () => [
  steps.status(200, openai.SSE_HEADERS),
  ...openai
    .text(['one', 'two'])
    .slice(0, 3)
    .map((chunk) => steps.write(openai.event(chunk))),
  steps.wait(steps.gate()),
];

/** A program that streams from a provider that falls silent. */
function startHanging(t, program, model, ...args) {
  provider.route(model, hanging());
  return support.startProgram(t, program, [support.request(provider, model), ...args]);
}

/** Each is a process of its own with its own Python: two at a time. */
test.describe('programs', { concurrency: 2 }, () => {
  test('process: it ends by itself after its last call, and Python with it', async (t) => {
    provider.route('last', steps.json(openai.completion('bye')));
    const program = support.startProgram(t, 'last-call.js', [support.request(provider, 'last')]);
    const { pid, text } = JSON.parse(await program.nextLine());
    assert.equal(text, 'bye');
    assert.deepEqual(await program.ended, { code: 0, signal: null, stderr: '' });
    await support.untilGone(pid);
  });

  test('process: it stays while a call is pending', async (t) => {
    const gate = steps.gate();
    provider.route('pending', [steps.wait(gate), ...steps.json(openai.completion('at last'))]);
    const program = support.startProgram(t, 'last-call.js', [support.request(provider, 'pending')]);
    await provider.received('pending');
    assert.equal(program.child.exitCode, null);
    gate.open();
    assert.equal(JSON.parse(await program.nextLine()).text, 'at last');
    assert.equal((await program.ended).code, 0);
  });

  test('process: an unread stream does not keep it', async (t) => {
    const program = startHanging(t, 'unread-stream.js', 'unread');
    const { pid } = JSON.parse(await program.nextLine());
    assert.deepEqual(await program.ended, { code: 0, signal: null, stderr: '' });
    assert.equal(await (await provider.received('unread')).closed, 'client');
    await support.untilGone(pid);
  });

  test('process: an instance that is never used does not keep it', async (t) => {
    const program = support.startProgram(t, 'idle.js', [{ log: 'silent' }]);
    assert.deepEqual(await program.ended, { code: 0, signal: null, stderr: '' });
  });

  const WAYS = {
    exit: { code: 3, signal: null },
    throw: { code: 1, signal: null },
    abort: { code: null, signal: 'SIGABRT' },
  };

  for (const [way, expected] of Object.entries(WAYS)) {
    test(`process: ${way} in mid-stream leaves no Python and no connection`, async (t) => {
      const program = startHanging(t, 'leave.js', `way-${way}`, way);
      const { pid } = JSON.parse(await program.nextLine());
      const { code, signal } = await program.ended;
      assert.deepEqual({ code, signal }, expected);
      await support.untilGone(pid);
      assert.equal(await (await provider.received(`way-${way}`)).closed, 'client');
    });
  }

  for (const signal of ['SIGKILL', 'SIGTERM']) {
    test(`process: ${signal} in mid-stream leaves no Python and no connection`, async (t) => {
      const program = startHanging(t, 'leave.js', `by-${signal}`, 'stay');
      const { pid } = JSON.parse(await program.nextLine());
      program.child.kill(signal);
      assert.equal((await program.ended).signal, signal);
      await support.untilGone(pid);
      assert.equal(await (await provider.received(`by-${signal}`)).closed, 'client');
    });
  }

  test('process: exit while Python starts leaves no Python', async (t) => {
    const program = support.startProgram(t, 'leave-starting.js');
    const { pid } = JSON.parse(await program.nextLine());
    assert.equal((await program.ended).code, 0);
    await support.untilGone(pid);
  });

  test('process: an ES module imports it, and log lines go to stderr', async (t) => {
    provider.route('module', steps.json(openai.completion('from a module')));
    const program = support.startProgram(t, 'first-call.mjs', [support.request(provider, 'module')]);
    const { pid, text } = JSON.parse(await program.nextLine());
    assert.equal(text, 'from a module');
    assert.deepEqual(JSON.parse(await program.nextLine()), { state: 'idle' });
    const { code, stderr } = await program.ended;
    assert.equal(code, 0);
    assert.match(stderr, /\[TIMING\] Python LiteLLM server ready/);
    await support.untilGone(pid);
  });

  test('process: LITELLM_BRIDGE_LOG=silent quietens it', async (t) => {
    provider.route('quiet', steps.json(openai.completion('hush')));
    const options = { env: { LITELLM_BRIDGE_LOG: 'silent' } };
    const program = support.startProgram(t, 'first-call.mjs', [support.request(provider, 'quiet')], options);
    assert.equal((await program.ended).stderr, '');
  });

  test('process: in Lambda’s JSON log format every line on stderr is a JSON record', async (t) => {
    provider.route('json', steps.json(openai.completion('x')));
    const options = { env: { AWS_LAMBDA_LOG_FORMAT: 'JSON', AWS_LAMBDA_LOG_LEVEL: 'INFO' } };
    const program = support.startProgram(t, 'first-call.mjs', [support.request(provider, 'json')], options);
    const { stderr } = await program.ended;
    const records = stderr
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line));
    assert.ok(records.length >= 3);
    for (const { timestamp, level, message } of records) assert.ok(timestamp && level && message);
  });

  test('process: LITELLM_BRIDGE_DISABLE rejects every call at once with ERR_CLOSED', async (t) => {
    const options = { env: { LITELLM_BRIDGE_DISABLE: '1' } };
    const program = support.startProgram(t, 'last-call.js', [support.request(provider, 'disabled')], options);
    const { code, stderr } = await program.ended;
    assert.equal(code, 1);
    assert.match(stderr, /ERR_CLOSED/);
    assert.equal(
      provider.exchanges.some((exchange) => exchange.model === 'disabled'),
      false,
    );
  });
});

test('close: Python is gone when it resolves, and the second close is the first', async () => {
  const llm = new support.LiteLLM({ log: 'event' });
  await llm.ready();
  const { pid } = llm.status();
  const closing = llm.close();
  assert.equal(llm.close(), closing);
  await closing;
  assert.ok(support.isGone(pid), `process ${pid} is still there`);
  assert.equal(llm.status().state, 'idle');
});

test('close: before Python is ready', async () => {
  const llm = new support.LiteLLM({ log: 'event' });
  const [{ pid }] = await once(llm, 'timing').then(() => once(llm, 'timing'));
  await llm.close();
  assert.ok(support.isGone(pid), `process ${pid} is still there`);
});

test('close: calls in flight and waiters reject with ERR_CLOSED, later ones too', async () => {
  provider.route('closing', hanging());
  const llm = new support.LiteLLM({ log: 'event' });
  const ready = assert.rejects(llm.ready(), { code: 'ERR_CLOSED' });
  const queued = llm.chat.completions.create(support.request(provider, 'closing'));
  const rejected = assert.rejects(queued, { code: 'ERR_CLOSED' });
  await llm.close();
  await Promise.all([ready, rejected]);
  await assert.rejects(async () => llm.ready(), { code: 'ERR_CLOSED' });
  await assert.rejects(async () => llm.chat.completions.create(support.request(provider, 'closing')), {
    code: 'ERR_CLOSED',
  });
});

test('close: a stream in the middle throws ERR_CLOSED, and its connection closes', async () => {
  provider.route('middle', hanging());
  const llm = new support.LiteLLM({ log: 'event' });
  const stream = await llm.chat.completions.create({ ...support.request(provider, 'middle'), stream: true });
  const result = support.read(stream);
  const exchange = await provider.received('middle');
  await llm.close();
  assert.equal((await result).error.code, 'ERR_CLOSED');
  assert.equal(await exchange.closed, 'client');
});

test('close: of one of two instances leaves Python to the other', async () => {
  provider.route('other', steps.json(openai.completion('still here')));
  const [first, second] = [new support.LiteLLM({ log: 'event' }), new support.LiteLLM({ log: 'event' })];
  await first.ready();
  const { pid } = first.status();
  await first.close();
  const response = await second.chat.completions.create(support.request(provider, 'other'));
  assert.equal(response.choices[0].message.content, 'still here');
  assert.equal(second.status().pid, pid);
  await second.close();
  assert.ok(support.isGone(pid));
});

test('close: the next instance has a new Python, and may differ', async (t) => {
  const first = new support.LiteLLM({ log: 'event' });
  await first.ready();
  const { pid, generation } = first.status();
  await first.close();
  const second = support.openBridge(t, { preload: support.PROBE });
  await second.ready();
  assert.notEqual(second.status().pid, pid);
  assert.ok(second.status().generation > generation);
});

test('close: an instance that contradicts the first is refused, by the option’s name', async (t) => {
  support.openBridge(t, { preload: support.PROBE });
  assert.throws(() => new support.LiteLLM({ preload: '/another.py' }), {
    code: 'ERR_INVALID_ARGUMENT',
    message: /preload/,
  });
  const same = support.openBridge(t, { preload: support.PROBE });
  await same.ready();
});

test('close: LiteLLM.shared is one instance a thread, until it is closed', async () => {
  const shared = support.LiteLLM.shared({ log: 'event' });
  assert.equal(support.LiteLLM.shared(), shared);
  await shared.close();
  const next = support.LiteLLM.shared({ log: 'event' });
  assert.notEqual(next, shared);
  await next.close();
});

test('close: it is what Symbol.asyncDispose does', async () => {
  const llm = new support.LiteLLM({ log: 'event' });
  await llm.ready();
  const { pid } = llm.status();
  await llm[Symbol.asyncDispose]();
  assert.ok(support.isGone(pid));
});
