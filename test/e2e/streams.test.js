'use strict';
/** Every chunk deep-equals what plain LiteLLM gives for the same bytes, and so does the error. */
const assert = require('node:assert/strict');
const test = require('node:test');
const { steps, openai, anthropic, gemini, bedrock } = require('../fixtures/provider');
const support = require('./support.js');

/** Its results are LiteLLM's to the letter; corrections.test.js has what is mended. */
const llm = support.openBridge(undefined, { corrections: false });
const oracle = support.sharedOracle(llm);
const provider = support.sharedProvider();

const USAGE = { stream_options: { include_usage: true } };
const TEXT = openai.text(['Hel', 'lo, ', 'wor', 'ld']);
const event = (value) => steps.write(openai.event(value));
const raw = (...writes) => [steps.status(200, openai.SSE_HEADERS), ...writes];
const whole = (text) => raw(steps.write(text), steps.end());

/** The whole stream in segments of `size` bytes. */
function segments(text, size) {
  const { length } = Buffer.from(text);
  const positions = Array.from({ length: Math.ceil(length / size) - 1 }, (_, i) => (i + 1) * size);
  return raw(steps.writeCut(text, positions), steps.end());
}

const twoChoices = (index, content) =>
  openai.chunk({}, { choices: [{ index, delta: { content }, logprobs: null, finish_reason: null }] });

const logprobs = (content) =>
  openai.chunk(
    {},
    {
      choices: [
        {
          index: 0,
          delta: { content },
          logprobs: { content: [{ token: content, logprob: -0.1, bytes: [1], top_logprobs: [] }] },
          finish_reason: null,
        },
      ],
    },
  );

const filters = openai.chunk(
  {},
  { id: '', choices: [], prompt_filter_results: [{ prompt_index: 0, content_filter_results: {} }] },
);

const OPENAI = {
  'a text': openai.stream(TEXT),
  'a text with usage': { script: openai.stream([...TEXT, openai.usageChunk()]), args: USAGE },
  'usage that was not asked for': openai.stream([...TEXT, openai.usageChunk()]),
  'finish reason length': openai.stream(openai.text(['a'], { finish: 'length' })),
  'finish reason content_filter': openai.stream(openai.text(['a'], { finish: 'content_filter' })),
  'no text at all': openai.stream(openai.text([])),
  'empty parts between others': openai.stream(openai.text(['a', '', 'b', '', ''])),
  'one tool call': openai.stream(openai.toolCalls([{ id: 'c1', name: 'f', args: ['{"a"', ':', '1}'] }])),
  'two tool calls': openai.stream(
    openai.toolCalls([
      { id: 'c1', name: 'f', args: ['{"city":', '"Bern"}'] },
      { id: 'c2', name: 'g', args: ['{}'] },
    ]),
  ),
  'a legacy function call': openai.stream([
    openai.chunk({ role: 'assistant', content: null, function_call: { name: 'f', arguments: '' } }),
    openai.chunk({ function_call: { arguments: '{"a":1}' } }),
    openai.finishChunk('function_call'),
  ]),
  'reasoning before the text': openai.stream(openai.reasoning(['hm', ', well'], ['so', '.'])),
  'a refusal': openai.stream(openai.refusal(['I ', 'cannot'])),
  'two choices that take turns': {
    script: openai.stream([
      twoChoices(0, 'a'),
      twoChoices(1, 'x'),
      twoChoices(0, 'b'),
      twoChoices(1, 'y'),
      openai.finishChunk(),
    ]),
    args: { n: 2 },
  },
  'log probabilities': {
    script: openai.stream([logprobs('a'), logprobs('b'), openai.finishChunk()]),
    args: { logprobs: true },
  },
  'keys that nobody knows': openai.stream(openai.text(['a', 'b'], { x_new: { deep: [1, null] } })),
  'no fingerprint': openai.stream(openai.text(['a', 'b'], { system_fingerprint: undefined })),
  'a model that changes': openai.stream([
    openai.chunk({ content: 'a' }, { model: 'one' }),
    openai.chunk({ content: 'b' }, { model: 'two' }),
    openai.finishChunk(),
  ]),
  'no finish reason': openai.stream(TEXT.slice(0, -1)),
  'no [DONE]': whole(openai.sse(TEXT, { done: false })),
  'finish reason and text in one chunk': openai.stream([
    openai.chunk({ content: 'all' }, { finish: 'stop' }),
  ]),
  'comments and blank lines': whole(`: ping\n\n\n${openai.sse(TEXT).replaceAll('\n\n', '\n\n: ping\n\n')}`),
  'CRLF line ends': whole(openai.sse(TEXT).replaceAll('\n', '\r\n')),
  'one segment for all': whole(openai.sse(TEXT)),
  'segments of 7 bytes': segments(openai.sse(openai.text(['é', '漢字', '👩‍🚀', 'a\u2028b'])), 7),
  'characters that JSON escapes': openai.stream(
    openai.text(['"\\/\b\f\n\r\t', '\u0000\u001f', '\ud83d\ude00']),
  ),
  'text that looks like the protocol': openai.stream(
    openai.text(['data: [DONE]\n\n', '[DONE]', '{"choices":[]}', '</s>']),
  ),
  'a single very long part': openai.stream(openai.text(['word '.repeat(60_000), 'y'])),
  '300 parts': openai.stream(openai.text(Array.from({ length: 300 }, (_, i) => `${i} `))),
  'the same part 90 times': openai.stream(openai.text(Array.from({ length: 90 }, () => 'echo'))),
  'the same part 150 times': openai.stream(openai.text(Array.from({ length: 150 }, () => 'echo'))),
  'an error in band': raw(
    ...TEXT.slice(0, 3).map(event),
    event({ error: { message: 'overloaded', type: 'server_error', code: 'overloaded' } }),
    steps.end(),
  ),
  'an error in band before any text': raw(
    event({ error: { message: 'no capacity', type: 'server_error', code: null } }),
    steps.end(),
  ),
  'a chunk that is no JSON': raw(
    ...TEXT.slice(0, 3).map(event),
    steps.write('data: {"id": \n\n'),
    steps.end(),
  ),
  'a connection that closes in the middle': raw(...TEXT.slice(0, 3).map(event), steps.delay(20), steps.cut()),
  'a connection that is reset in the middle': raw(
    ...TEXT.slice(0, 3).map(event),
    steps.delay(20),
    steps.reset(),
  ),
};

