'use strict';
/** What the caller writes is what the provider gets: the body is LiteLLM's own, to the byte's meaning. */
const assert = require('node:assert/strict');
const test = require('node:test');
const { steps, openai, anthropic } = require('../fixtures/provider');
const support = require('./support.js');

const llm = support.openBridge();
const oracle = support.sharedOracle(llm);
const provider = support.sharedProvider();

const SCHEMA = {
  type: 'json_schema',
  json_schema: {
    name: 'person',
    strict: true,
    schema: {
      type: 'object',
      properties: { name: { type: 'string' }, age: { type: ['integer', 'null'], minimum: 0 } },
      required: ['name', 'age'],
      additionalProperties: false,
    },
  },
};

const TOOL = {
  type: 'function',
  function: {
    name: 'weather',
    description: 'The weather – “now”',
    parameters: { type: 'object', properties: { city: { type: 'string' } }, required: ['city'] },
    strict: true,
  },
};

const TOOL_MESSAGES = [
  { role: 'user', content: 'weather?' },
  {
    role: 'assistant',
    content: null,
    tool_calls: [{ id: 'c1', type: 'function', function: { name: 'weather', arguments: '{"city":"Bern"}' } }],
  },
  { role: 'tool', tool_call_id: 'c1', content: '12 °C' },
];

const IMAGE = [
  {
    role: 'user',
    content: [
      { type: 'text', text: 'what is it?' },
      { type: 'image_url', image_url: { url: 'data:image/png;base64,iVBORw0KGgo=', detail: 'low' } },
    ],
  },
];

/** Arguments, and what of them must be in the provider's body as it is. */
const CASES = {
  'sampling parameters': {
    temperature: 0,
    top_p: 0.1,
    frequency_penalty: -0.5,
    presence_penalty: 1e-7,
    seed: 9007199254740991,
    n: 2,
  },
  'limits and stops': { max_tokens: 3, stop: ['\n\n', 'END'], logprobs: true, top_logprobs: 2 },
  max_completion_tokens: { max_completion_tokens: 17 },
  'logit_bias and user': { logit_bias: { 50256: -100 }, user: 'üser-1' },
  tools: { tools: [TOOL], tool_choice: 'auto', parallel_tool_calls: false },
  'a forced tool': { tools: [TOOL], tool_choice: { type: 'function', function: { name: 'weather' } } },
  'a response format with a schema': { response_format: SCHEMA },
  'a JSON response format': { response_format: { type: 'json_object' } },
  'an assistant message with null content': { messages: TOOL_MESSAGES },
  'content in parts': { messages: IMAGE },
  'an empty string and a name': {
    messages: [
      { role: 'system', content: '' },
      { role: 'user', name: 'ada', content: 'x' },
    ],
  },
  stream_options: { stream_options: { include_usage: true }, stream: true },
  'unknown parameters': { top_k: 5, my_own: { deep: [1, { x: null }], yes: true }, 'with-dash': '—' },
  'extra_body and metadata': { extra_body: { a: { b: 1 } }, store: true, service_tier: 'flex' },
};

/** LiteLLM leaves out a content of null, which says the same. */
const sent = (value) =>
  JSON.parse(JSON.stringify(value), (key, inner) =>
    key === 'content' && inner === null ? undefined : inner,
  );

const answer = (exchange) =>
  exchange.body.stream ? openai.stream(openai.text(['ok'])) : steps.json(openai.completion('ok'));

/** The bodies that the provider got from plain LiteLLM and from the bridge. */
async function bodies(name, args) {
  const before = provider.exchanges.length;
  await oracle.call(name, args);
  const response = await llm.chat.completions.create(args);
  if (args.stream) for await (const _ of response);
  const got = provider.exchanges.slice(before);
  assert.equal(got.length, 2, 'one request from LiteLLM, one from the bridge');
  return got;
}

for (const [name, extra] of Object.entries(CASES)) {
  test(`parameters: ${name} reach the provider as with LiteLLM itself`, async () => {
    provider.route('gpt-4o', answer);
    const [expected, actual] = await bodies('acompletion', support.request(provider, 'gpt-4o', extra));
    assert.deepEqual(actual.body, expected.body);
    const { extra_body, ...direct } = extra;
    for (const [key, value] of Object.entries({ ...direct, ...extra_body })) {
      assert.deepEqual(actual.body[key], sent(value), `${key} is not what the caller wrote`);
    }
  });
}

test('parameters: nothing is added to a minimal request', async () => {
  provider.route('gpt-4o', answer);
  await llm.chat.completions.create(support.request(provider, 'gpt-4o'));
  assert.deepEqual(provider.exchanges.at(-1).body, { model: 'gpt-4o', messages: support.MESSAGES });
});

test('parameters: reasoning_effort reaches a reasoning model', async () => {
  provider.route('o3-mini', answer);
  const args = support.request(provider, 'o3-mini', { reasoning_effort: 'high' });
  const [expected, actual] = await bodies('acompletion', args);
  assert.equal(actual.body.reasoning_effort, 'high');
  assert.deepEqual(actual.body, expected.body);
});

test('parameters: thinking and cache_control reach Anthropic', async () => {
  const model = 'claude-3-7-sonnet-20250219';
  provider.route(model, steps.json(anthropic.message([{ type: 'text', text: 'ok' }])));
  const content = [{ type: 'text', text: 'long', cache_control: { type: 'ephemeral' } }];
  const [expected, actual] = await bodies('acompletion', {
    ...support.routes(provider.url).anthropic,
    model: `anthropic/${model}`,
    messages: [
      { role: 'system', content },
      { role: 'user', content: 'hi' },
    ],
    thinking: { type: 'enabled', budget_tokens: 2048 },
    max_tokens: 4096,
  });
  assert.deepEqual(actual.body, expected.body);
  assert.deepEqual(actual.body.system, content);
  assert.deepEqual(actual.body.thinking, { type: 'enabled', budget_tokens: 2048 });
});

test('parameters: extra_headers and the key of the call reach the provider', async () => {
  provider.route('gpt-4o', answer);
  const args = { extra_headers: { 'x-mine': 'yes' }, api_key: 'sk-of-this-call' };
  await llm.chat.completions.create(support.request(provider, 'gpt-4o', args));
  const { headers } = provider.exchanges.at(-1);
  assert.equal(headers['x-mine'], 'yes');
  assert.equal(headers.authorization, 'Bearer sk-of-this-call');
});

test('parameters: drop_params is LiteLLM’s to obey', async () => {
  provider.route('o3-mini', answer);
  const args = support.request(provider, 'o3-mini', { temperature: 0.3 });
  await assert.rejects(llm.chat.completions.create(args), { name: 'UnsupportedParamsError' });
  await llm.chat.completions.create({ ...args, drop_params: true });
  assert.equal('temperature' in provider.exchanges.at(-1).body, false);
});

test('parameters: mock_response, an option of LiteLLM itself, is obeyed', async () => {
  const response = await llm.chat.completions.create({
    model: 'gpt-4o',
    messages: support.MESSAGES,
    mock_response: 'no provider was asked',
  });
  assert.equal(response.choices[0].message.content, 'no provider was asked');
});

test('parameters: the caller’s object is not changed', async () => {
  provider.route('gpt-4o', answer);
  const args = support.request(provider, 'gpt-4o', { tools: [TOOL], messages: TOOL_MESSAGES });
  const copy = structuredClone(args);
  await llm.chat.completions.create(args);
  assert.deepEqual(args, copy);
});
