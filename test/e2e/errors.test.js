'use strict';
/** LiteLLM's errors as ours: class, status, provider, text; and no secret in any of it. */
const assert = require('node:assert/strict');
const { once } = require('node:events');
const net = require('node:net');
const test = require('node:test');
const { inspect } = require('node:util');
const { steps, openai, anthropic } = require('../fixtures/provider');
const support = require('./support.js');

const { LiteLLMError } = require('../..');

const llm = support.openBridge();
const oracle = support.sharedOracle(llm);
const provider = support.sharedProvider();

const NO_RETRY = { max_retries: 0 };

/** The error that a whole call of this script ends with. */
async function failure(script, extra) {
  provider.route('failing', script);
  const args = support.request(provider, 'failing', { ...NO_RETRY, ...extra });
  return llm.chat.completions.create(args).then(
    () => assert.fail('the call succeeded'),
    (error) => error,
  );
}

const STATUSES = [
  // [the provider's status, LiteLLM's class, its status, whether the same may succeed later]
  [400, 'BadRequestError', 400, false],
  [401, 'AuthenticationError', 401, false],
  [404, 'NotFoundError', 404, false],
  [408, 'Timeout', 408, true],
  [422, 'BadRequestError', 400, false],
  [429, 'RateLimitError', 429, true],
  [500, 'InternalServerError', 500, true],
  [503, 'ServiceUnavailableError', 503, true],
];

for (const [sent, name, status, retryable] of STATUSES) {
  test(`errors: ${sent} of the provider is a ${name}, ${retryable ? '' : 'not '}retryable`, async () => {
    const error = await failure(openai.error(sent, { message: `words of ${sent}` }));
    assert.ok(error instanceof LiteLLMError);
    assert.ok(error instanceof Error);
    assert.equal(error.name, name);
    assert.equal(error.constructor.name, name);
    assert.equal(error.code, 'ERR_PROVIDER');
    assert.equal(error.status, status);
    assert.equal(error.provider, 'openai');
    assert.equal(error.retryable, retryable);
    assert.match(error.message, new RegExp(`words of ${sent}`));
    assert.equal(typeof error.hint, 'string');
  });
}

for (const sent of [403, 502, 409, 418, 529]) {
  test(`errors: ${sent} of the provider has LiteLLM's own class, status and text`, async () => {
    const script = openai.error(sent, { message: 'odd one' });
    const error = await failure(script);
    const args = support.request(provider, 'failing', NO_RETRY);
    const { error: expected } = await oracle.call('acompletion', args);
    assert.equal(error.name, expected.name);
    assert.equal(error.status, expected.status);
    assert.equal(error.message, expected.message);
  });
}

test('errors: 429 keeps retry-after and the rate limit’s headers', async () => {
  const headers = { 'retry-after': '7', 'x-ratelimit-remaining-tokens': '0', 'x-request-id': 'req-429' };
  const error = await failure(openai.error(429, { headers }));
  assert.equal(error.headers['retry-after'], '7');
  assert.equal(error.headers['x-ratelimit-remaining-tokens'], '0');
});

test('errors: too long a prompt is a ContextWindowExceededError, a kind of BadRequestError', async () => {
  const error = await failure(
    openai.error(400, {
      message: "This model's maximum context length is 4096 tokens.",
      code: 'context_length_exceeded',
    }),
  );
  assert.equal(error.name, 'ContextWindowExceededError');
  assert.equal(Object.getPrototypeOf(error.constructor).name, 'BadRequestError');
});

test('errors: an overload of Anthropic names anthropic as the provider and is retryable', async () => {
  const script = anthropic.error(529, { type: 'overloaded_error', text: 'Overloaded' });
  provider.route('claude-sonnet-4-5-20250929', script);
  const args = { ...support.routes(provider.url).anthropic, messages: support.MESSAGES, ...NO_RETRY };
  const { error: expected } = await oracle.call('acompletion', args);
  const error = await llm.chat.completions.create(args).catch((caught) => caught);
  assert.equal(error.name, expected.name);
  assert.equal(error.status, expected.status);
  assert.equal(error.provider, 'anthropic');
  assert.equal(error.retryable, true);
  assert.match(error.message, /Overloaded/);
});

