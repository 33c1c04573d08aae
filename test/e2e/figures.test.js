'use strict';
/** Usage, cost, timings, headers and request id of calls and streams. */
const assert = require('node:assert/strict');
const test = require('node:test');
const { steps, openai } = require('../fixtures/provider');
const support = require('./support.js');

const llm = support.openBridge();
const provider = support.sharedProvider();

const HEADERS = { 'x-request-id': 'req-fixture-1', 'x-ratelimit-remaining-requests': '99' };
const TEXT = openai.text(['Hel', 'lo']);
const PRICE = { input: 2.5e-6, cached: 1.25e-6, output: 1e-5 }; // gpt-4o, USD a token

const expectedCost = ({ prompt_tokens, completion_tokens, prompt_tokens_details: { cached_tokens } }) =>
  (prompt_tokens - cached_tokens) * PRICE.input +
  cached_tokens * PRICE.cached +
  completion_tokens * PRICE.output;

const near = (actual, expected) =>
  assert.ok(Math.abs(actual - expected) < 1e-12, `${actual}, not ${expected}`);

const whole = (options) => steps.json(openai.completion('Hello', options), { headers: HEADERS });

function assertTimings({ queued, ttft, total, server }) {
  for (const ms of [queued, ttft, total, server]) assert.equal(typeof ms, 'number');
  assert.ok(queued >= 0, `queued ${queued}`);
  assert.ok(queued <= ttft, `queued ${queued}, ttft ${ttft}`);
  assert.ok(ttft <= total, `ttft ${ttft}, total ${total}`);
  assert.ok(server > 0 && server <= total, `server ${server}, total ${total}`);
}

test('whole: usage with cached and reasoning tokens, and the cost of them', async () => {
  provider.route('gpt-4o', whole({ model: 'gpt-4o' }));
  const response = await llm.chat.completions.create(support.request(provider, 'gpt-4o'));
  const { usage, cost, estimated } = response._hidden;
  assert.deepEqual(usage, response.usage);
  assert.equal(usage.prompt_tokens_details.cached_tokens, 4);
  assert.equal(usage.completion_tokens_details.reasoning_tokens, 2);
  near(cost, expectedCost(openai.USAGE));
  assert.equal(estimated, false);
});

test('whole: _hidden is seen neither by JSON nor by a walk over the keys', async () => {
  provider.route('gpt-4o', whole());
  const response = await llm.chat.completions.create(support.request(provider, 'gpt-4o'));
  assert.equal(Object.keys(response).includes('_hidden'), false);
  assert.equal(JSON.stringify(response).includes('_hidden'), false);
});

test('whole: the provider’s headers and request id', async () => {
  provider.route('gpt-4o', whole());
  const { _hidden } = await llm.chat.completions.create(support.request(provider, 'gpt-4o'));
  assert.equal(_hidden.requestId, 'req-fixture-1');
  assert.equal(_hidden.headers['x-ratelimit-remaining-requests'], '99');
});

test('whole: timings are in order', async () => {
  provider.route('gpt-4o', whole());
  const { _hidden } = await llm.chat.completions.create(support.request(provider, 'gpt-4o'));
  assertTimings(_hidden.timings);
});

test('stream: the provider’s own usage and its cost, after the end', async () => {
  provider.route('gpt-4o', openai.stream([...TEXT, openai.usageChunk()], { headers: HEADERS }));
  const args = support.request(provider, 'gpt-4o', { stream_options: { include_usage: true } });
  const { stream } = await support.stream(llm, args);
  assert.equal(stream.usage.prompt_tokens, openai.USAGE.prompt_tokens);
  assert.equal(stream.usage.completion_tokens, openai.USAGE.completion_tokens);
  assert.equal(stream.usage.prompt_tokens_details.cached_tokens, 4);
  near(stream.cost, expectedCost(openai.USAGE));
});

test('stream: without a usage from the provider LiteLLM’s count, marked as estimated', async () => {
  provider.route('gpt-4o', openai.stream(openai.text(['Hello', ' world'])));
  const { stream } = await support.stream(llm, support.request(provider, 'gpt-4o'));
  assert.equal(stream.usage.completion_tokens, 2);
  assert.ok(stream.usage.prompt_tokens > 0);
  near(stream.cost, stream.usage.prompt_tokens * PRICE.input + 2 * PRICE.output);
  assert.equal(stream.estimated, true);
});

test('stream: the provider’s headers and request id', async () => {
  provider.route('gpt-4o', openai.stream(TEXT, { headers: HEADERS }));
  const { stream } = await support.stream(llm, support.request(provider, 'gpt-4o'));
  assert.equal(stream.requestId, 'req-fixture-1');
  assert.equal(stream.headers['x-ratelimit-remaining-requests'], '99');
});

test('stream: timings are in order, and the first token’s time is not the whole', async () => {
  const gate = steps.gate();
  const [role, first, ...rest] = TEXT.map((chunk) => steps.write(openai.event(chunk)));
  provider.route('gpt-4o', [
    steps.status(200, openai.SSE_HEADERS),
    role,
    first,
    steps.wait(gate),
    steps.delay(50),
    ...rest,
    steps.end(),
  ]);
  const stream = await llm.chat.completions.create({ ...support.request(provider, 'gpt-4o'), stream: true });
  for await (const _ of stream) gate.open();
  assertTimings(stream.timings);
  assert.ok(stream.timings.total - stream.timings.ttft >= 40, JSON.stringify(stream.timings));
});

test('stream: usage and cost of a model without a price: usage, and no invented cost', async () => {
  provider.route('no-such-price', openai.stream([...TEXT, openai.usageChunk()]));
  const args = support.request(provider, 'no-such-price', { stream_options: { include_usage: true } });
  const { stream } = await support.stream(llm, args);
  assert.equal(stream.usage.total_tokens, openai.USAGE.total_tokens);
  assert.ok(stream.cost === null || stream.cost === 0, `${stream.cost} USD`);
});

test('llm.stream: the final answer has text, usage, cost and timings', async () => {
  provider.route('gpt-4o', openai.stream([...TEXT, openai.usageChunk()]));
  const usages = [];
  const args = support.request(provider, 'gpt-4o', { stream_options: { include_usage: true } });
  const final = await llm.stream(args, { onUsage: (usage) => usages.push(usage) });
  assert.equal(final.text, 'Hello');
  assert.equal(final.usage.total_tokens, openai.USAGE.total_tokens);
  near(final.cost, expectedCost(openai.USAGE));
  assertTimings(final.timings);
  assert.equal(usages.length, 1);
  assert.equal(usages[0].total_tokens, openai.USAGE.total_tokens);
});

test('embeddings: usage, cost and request id', async () => {
  provider.route(
    'text-embedding-3-small',
    steps.json({ ...openai.embeddings([[1]]), model: 'text-embedding-3-small' }, { headers: HEADERS }),
  );
  const { messages, ...args } = support.request(provider, 'text-embedding-3-small', { input: 'a' });
  const { _hidden } = await llm.embeddings.create(args);
  near(_hidden.cost, 5 * 2e-8);
  assert.equal(_hidden.usage.prompt_tokens, 5);
  assert.equal(_hidden.requestId, 'req-fixture-1');
});
