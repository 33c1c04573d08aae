'use strict';

const assert = require('node:assert/strict');
const { after, test } = require('node:test');
const { Readable } = require('node:stream');

const { LiteLLM, Stream } = require('../../lib');
const { run } = require('./support/child');
const { open, streamed, template, textChunk, textsOf, until, worker } = require('./support/peers');

const llm = new LiteLLM({ python: worker('answers'), log: 'silent' });
after(() => llm.close());

const END = ['end', { usage: { total_tokens: 9 }, cost: 0.5, headers: { a: 'b' }, requestId: 'r' }];

const create = (...script) => llm.chat.completions.create(streamed(...script));

/** The calls that the worker was told to cancel. */
const cancelled = async () => (await llm.call('test.report')).cancelled.length;

test('chunks come in order, of every kind', async () => {
  const last = { id: 'x', choices: [{ index: 0, delta: {}, finish_reason: 'stop' }] };
  const stream = await create(
    template('a'),
    ['delta', 'b'],
    ['chunk', last],
    template('c'),
    ['delta', 'd'],
    END,
  );
  assert.ok(stream instanceof Stream);
  const chunks = [];
  for await (const chunk of stream) chunks.push(chunk);
  assert.deepStrictEqual(chunks, [textChunk('a'), textChunk('b'), last, textChunk('c'), textChunk('d')]);
});

test('usage, cost, timings, headers and requestId are there after the end, not before', async () => {
  const stream = await create(template('a'), ['gate', 'known'], END);
  const known = () => [
    stream.usage,
    stream.cost,
    stream.estimated,
    stream.timings,
    stream.headers,
    stream.requestId,
  ];
  assert.deepEqual(known(), [null, null, null, null, null, null]);
  await llm.call('test.open', { gate: 'known' });
  await textsOf(stream);
  const { timings } = stream;
  assert.deepEqual(known(), [{ total_tokens: 9 }, 0.5, null, timings, { a: 'b' }, 'r']);
  assert.ok(
    timings.queued > 0 &&
      timings.ttft >= timings.queued &&
      timings.total > timings.ttft &&
      timings.server > 0,
  );
});

test('regression 5: thousands of chunks, none lost, none out of order', async () => {
  const words = Array.from({ length: 5000 }, (_, n) => `${n} `);
  const stream = await create(template(''), ...words.map((word) => ['delta', word]), END);
  assert.equal((await textsOf(stream)).join(''), words.join(''));
});

test('an empty stream ends at once', async () => {
  assert.deepEqual(await textsOf(await create(END)), []);
});

test('a stream is read once; the second reader is told so', async () => {
  const stream = await create(template('a'), END);
  await textsOf(stream);
  assert.throws(() => stream[Symbol.asyncIterator](), { code: 'ERR_INVALID_ARGUMENT', message: /only once/ });
  await assert.rejects(textsOf(stream), { code: 'ERR_INVALID_ARGUMENT' });
});

test('regression 8: leaving the loop cancels', async () => {
  const before = await cancelled();
  const stream = await create(template('a'), ['gate', 'never'], END);
  for await (const chunk of stream) {
    assert.ok(chunk);
    break;
  }
  assert.equal(await cancelled(), before + 1);
  await assert.rejects(stream.finalMessage(), { name: 'AbortError' });
});

test('an error in the loop cancels, and is not replaced', async () => {
  const before = await cancelled();
  const stream = await create(template('a'), ['gate', 'never'], END);
  await assert.rejects(async () => {
    for await (const chunk of stream) throw new TypeError(chunk.id);
  }, TypeError);
  assert.equal(await cancelled(), before + 1);
});

test('reading to the end cancels nothing', async () => {
  const before = await cancelled();
  await textsOf(await create(template('a'), END));
  assert.equal(await cancelled(), before);
});

test('reads that wait together are served in order', async () => {
  const stream = await create(template('a'), ['gate', 'order'], ['delta', 'b'], ['delta', 'c'], END);
  const iterator = stream[Symbol.asyncIterator]();
  const reads = Array.from({ length: 5 }, () => iterator.next());
  await llm.call('test.open', { gate: 'order' });
  const results = await Promise.all(reads);
  assert.deepEqual(
    results.map(({ value, done }) => (done ? 'done' : value.choices[0].delta.content)),
    ['a', 'b', 'c', 'done', 'done'],
  );
});

