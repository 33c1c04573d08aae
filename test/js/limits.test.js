'use strict';

const assert = require('node:assert/strict');
const { getEventListeners } = require('node:events');
const { Writable } = require('node:stream');
const { after, test } = require('node:test');

const { LiteLLM } = require('../../lib');
const { REQUEST, open, scripted, streamed, template, textsOf, until, worker } = require('./support/peers');

const llm = new LiteLLM({ python: worker('answers'), log: 'silent', prewarm: [] });
after(() => llm.close());

const report = () => llm.call('test.report');
const NEVER = ['gate', 'never'];
const END = ['end', {}];

test('a signal that is aborted already: nothing is sent', async () => {
  const before = (await report()).seen.length;
  const reason = new Error('why');
  const options = { signal: AbortSignal.abort(reason) };
  const expected = { name: 'AbortError', code: 'ABORT_ERR', cause: reason };
  await assert.rejects(llm.chat.completions.create(REQUEST, options), expected);
  await assert.rejects(llm.chat.completions.create(streamed(END), options), expected);
  await assert.rejects(llm.stream(REQUEST, options), expected);
  await assert.rejects(llm.call('x', {}, options), expected);
  assert.equal((await report()).seen.length, before + 1);
});

test('an abort of a whole call rejects it and tells Python', async () => {
  const before = (await report()).cancelled.length;
  const controller = new AbortController();
  const call = llm.chat.completions.create(scripted(NEVER), { signal: controller.signal });
  controller.abort('why');
  await assert.rejects(call, { name: 'AbortError', cause: 'why' });
  assert.equal((await report()).cancelled.length, before + 1);
});

test('an abort before the first chunk rejects the call that makes the stream', async () => {
  const controller = new AbortController();
  const call = llm.chat.completions.create(streamed(NEVER, END), { signal: controller.signal });
  controller.abort('why');
  await assert.rejects(call, { name: 'AbortError', cause: 'why' });
});

test('an abort in the loop throws out of it, although more has arrived', async () => {
  const controller = new AbortController();
  const stream = await llm.chat.completions.create(streamed(template('a'), ['delta', 'b'], END), {
    signal: controller.signal,
  });
  const texts = [];
  await assert.rejects(
    async () => {
      for await (const chunk of stream) {
        texts.push(chunk.choices[0].delta.content);
        controller.abort('why');
      }
    },
    { name: 'AbortError', cause: 'why' },
  );
  assert.deepEqual(texts, ['a']);
});

test('an abort after the end has no effect', async () => {
  const controller = new AbortController();
  const answer = await llm.chat.completions.create(REQUEST, { signal: controller.signal });
  controller.abort();
  assert.equal(answer.name, 'completion');
});

test('AbortSignal.timeout works, and its reason is the cause', async () => {
  await assert.rejects(llm.call('x', { script: [NEVER] }, { signal: AbortSignal.timeout(1) }), (error) => {
    assert.equal(error.name, 'AbortError');
    assert.equal(error.cause.name, 'TimeoutError');
    return true;
  });
});

test('a thousand calls on one signal leave no listener, and Node warns of none', async (t) => {
  const { signal } = new AbortController();
  const warned = t.mock.fn();
  process.on('warning', warned);
  const outcomes = [
    () => llm.call('x', {}, { signal }),
    async () => textsOf(await llm.chat.completions.create(streamed(template('a'), END), { signal })),
    () => llm.stream(scripted(template('a'), END), { signal }),
    () =>
      llm
        .call(
          'x',
          { script: [['error', { code: 'ERR_PROVIDER', name: 'APIError', message: 'x' }]] },
          { signal },
        )
        .catch(() => {}),
    () => llm.call('x', { n: 1n }, { signal }).catch(() => {}),
  ];
  for (let round = 0; round < 20; round++) {
    await Promise.all(Array.from({ length: 50 }, (_, n) => outcomes[n % outcomes.length]()));
  }
  process.off('warning', warned);
  assert.equal(getEventListeners(signal, 'abort').length, 0);
  assert.equal(warned.mock.callCount(), 0);
});

