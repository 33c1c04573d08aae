'use strict';
/** Whoever leaves a call closes the provider's connection, and nothing else. */
const assert = require('node:assert/strict');
const test = require('node:test');
const { steps, openai, anthropic, gemini, bedrock } = require('../fixtures/provider');
const support = require('./support.js');

const llm = support.openBridge();
const provider = support.sharedProvider();

const never = () => steps.wait(steps.gate());
const hanging = (headers, ...bytes) => [steps.status(200, headers), ...bytes.map(steps.write), never()];
const CHUNKS = openai.text(['Hel', 'lo']).slice(0, 3).map(openai.event);

/** Scripts that send a text and then nothing more, for the model names of `support.routes`. */
const HANGING = {
  openai: hanging(openai.SSE_HEADERS, ...CHUNKS),
  azure: hanging(openai.SSE_HEADERS, ...CHUNKS),
  anthropic: hanging(
    anthropic.SSE_HEADERS,
    ...anthropic
      .events([anthropic.textBlock(0, ['Hel', 'lo'])])
      .slice(0, 5)
      .map(anthropic.event),
  ),
  gemini: hanging(gemini.SSE_HEADERS, ...gemini.text(['Hel', 'lo', '!']).slice(0, 2).map(gemini.event)),
  bedrock: hanging(
    bedrock.STREAM_HEADERS,
    bedrock.event('messageStart', { role: 'assistant' }),
    bedrock.textDelta('Hel'),
    bedrock.textDelta('lo'),
  ),
};

let count = 0;

/** Starts a stream of the hanging script; its exchange at the provider. */
async function openHanging(options, extra) {
  const model = `hanging-${++count}`;
  provider.route(model, HANGING.openai);
  const args = support.request(provider, model, { stream: true, ...extra });
  const stream = await llm.chat.completions.create(args, options);
  return { stream, model };
}

async function assertServes() {
  provider.route('after', steps.json(openai.completion('served')));
  const response = await llm.chat.completions.create(support.request(provider, 'after'));
  assert.equal(response.choices[0].message.content, 'served');
}

async function assertClosedByClient(model) {
  const exchange = await provider.received(model);
  assert.equal(await exchange.closed, 'client');
  await assertServes();
}

for (const [format, script] of Object.entries(HANGING)) {
  test(`cancel: an abort in mid-stream closes the connection to ${format}`, async () => {
    const before = provider.exchanges.length;
    const aborter = new AbortController();
    provider.route(() => true, script);
    const args = { ...support.routes(provider.url)[format], messages: support.MESSAGES, stream: true };
    const stream = await llm.chat.completions.create(args, { signal: aborter.signal });
    const reason = new Error('the user left');
    await assert.rejects(
      async () => {
        for await (const _ of stream) aborter.abort(reason);
      },
      (error) => error.name === 'AbortError' && error.cause === reason,
    );
    assert.equal(await provider.exchanges[before].closed, 'client');
    provider.route(() => true, steps.json(openai.completion('served')));
    await assertServes();
  });
}

test('cancel: an abort before the first byte of a whole answer', async () => {
  provider.route('silent', [never()]);
  const aborter = new AbortController();
  const call = llm.chat.completions.create(support.request(provider, 'silent'), { signal: aborter.signal });
  await provider.received('silent');
  aborter.abort();
  await assert.rejects(call, { name: 'AbortError' });
  await assertClosedByClient('silent');
});

test('cancel: an abort in the middle of a whole answer', async () => {
  provider.route('half', [
    steps.status(200, { 'content-type': 'application/json' }),
    steps.write('{"id":'),
    never(),
  ]);
  const aborter = new AbortController();
  const call = llm.chat.completions.create(support.request(provider, 'half'), { signal: aborter.signal });
  const exchange = await provider.received('half');
  await support.until(() => exchange.written > 0);
  aborter.abort();
  await assert.rejects(call, { name: 'AbortError' });
  await assertClosedByClient('half');
});

test('cancel: a signal that is aborted already sends nothing', async () => {
  const before = provider.exchanges.length;
  const args = support.request(provider, 'never-asked');
  await assert.rejects(llm.chat.completions.create(args, { signal: AbortSignal.abort('early') }), {
    name: 'AbortError',
    cause: 'early',
  });
  await assertServes();
  assert.equal(provider.exchanges.slice(before).filter((e) => e.model === 'never-asked').length, 0);
});

test('cancel: AbortSignal.timeout is an abort whose cause is the signal’s own', async () => {
  const { stream, model } = await openHanging({ signal: AbortSignal.timeout(1000) }); // open by then
  const error = await support.read(stream).then((result) => result.error);
  assert.equal(error.name, 'AbortError');
  assert.equal(error.cause.name, 'TimeoutError');
  await assertClosedByClient(model);
});

test('cancel: break out of the loop', async () => {
  const { stream, model } = await openHanging();
  for await (const _ of stream) break;
  await assertClosedByClient(model);
});

test('cancel: return out of the function that reads', async () => {
  const { stream, model } = await openHanging();
  const first = await (async () => {
    for await (const chunk of stream) return chunk;
  })();
  assert.equal(first.choices[0].delta.content, 'Hel');
  await assertClosedByClient(model);
});