test('errors: an unknown provider is LiteLLM’s BadRequestError', async () => {
  await assert.rejects(llm.chat.completions.create({ model: 'nosuchthing', messages: support.MESSAGES }), {
    name: 'BadRequestError',
    message: /LLM Provider NOT provided/,
  });
});

test('errors: no key anywhere is an AuthenticationError that says so', async () => {
  const { api_key, ...args } = support.request(provider, 'gpt-4o');
  await assert.rejects(llm.chat.completions.create(args), {
    name: 'AuthenticationError',
    message: /api_key/,
  });
});

test('errors: a refused connection is retryable and says that it is the connection', async () => {
  const server = net.createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address();
  await new Promise((resolve) => server.close(resolve));
  const args = { ...support.request(provider, 'm', NO_RETRY), api_base: `http://127.0.0.1:${port}/v1` };
  const error = await llm.chat.completions.create(args).catch((caught) => caught);
  assert.equal(error.code, 'ERR_PROVIDER');
  assert.equal(error.name, 'InternalServerError');
  assert.equal(error.retryable, true);
  assert.match(error.message, /[Cc]onnect/);
});

test('errors: a connection that is reset before an answer fails the call, not the server', async () => {
  const error = await failure([steps.reset()]);
  assert.equal(error.code, 'ERR_PROVIDER');
  assert.equal(error.retryable, true);
  assert.equal(llm.status().state, 'running');
});

for (const [name, body] of Object.entries({
  'half an object': '{"id": "x", "choi',
  'no JSON': '<html>Bad gateway</html>',
  nothing: '',
})) {
  test(`errors: ${name} as a body is a typed error`, async () => {
    const error = await failure(steps.respond(200, { 'content-type': 'application/json' }, body));
    assert.equal(error.code, 'ERR_PROVIDER');
    assert.ok(error.message.length > 10, error.message);
  });
}

test('errors: an HTML page with a 502 keeps the status', async () => {
  const error = await failure(
    steps.respond(502, { 'content-type': 'text/html' }, '<html>Bad gateway</html>'),
  );
  assert.equal(error.status, 502);
});

test('errors: a stream that fails before its first chunk keeps its class and status', async () => {
  provider.route('failing', openai.error(429, { headers: { 'retry-after': '3' } }));
  const args = support.request(provider, 'failing', { ...NO_RETRY, stream: true });
  const { chunks, error } = await support.read(llm.chat.completions.create(args));
  assert.deepEqual(chunks, []);
  assert.equal(error.name, 'RateLimitError');
  assert.equal(error.status, 429);
  assert.equal(error.headers['retry-after'], '3');
});

test('errors: an error in mid-stream comes after the chunks that came', async () => {
  const chunks = openai.text(['Hel', 'lo']).slice(0, 3);
  const failed = { error: { message: 'overloaded in band', type: 'server_error', code: null } };
  provider.route('failing', [
    steps.status(200, openai.SSE_HEADERS),
    ...[...chunks, failed].map((value) => steps.write(openai.event(value))),
    steps.end(),
  ]);
  const args = support.request(provider, 'failing', { ...NO_RETRY, stream: true });
  const result = await support.read(llm.chat.completions.create(args));
  assert.equal(support.textOf(result.chunks), 'Hello');
  assert.equal(result.error.name, 'MidStreamFallbackError');
  assert.equal(result.error.status, 503);
  assert.equal(result.error.retryable, true);
  assert.match(result.error.message, /overloaded in band/);
});

test('errors: llm.stream rejects with the error, after its callbacks had the text', async () => {
  const texts = [];
  provider.route('failing', [
    steps.status(200, openai.SSE_HEADERS),
    ...openai
      .text(['Hel', 'lo'])
      .slice(0, 3)
      .map((value) => steps.write(openai.event(value))),
    steps.write(openai.event({ error: { message: 'gone', type: 'server_error', code: null } })),
    steps.end(),
  ]);
  const args = support.request(provider, 'failing', NO_RETRY);
  await assert.rejects(llm.stream(args, { onText: (text) => texts.push(text) }), { code: 'ERR_PROVIDER' });
  assert.deepEqual(texts, ['Hel', 'lo']);
});

const SECRETS = {
  'an OpenAI key': 'sk-proj-AbCdEfGhIjKlMnOpQrStUvWxYz0123456789abcd',
  'an Anthropic key': 'sk-ant-api03-AbCdEfGhIjKlMnOpQrStUvWxYz0123456789',
  'a key of no known shape': 'Zq8vT3rW5yB1nM6kD9sF2gH4jL7pX0cV',
};

