'use strict';
/** The option `corrections`: docs/differences.md. It shapes Python: each way has its own. */
const assert = require('node:assert/strict');
const test = require('node:test');
const { steps, openai } = require('../fixtures/provider');
const support = require('./support.js');

const provider = support.sharedProvider();
const PARTS = ['The end is ', '[DONE]', ' in SSE, ', 'line\u2028separator.'];
const USAGE = { prompt_tokens: 11, completion_tokens: 7, total_tokens: 18 };

/** LiteLLM reads Anthropic's streams by lines in every version, and OpenAI's by events. */
const ROUTES = {
  anthropic: () => ({ ...support.routes(provider.url).anthropic, messages: support.MESSAGES }),
  openai: () => support.request(provider, 'refusing'),
};

function route() {
  const { anthropic } = require('../fixtures/provider');
  const events = anthropic.events([anthropic.textBlock(0, ['one', 'line\u2028separator', 'end'])]);
  provider.route(ROUTES.anthropic().model.split('/')[1], [
    steps.status(200, anthropic.SSE_HEADERS),
    ...events.map(anthropic.event).map(steps.write),
    steps.end(),
  ]);
  provider.route('refusing', openai.stream(openai.refusal(['I ', 'can’t.'])));
  provider.route('llama', openai.stream([...openai.text(PARTS), openai.usageChunk(USAGE)]));
}

const groq = () => ({
  model: 'groq/llama',
  api_base: `${provider.url}/openai/v1`,
  api_key: support.KEY,
  messages: support.MESSAGES,
});

const refusalOf = (chunks) => chunks.map((chunk) => chunk.choices[0]?.delta?.refusal ?? '').join('');

test('corrections: by default nothing of what the provider sent is lost', async (t) => {
  route();
  const llm = support.openBridge(t);
  const byLines = await support.stream(llm, groq());
  assert.equal(support.textOf(byLines.chunks), PARTS.join(''));
  assert.deepEqual(
    [byLines.stream.usage.prompt_tokens, byLines.stream.usage.completion_tokens, byLines.stream.estimated],
    [11, 7, false],
  );
  const separated = await support.stream(llm, ROUTES.anthropic());
  assert.equal(support.textOf(separated.chunks), 'oneline\u2028separatorend');
  assert.equal(refusalOf((await support.stream(llm, ROUTES.openai())).chunks), 'I can’t.');
});

test('corrections: false gives what LiteLLM gives', async (t) => {
  route();
  const llm = support.openBridge(t, { corrections: false });
  const oracle = support.sharedOracle(llm);
  for (const args of [groq(), ROUTES.anthropic(), ROUTES.openai()]) {
    const expected = await oracle.call('acompletion', { ...args, stream: true });
    const { chunks } = await support.read(llm.chat.completions.create({ ...args, stream: true }));
    assert.deepEqual(support.comparable(chunks), support.comparable(expected.chunks));
    assert.equal(refusalOf(chunks), '');
    assert.doesNotMatch(support.textOf(chunks), /separator/);
  }
});