test('cancel: an exception of the loop’s own body', async () => {
  const { stream, model } = await openHanging();
  await assert.rejects(
    async () => {
      for await (const _ of stream) throw new Error('mine');
    },
    { message: 'mine' },
  );
  await assertClosedByClient(model);
});

test('cancel: iterator.return() while a read is pending', async () => {
  const { stream, model } = await openHanging();
  const iterator = stream[Symbol.asyncIterator]();
  await iterator.next();
  await iterator.next();
  const pending = iterator.next();
  await iterator.return();
  assert.equal((await pending.catch(() => ({ done: true }))).done, true);
  await assertClosedByClient(model);
});

test('cancel: stream.abort()', async () => {
  const { stream, model } = await openHanging();
  const result = support.read(stream);
  await provider.received(model);
  stream.abort();
  const { error } = await result;
  assert.ok(error === null || error.name === 'AbortError', `${error}`);
  await assertClosedByClient(model);
});

test('cancel: toReadableStream().cancel()', async () => {
  const { stream, model } = await openHanging();
  const reader = stream.toReadableStream().getReader();
  await reader.read();
  await reader.cancel();
  await assertClosedByClient(model);
});

test('cancel: a callback of llm.stream that throws ends the call with its error', async () => {
  provider.route('thrower', HANGING.openai);
  const onText = () => {
    throw new Error('in my callback');
  };
  const call = llm.stream(support.request(provider, 'thrower'), { onText });
  await assert.rejects(call, { message: 'in my callback' });
  await assertClosedByClient('thrower');
});

test('cancel: the time limit of a whole call', async () => {
  provider.route('slow', [never()]);
  const call = llm.chat.completions.create(support.request(provider, 'slow'), { timeout: 150 });
  await assert.rejects(call, { code: 'ERR_TIMEOUT', message: /150 ms/ });
  await assertClosedByClient('slow');
});

test('cancel: the time limit of a stream counts the whole of it', async () => {
  const { stream, model } = await openHanging({ timeout: 200 });
  const { chunks, error } = await support.read(stream);
  assert.equal(error.code, 'ERR_TIMEOUT');
  assert.equal(support.textOf(chunks), 'Hello');
  await assertClosedByClient(model);
});

test('cancel: idleTimeout ends a stream that falls silent, after what came', async () => {
  const { stream, model } = await openHanging({ idleTimeout: 150 });
  const { chunks, error } = await support.read(stream);
  assert.equal(error.code, 'ERR_IDLE_TIMEOUT');
  assert.equal(support.textOf(chunks), 'Hello');
  await assertClosedByClient(model);
});

test('cancel: idleTimeout does not end a stream that goes on for longer than it', async () => {
  const paced = openai.text(Array.from({ length: 12 }, (_, i) => `${i} `)).map(openai.event);
  provider.route('paced', [
    steps.status(200, openai.SSE_HEADERS),
    ...paced.flatMap((bytes) => [steps.write(bytes), steps.delay(300)]),
    steps.write(openai.DONE),
    steps.end(),
  ]);
  const { chunks } = await support.stream(llm, support.request(provider, 'paced'), { idleTimeout: 3000 });
  assert.equal(support.textOf(chunks), '0 1 2 3 4 5 6 7 8 9 10 11 ');
});

test('cancel: LiteLLM’s own timeout (seconds) is LiteLLM’s error', async () => {
  provider.route('slow', [never()]);
  const args = support.request(provider, 'slow', { timeout: 0.2, max_retries: 0 });
  await assert.rejects(llm.chat.completions.create(args), {
    name: 'Timeout',
    code: 'ERR_PROVIDER',
    status: 408,
  });
});

test('cancel: one of many calls; the others go on', async () => {
  const gate = steps.gate();
  const aborter = new AbortController();
  const rest = [steps.wait(gate), steps.write(openai.event(openai.finishChunk())), steps.end()];
  provider.route('kept', [...HANGING.openai.slice(0, -1), ...rest]);
  const kept = Array.from({ length: 5 }, () => support.stream(llm, support.request(provider, 'kept')));
  const { stream, model } = await openHanging({ signal: aborter.signal });
  const left = support.read(stream);
  await provider.received(model);
  aborter.abort();
  assert.equal((await left).error.name, 'AbortError');
  gate.open();
  for (const { chunks } of await Promise.all(kept)) assert.equal(support.textOf(chunks), 'Hello');
  await assertClosedByClient(model);
});

test('cancel: an abort after the end changes nothing', async () => {
  provider.route('done', openai.stream(openai.text(['Hel', 'lo'])));
  const aborter = new AbortController();
  const args = support.request(provider, 'done');
  const { chunks, stream } = await support.stream(llm, args, { signal: aborter.signal });
  aborter.abort();
  stream.abort();
  assert.equal(support.textOf(chunks), 'Hello');
  assert.equal((await provider.received('done')).open, false);
  await assertServes();
});

test('cancel: 50 aborted streams leave no connection open', async () => {
  const streams = await Promise.all(Array.from({ length: 50 }, () => openHanging()));
  for (const { stream } of streams) for await (const _ of stream) break;
  for (const { model } of streams) assert.equal(await (await provider.received(model)).closed, 'client');
  await assertServes();
});