const AZURE = {
  'filter results first': openai.stream([filters, ...openai.text(['a', 'b'], { model: 'gpt-4o-2024' })]),
  'a text with usage': { script: openai.stream([filters, ...TEXT, openai.usageChunk()]), args: USAGE },
};

const CLAUDE_TEXT = anthropic.textBlock(0, ['Hel', 'lo']);
const CLAUDE_TOOL = anthropic.toolBlock(1, { id: 't1', name: 'f', args: ['{"a"', ':1}'] });
const claudeHead = anthropic.events([CLAUDE_TEXT]).slice(0, 5);
const claudeRaw = (list, ...rest) =>
  raw(...list.map((value) => steps.write(anthropic.event(value))), ...rest);

const ANTHROPIC = {
  'a text': anthropic.stream(anthropic.events([CLAUDE_TEXT])),
  'a text with usage': { script: anthropic.stream(anthropic.events([CLAUDE_TEXT])), args: USAGE },
  'a tool call': anthropic.stream(anthropic.events([CLAUDE_TEXT, CLAUDE_TOOL], { stop: 'tool_use' })),
  'thinking before the text': anthropic.stream(
    anthropic.events([anthropic.thinkingBlock(0, ['let ', 'me']), anthropic.textBlock(1, ['so'])]),
  ),
  'finish reason max_tokens': anthropic.stream(anthropic.events([CLAUDE_TEXT], { stop: 'max_tokens' })),
  'an error in band': claudeRaw(
    [...claudeHead, { type: 'error', error: { type: 'overloaded_error', message: 'Overloaded' } }],
    steps.end(),
  ),
  'a connection that is reset in the middle': claudeRaw(claudeHead, steps.delay(20), steps.reset()),
};

const CALL = { functionCall: { name: 'f', args: { a: 1 } } };

const GEMINI = {
  'a text': gemini.stream(gemini.text(['Hel', 'lo', '!'])),
  'a text with usage': { script: gemini.stream(gemini.text(['Hel', 'lo'])), args: USAGE },
  'a function call': gemini.stream([gemini.response([CALL], { finish: 'STOP' })]),
  'finish reason MAX_TOKENS': gemini.stream(gemini.text(['a'], { finish: 'MAX_TOKENS' })),
};

