'use strict';
/** Whole answers and the other functions of LiteLLM: the values are LiteLLM's own. */
const assert = require('node:assert/strict');
const test = require('node:test');
const { steps, openai, anthropic, gemini, bedrock } = require('../fixtures/provider');
const support = require('./support.js');

const llm = support.openBridge();
const oracle = support.sharedOracle(llm);
const provider = support.sharedProvider();

const message = (fields) => steps.json(openai.completion(null, { message: fields }));

const WHOLE = {
  openai: {
    'a text': steps.json(openai.completion('Hello')),
    'tool calls': message({
      tool_calls: [{ id: 'c1', type: 'function', function: { name: 'f', arguments: '{"a":1}' } }],
    }),
    'a refusal': message({ refusal: 'I cannot' }),
    'reasoning text': message({ content: 'so', reasoning_content: 'hm' }),
    annotations: message({
      content: 'x',
      annotations: [
        { type: 'url_citation', url_citation: { url: 'u', title: 't', start_index: 0, end_index: 1 } },
      ],
    }),
    'no usage': steps.json(openai.completion('x', { usage: undefined })),
    'two choices': steps.json({
      ...openai.completion('a'),
      choices: [0, 1].map((index) => ({
        index,
        message: { role: 'assistant', content: `answer ${index}` },
        finish_reason: 'stop',
      })),
    }),
    'an unknown key': steps.json(openai.completion('a', { x_new: { deep: 1 } })),
  },
  anthropic: {
    'a text': steps.json(anthropic.message([{ type: 'text', text: 'Hello' }])),
    'a tool call': steps.json(
      anthropic.message([{ type: 'tool_use', id: 't1', name: 'f', input: { a: 1 } }], { stop: 'tool_use' }),
    ),
  },
  gemini: { 'a text': steps.json(gemini.response([{ text: 'Hello' }], { finish: 'STOP' })) },
  bedrock: { 'a text': steps.json(bedrock.converse([{ text: 'Hello' }])) },
};

for (const [format, fixtures] of Object.entries(WHOLE)) {
  for (const [name, script] of Object.entries(fixtures)) {
    test(`whole answer of ${format}, ${name}: LiteLLM's own`, async () => {
      provider.route(() => true, script);
      const args = { ...support.routes(provider.url)[format], messages: support.MESSAGES };
      const expected = await oracle.call('acompletion', args);
      const actual = await llm.chat.completions.create(args);
      assert.notEqual(expected.value, null);
      assert.deepEqual(support.comparable(actual), support.comparable(expected.value));
      assert.equal(actual._hidden.cost ?? null, expected.cost ?? null);
    });
  }
}

test('completions: a text completion is LiteLLM’s own', async () => {
  provider.route('words', steps.json(openai.textCompletion('Hello', { usage: openai.USAGE })));
  const { messages, ...route } = support.request(provider, 'words');
  const args = { ...route, model: 'text-completion-openai/words', prompt: 'say' };
  const expected = await oracle.call('atext_completion', args);
  const actual = await llm.completions.create(args);
  assert.equal(actual.choices[0].text, 'Hello');
  assert.deepEqual(support.comparable(actual), support.comparable(expected.value));
  assert.equal(provider.exchanges.at(-1).body.prompt, 'say');
});

test('embeddings: the vectors are LiteLLM’s own, whatever the digits', async () => {
  const vectors = [
    [0.1, -1e-12, 3],
    [0.30000000000000004, 1e300, 0],
  ];
  provider.route('embed', steps.json(openai.embeddings(vectors)));
  const { messages, ...route } = support.request(provider, 'embed');
  const args = { ...route, input: ['a', 'b'] };
  const expected = await oracle.call('aembedding', args);
  const actual = await llm.embeddings.create(args);
  assert.deepEqual(
    actual.data.map((item) => item.embedding),
    vectors,
  );
  assert.deepEqual(support.comparable(actual), support.comparable(expected.value));
  assert.equal(actual.usage.prompt_tokens, 5);
});

test('call: token_counter counts as LiteLLM does', async () => {
  const args = { model: 'gpt-4o', messages: [{ role: 'user', content: 'Grüezi, wie geht es dir?' }] };
  const expected = await oracle.call('token_counter', args);
  const actual = await llm.call('token_counter', args);
  assert.ok(actual > 5);
  assert.equal(actual, expected.value);
});

test('call: completion by its name is what chat.completions.create gives', async () => {
  provider.route('named', steps.json(openai.completion('by name')));
  const response = await llm.call('completion', support.request(provider, 'named'));
  assert.equal(response.choices[0].message.content, 'by name');
});

test('call: the async twin of a function is refused, and the message names the one to use', async () => {
  await assert.rejects(llm.call('acompletion', support.request(provider, 'named')), {
    code: 'ERR_INVALID_ARGUMENT',
    message: /did you mean completion/,
  });
});

for (const name of ['__class__', 'os', 'nothing_like_it', 'set_verbose', 'main.completion']) {
  test(`call: ${name} is no function that may be called`, async () => {
    await assert.rejects(llm.call(name, {}), (error) => {
      assert.equal(error.code, 'ERR_INVALID_ARGUMENT');
      assert.ok(error.message.includes(name), error.message);
      return true;
    });
  });
}

test('call: an argument that the function does not know is LiteLLM’s to refuse', async () => {
  await assert.rejects(llm.call('token_counter', { nonsense: 1 }), (error) => {
    assert.match(error.message, /nonsense/);
    return true;
  });
  assert.equal(await llm.call('token_counter', { model: 'gpt-4o', text: 'still there' }), 2);
});