for (const [what, secret] of Object.entries(SECRETS)) {
  test(`errors: ${what} that the provider quotes is in no text, property or log`, async () => {
    const logs = [];
    llm.on('log', (record) => logs.push(record));
    const quoted = openai.error(401, { message: `Incorrect API key provided: ${secret}.` });
    const error = await failure(quoted, { api_key: secret });
    const shown = [
      error.message,
      error.stack,
      inspect(error, { depth: 9, showHidden: true }),
      JSON.stringify(error),
    ];
    for (const text of [...shown, JSON.stringify(logs)]) assert.ok(!text.includes(secret), text);
    assert.equal(error.name, 'AuthenticationError');
    assert.match(error.message, /Incorrect API key provided/);
  });
}

test('errors: a key in a URL of the provider is not in the text', async () => {
  const secret = 'AIzaSyA0123456789abcdefghijklmnopqrstuv';
  provider.route('gemini-2.5-pro', steps.json({ error: { code: 400, message: 'bad' } }, { code: 400 }));
  const route = { ...support.routes(provider.url).gemini, api_key: secret };
  const error = await llm.chat.completions
    .create({ ...route, messages: support.MESSAGES })
    .catch((caught) => caught);
  assert.equal(error.code, 'ERR_PROVIDER');
  assert.ok(!inspect(error, { depth: 9 }).includes(secret));
});

test('errors: the prompt is not in the text of an error that does not quote it', async () => {
  const messages = [{ role: 'user', content: 'my private words' }];
  const error = await failure(openai.error(500, { message: 'boom' }), { messages });
  assert.ok(!inspect(error, { depth: 9 }).includes('my private words'));
});

const CYCLE = { role: 'user' };
CYCLE.content = [CYCLE];

const REFUSED = {
  'no model': [{ messages: [] }, /model/],
  'a model that is no string': [{ model: 7, messages: [] }, /model/],
  'no messages': [{ model: 'gpt-4o' }, /messages/],
  'a BigInt': [
    { model: 'gpt-4o', messages: [{ role: 'user', content: 1n }] },
    /messages\[0\]\.content.*BigInt/,
  ],
  'a cycle': [{ model: 'gpt-4o', messages: [CYCLE] }, /messages\[0\]/],
  'a function': [{ model: 'gpt-4o', messages: [], tools: [() => {}] }, /tools\[0\]/],
  NaN: [{ model: 'gpt-4o', messages: [], temperature: Number.NaN }, /temperature/],
  'more than 64 MiB': [
    { model: 'gpt-4o', messages: [{ role: 'user', content: 'x'.repeat(64 << 20) }] },
    /67108864/,
  ],
};

for (const [what, [args, words]] of Object.entries(REFUSED)) {
  test(`errors: ${what} is refused before anything is sent, by name`, async () => {
    const before = provider.exchanges.length;
    await assert.rejects(async () => llm.chat.completions.create(args), {
      code: 'ERR_INVALID_ARGUMENT',
      message: words,
    });
    assert.equal(provider.exchanges.length, before);
  });
}

for (const option of ['nonsense', 'workers', 'standby', 'config', 'metrics', 'corrections']) {
  test(`errors: the option ${option} is refused by its name`, () => {
    assert.throws(
      () => new support.LiteLLM({ [option]: 1 }),
      (error) => {
        assert.equal(error.code, 'ERR_INVALID_ARGUMENT');
        assert.ok(error.message.includes(option), error.message);
        return true;
      },
    );
  });
}

test('errors: an unknown option of a call is refused by its name', async () => {
  const args = support.request(provider, 'gpt-4o');
  await assert.rejects(async () => llm.chat.completions.create(args, { retries: 3 }), {
    code: 'ERR_INVALID_ARGUMENT',
    message: /retries/,
  });
});

test('errors: after all of them the same Python serves', async () => {
  const { pid, generation } = llm.status();
  provider.route('good', steps.json(openai.completion('fine')));
  const response = await llm.chat.completions.create(support.request(provider, 'good'));
  assert.equal(response.choices[0].message.content, 'fine');
  assert.equal(generation, 1);
  assert.equal(llm.status().pid, pid);
});