const ROCK_TEXT = bedrock.messages([bedrock.textBlock(0, ['Hel', 'lo'])]);
const rockRaw = (...writes) => [steps.status(200, bedrock.STREAM_HEADERS), ...writes];

const BEDROCK = {
  'a text': bedrock.stream(ROCK_TEXT),
  'a text with usage': { script: bedrock.stream(ROCK_TEXT), args: USAGE },
  'a tool call': bedrock.stream(
    bedrock.messages([bedrock.toolBlock(0, { id: 't1', name: 'f', args: ['{"a"', ':1}'] })], {
      stop: 'tool_use',
    }),
  ),
  'segments inside messages': rockRaw(
    steps.writeCut(Buffer.concat(ROCK_TEXT), [1, 5, 11, 13, 90, 150]),
    steps.end(),
  ),
  'an exception in band': rockRaw(
    ...ROCK_TEXT.slice(0, 2).map(steps.write),
    steps.write(bedrock.exception('throttlingException', 'Too many tokens')),
    steps.end(),
  ),
};

/** The same request through plain LiteLLM and through the bridge. */
async function both(args) {
  const expected = await oracle.call('acompletion', args);
  const actual = await support.read(llm.chat.completions.create(args));
  return { expected, actual };
}

const FIXTURES = { openai: OPENAI, azure: AZURE, anthropic: ANTHROPIC, gemini: GEMINI, bedrock: BEDROCK };

for (const [format, fixtures] of Object.entries(FIXTURES)) {
  for (const [name, fixture] of Object.entries(fixtures)) {
    test(`stream of ${format}, ${name}: chunks and error are LiteLLM's own`, async () => {
      const { script = fixture, args = {} } = fixture;
      provider.route(() => true, script);
      const route = support.routes(provider.url)[format];
      const { expected, actual } = await both({
        ...route,
        messages: support.MESSAGES,
        stream: true,
        ...args,
      });
      assert.deepEqual(support.comparable(actual.chunks), support.comparable(expected.chunks));
      assert.equal(actual.error?.name, expected.error?.name);
      assert.equal(actual.error?.status ?? null, expected.error?.status ?? null);
    });
  }
}

test('stream: the id and the time of creation are the same on all chunks', async () => {
  provider.route('same', openai.stream(TEXT));
  const { chunks } = await support.stream(llm, support.request(provider, 'same'));
  assert.deepEqual([...new Set(chunks.map((chunk) => chunk.id))], ['chatcmpl-fixture']);
  assert.equal(new Set(chunks.map((chunk) => chunk.created)).size, 1);
});

test('stream: a chunk that its reader changes changes no other', async () => {
  provider.route('fresh', openai.stream(TEXT));
  const stream = await llm.chat.completions.create({ ...support.request(provider, 'fresh'), stream: true });
  const texts = [];
  for await (const chunk of stream) {
    texts.push(chunk.choices[0].delta.content);
    chunk.choices[0].delta.content = 'changed';
    chunk.model = 'changed';
    chunk.extra = true;
  }
  // Newer versions of LiteLLM pass the provider's empty first text on.
  assert.deepEqual(texts.filter(Boolean), ['Hel', 'lo, ', 'wor', 'ld']);
});

test('stream: callbacks get the same chunks and texts as the iterator', async () => {
  provider.route('callbacks', openai.stream(TEXT));
  const { chunks } = await support.stream(llm, support.request(provider, 'callbacks'));
  const seen = { chunks: [], texts: [] };
  await llm.stream(support.request(provider, 'callbacks'), {
    onChunk: (chunk) => seen.chunks.push(chunk),
    onText: (text) => seen.texts.push(text),
  });
  assert.deepEqual(support.comparable(seen.chunks), support.comparable(chunks));
  assert.deepEqual(seen.texts, ['Hel', 'lo, ', 'wor', 'ld']);
});

test('stream: a text completion streams the chunks of LiteLLM', async () => {
  const parts = ['a', 'b'].map((text) => openai.textCompletion(text, { finish: null }));
  provider.route('words', openai.stream([...parts, openai.textCompletion('')]));
  const { messages, ...route } = support.request(provider, 'words');
  const args = { ...route, model: 'text-completion-openai/words', prompt: 'x', stream: true };
  const expected = await oracle.call('atext_completion', args);
  const { chunks } = await support.read(llm.completions.create(args));
  assert.ok(expected.chunks.length > 1);
  assert.deepEqual(support.comparable(chunks), support.comparable(expected.chunks));
});