test('return() while a read waits ends both', async () => {
  const stream = await create(template('a'), ['gate', 'never'], END);
  const iterator = stream[Symbol.asyncIterator]();
  await iterator.next();
  const read = iterator.next();
  assert.deepEqual(await iterator.return('x'), { value: 'x', done: true });
  assert.deepEqual(await read, { value: undefined, done: true });
  assert.deepEqual(await iterator.next(), { value: undefined, done: true });
});

test('after an error the iterator is at its end', async () => {
  const stream = await create(template('a'), [
    'error',
    { code: 'ERR_PROVIDER', name: 'APIError', message: 'x' },
  ]);
  const iterator = stream[Symbol.asyncIterator]();
  await iterator.next();
  await assert.rejects(iterator.next(), { name: 'APIError' });
  assert.deepEqual(await iterator.next(), { value: undefined, done: true });
});

test('abort() ends a read that waits, with the reason', async () => {
  const stream = await create(template('a'), ['gate', 'never'], END);
  const iterator = stream[Symbol.asyncIterator]();
  await iterator.next();
  const read = iterator.next();
  const reason = new Error('enough');
  stream.abort(reason);
  await assert.rejects(read, { name: 'AbortError', code: 'ABORT_ERR', cause: reason });
});

test('controller.abort() aborts, and its signal tells of other aborts', async () => {
  const stream = await create(template('a'), ['gate', 'never'], END);
  stream.controller.abort('mine');
  await assert.rejects(textsOf(stream), { name: 'AbortError', cause: 'mine' });

  const other = await create(template('a'), ['gate', 'never'], END);
  const { signal } = other.controller;
  other.abort('other');
  assert.equal(signal.aborted, true);
  assert.equal(signal.reason, 'other');
});

test('controller tells of an abort that came before it was asked for', async () => {
  const aborted = await create(template('a'), ['gate', 'never'], END);
  aborted.abort('why');
  assert.equal(aborted.controller.signal.reason, 'why');

  const left = await create(template('a'), ['gate', 'never'], END);
  for await (const _ of left) break;
  assert.equal(left.controller.signal.aborted, true);
});

test('abort() drops what was not read, and has no effect after the end', async () => {
  const stream = await create(template('a'), ['delta', 'b'], ['delta', 'c'], END);
  await until(() => stream.usage !== null);
  stream.abort();
  await assert.rejects(textsOf(stream), { name: 'AbortError' });

  const whole = await create(template('a'), END);
  assert.deepEqual(await textsOf(whole), ['a']);
  whole.abort();
  assert.deepEqual(await whole.finalMessage(), { role: 'assistant', content: 'a' });
});

test('finalMessage() reads the stream if nobody does', async () => {
  const stream = await create(template('a'), ['delta', 'b'], END);
  assert.deepEqual(await stream.finalMessage(), { role: 'assistant', content: 'ab' });
  assert.deepEqual(await stream.finalMessage(), { role: 'assistant', content: 'ab' });
  assert.deepEqual(stream.usage, { total_tokens: 9 });
});

test('finalMessage() waits for the one who reads', async () => {
  const stream = await create(template('a'), ['gate', 'final'], ['delta', 'b'], END);
  const reading = textsOf(stream);
  const message = stream.finalMessage();
  await llm.call('test.open', { gate: 'final' });
  assert.deepEqual(await message, { role: 'assistant', content: 'ab' });
  assert.deepEqual(await reading, ['a', 'b']);
});

/** A stream whose reader has stopped for good, and its message. */
async function abandoned(owner, script, options) {
  const stream = await owner.chat.completions.create(streamed(template('a'), ...script), options);
  await stream[Symbol.asyncIterator]().next();
  return { stream, message: stream.finalMessage() };
}

