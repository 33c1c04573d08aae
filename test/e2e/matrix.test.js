'use strict';
/** Each provider's wire format, as aimock speaks it: whole and streamed. */
const assert = require('node:assert/strict');
const test = require('node:test');
const { LLMock } = require('@copilotkit/aimock');
const support = require('./support.js');

const TEXT = 'Hello from the provider, with a few words and some é漢👩‍🚀.';
const [INPUT, OUTPUT] = [1200, 340]; // tokens
const USAGE = {
  prompt_tokens: INPUT,
  completion_tokens: OUTPUT,
  input_tokens: INPUT,
  output_tokens: OUTPUT,
  promptTokenCount: INPUT,
  candidatesTokenCount: OUTPUT,
  inputTokens: INPUT,
  outputTokens: OUTPUT,
  totalTokenCount: INPUT + OUTPUT,
  totalTokens: INPUT + OUTPUT,
  total_tokens: INPUT + OUTPUT,
};
const TOOL = { name: 'weather', arguments: '{"city":"Bern"}' };
const TOOLS = [
  {
    type: 'function',
    function: { name: 'weather', parameters: { type: 'object', properties: { city: { type: 'string' } } } },
  },
];
/** A request without tokens would not say whether its cost is right. USD a token: in, out. */
const PRICES = {
  openai: [2.5e-6, 1e-5],
  azure: [2.5e-6, 1e-5],
  anthropic: [3e-6, 1.5e-5],
  gemini: [1.25e-6, 1e-5],
  bedrock: [3e-6, 1.5e-5],
};

const llm = support.openBridge();
const mock = new LLMock({ port: 0, chunkSize: 4 });
mock.onMessage('text please', { content: TEXT, usage: USAGE });
mock.onMessage('tool please', { toolCalls: [TOOL], usage: USAGE });
test.before(() => mock.start());
test.after(() => mock.stop());

const ask = (format, content, extra) => ({
  ...support.routes(mock.url)[format],
  messages: [{ role: 'user', content }],
  ...extra,
});

function assertUsage(usage) {
  assert.equal(usage.prompt_tokens, INPUT);
  assert.equal(usage.completion_tokens, OUTPUT);
  assert.equal(usage.total_tokens, INPUT + OUTPUT);
}

function assertCost(cost, format) {
  const [input, output] = PRICES[format];
  const expected = INPUT * input + OUTPUT * output;
  assert.ok(Math.abs(cost - expected) < 1e-9, `${cost} USD, not ${expected}`);
}

for (const format of Object.keys(PRICES)) {
  test(`${format}: a whole answer has text, finish reason, usage and cost`, async () => {
    const response = await llm.chat.completions.create(ask(format, 'text please'));
    assert.equal(response.object, 'chat.completion');
    assert.equal(response.choices[0].message.content, TEXT);
    assert.equal(response.choices[0].finish_reason, 'stop');
    assertUsage(response.usage);
    assertCost(response._hidden.cost, format);
  });

  test(`${format}: a stream has text, finish reason, usage and cost`, async () => {
    const args = ask(format, 'text please', { stream_options: { include_usage: true } });
    const { chunks, stream } = await support.stream(llm, args);
    assert.ok(chunks.length > 5, `${chunks.length} chunks`);
    assert.equal(support.textOf(chunks), TEXT);
    assert.equal(chunks.find((chunk) => chunk.choices[0]?.finish_reason).choices[0].finish_reason, 'stop');
    assertUsage(stream.usage);
    assertCost(stream.cost, format);
  });

  test(`${format}: a tool call comes whole and in pieces`, async () => {
    const args = ask(format, 'tool please', { tools: TOOLS });
    const response = await llm.chat.completions.create(args);
    const [call] = response.choices[0].message.tool_calls;
    assert.equal(call.function.name, 'weather');
    assert.deepEqual(JSON.parse(call.function.arguments), { city: 'Bern' });
    const { chunks, stream } = await support.stream(llm, args);
    const pieces = chunks.flatMap((chunk) => chunk.choices[0].delta.tool_calls ?? []);
    assert.equal(pieces.find((piece) => piece.function.name).function.name, 'weather');
    const json = pieces.map((piece) => piece.function.arguments ?? '').join('');
    assert.deepEqual(JSON.parse(json), { city: 'Bern' });
    const message = await stream.finalMessage();
    assert.equal(message.tool_calls[0].function.arguments, json);
  });
}

test('openai: embeddings through the provider come as numbers, with usage', async () => {
  mock.onEmbedding('embed me', { embedding: [0.25, -0.5, 1] });
  const { model, ...route } = support.routes(mock.url).openai;
  const response = await llm.embeddings.create({
    ...route,
    model: 'openai/text-embedding-3-small',
    input: 'embed me',
  });
  assert.deepEqual(response.data[0].embedding, [0.25, -0.5, 1]);
  assert.ok(response.usage.prompt_tokens >= 0);
});

test('openai: stream_options brings the usage chunk into the stream too', async () => {
  const args = ask('openai', 'text please', { stream_options: { include_usage: true } });
  const { chunks, stream } = await support.stream(llm, args);
  assertUsage(chunks.at(-1).usage);
  assert.deepEqual(stream.usage, chunks.at(-1).usage);
});

test('openai: without stream_options no chunk has usage, though the stream knows it', async () => {
  const { chunks, stream } = await support.stream(llm, ask('openai', 'text please'));
  assert.deepEqual(
    chunks.filter((chunk) => chunk.usage),
    [],
  );
  assert.ok(stream.usage.completion_tokens > 5);
  assert.equal(stream.estimated, true);
});
