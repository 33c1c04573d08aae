'use strict';

const assert = require('node:assert/strict');
const { after, test } = require('node:test');

const { LiteLLM } = require('../../lib');
const { REQUEST, scripted, worker } = require('./support/peers');

const llm = new LiteLLM({ python: worker('answers'), log: 'silent' });
after(() => llm.close());

test("each resource calls LiteLLM's function, the arguments unchanged", async () => {
  const request = {
    ...REQUEST,
    messages: [{ role: 'assistant', content: null }],
    n: 2,
    vendor_key: { a: [1] },
  };
  assert.deepEqual(await llm.chat.completions.create(request), { name: 'completion', args: request });
  const prompt = { model: 'm', prompt: 'p' };
  assert.deepEqual(await llm.completions.create(prompt), { name: 'text_completion', args: prompt });
  const input = { model: 'm', input: ['a'] };
  assert.deepEqual(await llm.embeddings.create(input), { name: 'embedding', args: input });
  assert.deepEqual(await llm.call('token_counter', { model: 'm' }), {
    name: 'token_counter',
    args: { model: 'm' },
  });
  assert.deepEqual(await llm.call('get_valid_models'), { name: 'get_valid_models', args: {} });
});

test('stream: false is sent as it is', async () => {
  const { args } = await llm.chat.completions.create({ ...REQUEST, stream: false });
  assert.equal(args.stream, false);
});

test('what is known about a call is in _hidden, which nothing enumerates', async () => {
  const meta = {
    usage: { total_tokens: 3 },
    cost: 0.25,
    estimated: true,
    headers: { 'x-a': 'b' },
    requestId: 'req-1',
    model: 'm',
    provider: 'p',
  };
  const response = await llm.chat.completions.create(scripted(['result', { id: 'x' }, meta]));
  assert.deepEqual(Object.keys(response), ['id']);
  assert.equal(JSON.stringify(response), '{"id":"x"}');
  const { timings, ...rest } = response._hidden;
  assert.deepEqual(rest, {
    usage: { total_tokens: 3 },
    cost: 0.25,
    estimated: true,
    headers: { 'x-a': 'b' },
    requestId: 'req-1',
  });
  assert.deepEqual(Object.keys(timings), ['queued', 'ttft', 'total', 'server']);
  assert.ok(timings.queued > 0 && timings.ttft >= timings.queued && timings.total >= timings.ttft);
  assert.ok(timings.server > 0 && timings.server <= timings.total);
});

test('answers that are no object come as they are', async () => {
  assert.equal(await llm.call('token_counter', { script: [['result', 12]] }), 12);
  assert.equal(await llm.call('x', { script: [['result', null]] }), null);
  assert.equal(await llm.call('x', { script: [['result', 'text']] }), 'text');
});

test('a binary answer is a Buffer', async () => {
  const bytes = await llm.call('speech', { script: [['binary', 'RIFF']] });
  assert.deepEqual(bytes, Buffer.from('RIFF'));
});

test('a large answer and a large request arrive whole', async () => {
  const text = 'äx'.repeat(1_000_000);
  const { args } = await llm.call('echo', { text });
  assert.ok(args.text === text);
});

test('many calls at once each get their own answer', async () => {
  const answers = await Promise.all(Array.from({ length: 200 }, (_, n) => llm.call('echo', { n })));
  assert.deepEqual(
    answers.map(({ args }) => args.n),
    Array.from({ length: 200 }, (_, n) => n),
  );
});

test('regression 4: a call that takes long holds up no other', async () => {
  const slow = llm.call('slow', {
    script: [
      ['gate', 'slow'],
      ['result', 'slow'],
    ],
  });
  assert.deepEqual((await llm.call('quick')).name, 'quick');
  await llm.call('test.open', { gate: 'slow' });
  assert.equal(await slow, 'slow');
});

test('an argument that is not valid is refused before anything is sent', async () => {
  const before = (await llm.call('test.report')).seen.length;
  for (const [call, name] of [
    [() => llm.chat.completions.create({ messages: [] }), /: model /],
    [() => llm.chat.completions.create({ model: 'm', messages: 'x' }), /: messages /],
    [() => llm.chat.completions.create({ ...REQUEST, n: 1n }), /: n /],
    [() => llm.chat.completions.create(REQUEST, { timeOut: 1 }), /timeOut/],
    [() => llm.embeddings.create({ input: 'x' }), /: model /],
    [() => llm.completions.create(), /: the request /],
    [() => llm.call(''), /: the function /],
    [() => llm.call('x', []), /: the request /],
    [() => llm.stream({ ...REQUEST, stream: false }), /: stream /],
    [() => llm.stream(REQUEST, { format: 'sse' }), /: format /],
    [() => llm.setEnv({ KEY: 5 }), /variables.KEY/],
  ]) {
    await assert.rejects(call, { code: 'ERR_INVALID_ARGUMENT', message: name });
  }
  assert.equal((await llm.call('test.report')).seen.length, before + 1);
});

test('an answer that is no JSON is an error of this call alone', async () => {
  await assert.rejects(llm.call('x', { script: [['raw_result', '{']] }), { code: 'ERR_PROTOCOL' });
  assert.equal((await llm.call('next')).name, 'next');
});