test('regression 18: a call that takes longer than its timeout fails, and Python is told', async () => {
  const before = (await report()).cancelled.length;
  await assert.rejects(llm.call('x', { script: [NEVER] }, { timeout: 5 }), {
    code: 'ERR_TIMEOUT',
    message: /: 5 ms$/,
  });
  await assert.rejects(llm.stream(scripted(template('a'), NEVER), { timeout: 5 }), { code: 'ERR_TIMEOUT' });
  assert.equal((await report()).cancelled.length, before + 2);
});

test('the timeout of a stream counts to its end', async () => {
  const stream = await llm.chat.completions.create(streamed(template('a'), NEVER), { timeout: 100 });
  await assert.rejects(textsOf(stream), { code: 'ERR_TIMEOUT' });
});

test('an answer that is here and not read lets go of its signal in time, and stays readable', async () => {
  const { signal } = new AbortController();
  const stream = await llm.chat.completions.create(streamed(template('a'), END), { signal, timeout: 500 });
  await until(() => stream.timings !== null);
  await until(() => getEventListeners(signal, 'abort').length === 0);
  assert.deepEqual(await textsOf(stream), ['a']);
});

test('abort() drops what was not read, also after the time limit', async () => {
  const { signal } = new AbortController();
  const stream = await llm.chat.completions.create(streamed(template('a'), END), { signal, timeout: 100 });
  await until(() => stream.timings !== null && getEventListeners(signal, 'abort').length === 0);
  stream.abort();
  await assert.rejects(textsOf(stream), { name: 'AbortError' });
});

test('the timeout of stream() counts to its end, also when all of the answer is here', async () => {
  const whole = scripted(template('a'), ['end', { usage: { total_tokens: 1 } }]);
  const pending = () => new Promise(() => {});
  await assert.rejects(llm.stream(whole, { timeout: 100, onText: pending }), { code: 'ERR_TIMEOUT' });
  await assert.rejects(llm.stream(whole, { timeout: 100, onUsage: pending }), { code: 'ERR_TIMEOUT' });
  const stalled = new Writable({ highWaterMark: 1, write() {} });
  await assert.rejects(llm.stream(whole, { timeout: 100, responseStream: stalled }), { code: 'ERR_TIMEOUT' });
});

test('the timeout of the instance is that of its calls, unless they say otherwise', async (t) => {
  const own = open(t, 'answers', { timeout: 5 });
  await own.ready();
  await assert.rejects(own.call('x', { script: [NEVER] }), { code: 'ERR_TIMEOUT' });
  const call = own.call(
    'x',
    {
      script: [
        ['gate', 'later'],
        ['result', 'late'],
      ],
    },
    { timeout: 0 },
  );
  await assert.rejects(own.call('x', { script: [NEVER] }), { code: 'ERR_TIMEOUT' });
  await own.call('test.open', { gate: 'later' }, { timeout: 0 });
  assert.equal(await call, 'late');
});

test('idleTimeout: a provider that falls silent', async () => {
  const options = { idleTimeout: 20 };
  const stream = await llm.chat.completions.create(streamed(template('a'), ['delta', 'b'], NEVER), options);
  const texts = [];
  await assert.rejects(
    async () => {
      for await (const chunk of stream) texts.push(chunk.choices[0].delta.content);
    },
    { code: 'ERR_IDLE_TIMEOUT', message: /: 20 ms$/ },
  );
  assert.deepEqual(texts, ['a', 'b']);
  await assert.rejects(llm.chat.completions.create(streamed(NEVER), options), { code: 'ERR_IDLE_TIMEOUT' });
});

test('idleTimeout: a slow reader is no silence', async () => {
  const stream = await llm.chat.completions.create(
    streamed(template('a'), ['delta', 'b'], ['gate', 'slow'], END),
    { idleTimeout: 300 },
  );
  const iterator = stream[Symbol.asyncIterator]();
  await iterator.next();
  // 'b' waits for its reader much longer than idleTimeout.
  await new Promise((resolve) => setTimeout(resolve, 900));
  assert.equal((await iterator.next()).value.choices[0].delta.content, 'b');
  await llm.call('test.open', { gate: 'slow' });
  assert.equal((await iterator.next()).done, true);
});

test('a function name that the wire cannot carry is refused, and disturbs no other call', async () => {
  const other = llm.call('test.report');
  for (const name of ['x'.repeat(70_000), 'token_counter\0zzz']) {
    await assert.rejects(llm.call(name), { code: 'ERR_INVALID_ARGUMENT' });
  }
  assert.ok((await other).pid > 0);
});