for (const [name, expected, cut, options] of [
  ['abort()', { name: 'AbortError', cause: 'x' }, ({ stream }) => stream.abort('x'), {}],
  ['a time limit', { code: 'ERR_TIMEOUT' }, () => {}, { timeout: 100 }],
  ['close()', { code: 'ERR_CLOSED' }, ({ owner }) => owner.close(), {}],
  [
    'death of Python',
    { code: 'ERR_SERVER_EXITED' },
    ({ owner }) => process.kill(owner.status().pid, 'SIGKILL'),
    {},
  ],
]) {
  test(`finalMessage() is not left waiting by a reader who has stopped: ${name}`, async (t) => {
    const owner = open(t);
    const { stream, message } = await abandoned(owner, [['gate', 'never'], END], options);
    cut({ stream, owner });
    await assert.rejects(message, expected);
  });
}

test('finalMessage() does not hold the process for a reader who has stopped', async () => {
  const { printed, code } = await run(`
    const llm = new LiteLLM({ python, log: 'silent', prewarm: [] });
    const { streamed, template } = peers;
    const stream = await llm.chat.completions.create(streamed(template('a'), ['delta', 'b'], ['end', {}]));
    await stream[Symbol.asyncIterator]().next();
    while (stream.timings === null) await new Promise((resolve) => setTimeout(resolve, 5));
    stream.finalMessage().finally(() => print('settled'));
    print('waits');`);
  assert.deepEqual([printed, code], [['waits'], 0]);
});

test('toReadableStream() gives lines of JSON', async () => {
  const stream = await create(template('a'), ['delta', 'b\n'], END);
  const text = await new Response(stream.toReadableStream()).text();
  assert.deepEqual(
    text
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line)),
    [textChunk('a'), textChunk('b\n')],
  );
});

test('cancelling the ReadableStream cancels the call', async () => {
  const before = await cancelled();
  const stream = await create(template('a'), ['gate', 'never'], END);
  const reader = stream.toReadableStream().getReader();
  await reader.read();
  await reader.cancel();
  assert.equal(await cancelled(), before + 1);
});

test('a Node Readable can be made of it, and destroyed', async () => {
  const before = await cancelled();
  const readable = Readable.from(await create(template('a'), ['gate', 'never'], END));
  await new Promise((resolve) => readable.once('data', resolve));
  readable.destroy();
  await until(async () => (await cancelled()) === before + 1);
});

test('a slow reader stops its own provider, by credit, and nobody else', async () => {
  const TEXT = 'x'.repeat(10_000);
  const COUNT = 300;
  const stream = await create(template(''), ['deltas', COUNT, TEXT], END);
  const iterator = stream[Symbol.asyncIterator]();
  await iterator.next();
  const { credits } = await llm.call('test.report'); // somebody else is served
  const before = Object.values(credits).reduce((a, b) => a + b, 0);
  assert.equal(stream.usage, null, 'the worker is held: 3 MB do not fit into the window');
  let length = 0;
  for await (const chunk of iterator) length += chunk.choices[0].delta.content.length;
  assert.equal(length, COUNT * TEXT.length);
  const after = Object.values((await llm.call('test.report')).credits).reduce((a, b) => a + b, 0);
  assert.ok(after > before, 'credit was granted while it read');
});

test('call() streams, too, when it is asked to', async () => {
  const stream = await llm.call('text_completion', {
    ...streamed(['chunk', { choices: [{ index: 0, text: 'a' }] }], END),
  });
  assert.equal((await stream.finalMessage()).content, 'a');
});

test('stream is true or false, also for call(): Python would take 1 for true', async () => {
  for (const name of ['completion', 'text_completion', 'responses']) {
    await assert.rejects(llm.call(name, { stream: 1 }), {
      code: 'ERR_INVALID_ARGUMENT',
      message: /: stream /,
    });
  }
});

test('a stream that nobody reads is no unhandled rejection when Python dies', async (t) => {
  const own = open(t, 'answers');
  const unhandled = t.mock.fn();
  process.on('unhandledRejection', unhandled);
  const stream = await own.chat.completions.create(streamed(template('a'), ['gate', 'never'], END));
  await assert.rejects(own.call('x', { script: [['kill']] }), { code: 'ERR_SERVER_EXITED' });
  await new Promise(setImmediate);
  process.off('unhandledRejection', unhandled);
  assert.equal(unhandled.mock.callCount(), 0);
  await assert.rejects(textsOf(stream), { code: 'ERR_SERVER_EXITED' });
});
