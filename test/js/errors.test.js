'use strict';

const assert = require('node:assert/strict');
const fs = require('node:fs');
const path = require('node:path');
const { after, test } = require('node:test');

const bridge = require('../../lib');
const native = require('../../lib/native');
const { REQUEST, scripted, streamed, template, textsOf, worker } = require('./support/peers');

const { AbortError, LiteLLM, LiteLLMError, ProviderError } = bridge;

const llm = new LiteLLM({ python: worker('answers'), log: 'silent' });
after(() => llm.close());

const META = {
  code: 'ERR_PROVIDER',
  name: 'RateLimitError',
  message: 'litellm.RateLimitError: slow down',
  status: 429,
  headers: { 'retry-after': '7' },
  provider: 'openai',
  model: 'gpt-4o',
  type: 'tokens',
  param: null,
  providerCode: 'rate_limit_exceeded',
  retryable: true,
};

/** The error that a call gets for this error frame. */
async function raised(meta) {
  try {
    await llm.chat.completions.create(scripted(['error', meta]));
  } catch (error) {
    return error;
  }
  throw new Error('the call did not fail');
}

test("an error of the provider has LiteLLM's name and words, and all that is known", async () => {
  const error = await raised(META);
  assert.ok(error instanceof bridge.RateLimitError);
  assert.ok(error instanceof ProviderError && error instanceof LiteLLMError && error instanceof Error);
  assert.equal(error.name, 'RateLimitError');
  assert.equal(error.message, 'litellm.RateLimitError: slow down');
  assert.equal(error.code, 'ERR_PROVIDER');
  assert.equal(error.hint, native.errors.ERR_PROVIDER.hint);
  for (const key of [
    'status',
    'headers',
    'provider',
    'model',
    'type',
    'param',
    'providerCode',
    'retryable',
  ]) {
    assert.deepEqual(error[key], META[key], key);
  }
  assert.deepEqual([error.usage, error.cost, error.requestId], [null, null, null]);
});

test('regression 1: an error belongs to its call; the server lives on', async () => {
  const { pid } = llm.status();
  const other = llm.chat.completions.create(scripted(['gate', 'one'], ['result', 'fine']));
  await raised(META);
  await llm.call('test.open', { gate: 'one' });
  assert.equal(await other, 'fine');
  assert.equal(llm.status().pid, pid);
});

test("the classes are related as LiteLLM's exceptions are", async () => {
  const error = await raised({ ...META, name: 'ContextWindowExceededError', status: 400 });
  assert.ok(error instanceof bridge.BadRequestError);
  assert.ok(!(error instanceof bridge.RateLimitError));
  assert.ok(Object.create(bridge.MidStreamFallbackError.prototype) instanceof bridge.ServiceUnavailableError);
  assert.ok(Object.create(bridge.Timeout.prototype) instanceof bridge.APIConnectionError);
});

test('every exception of LiteLLM has a class of its name, in both faces of the package', async () => {
  const esm = await import('../../lib/index.mjs');
  assert.deepEqual(
    Object.keys(esm)
      .filter((name) => name !== 'default')
      .sort(),
    Object.keys(bridge).sort(),
  );
  for (const [name, Class] of Object.entries(bridge)) {
    assert.equal(esm[name], Class);
    assert.equal(Class.name, name);
    if (Class.prototype instanceof Error) assert.equal(Class.prototype.name, name);
  }
});

test('an exception that has no class keeps its name', async () => {
  const error = await raised({ code: 'ERR_PROVIDER', name: 'SomethingNew', message: 'new', status: null });
  assert.equal(error.constructor, ProviderError);
  assert.equal(error.name, 'SomethingNew');
  assert.equal(error.status, null);
  assert.deepEqual(error.headers, {});
  assert.equal(error.retryable, false);
});

test('a name from the wire is never looked up on Object.prototype', async () => {
  assert.equal((await raised({ ...META, name: 'constructor' })).name, 'constructor');
  assert.equal((await raised({ ...META, name: '__proto__' })).constructor, ProviderError);
});

test("the worker's own errors have a code, its text, and what is special", async () => {
  const error = await raised({ code: 'ERR_INVALID_ARGUMENT', message: 'no function exec' });
  assert.equal(error.constructor, LiteLLMError);
  assert.equal(error.code, 'ERR_INVALID_ARGUMENT');
  assert.equal(error.message, 'an argument is not valid: no function exec');
});

test('an error before the first chunk rejects the call itself', async () => {
  await assert.rejects(llm.chat.completions.create(streamed(['error', META])), { name: 'RateLimitError' });
});

test('an error in the middle comes out of the iterator after the chunks that came', async () => {
  const stream = await llm.chat.completions.create(
    streamed(
      template('a'),
      ['delta', 'b'],
      ['error', { ...META, name: 'MidStreamFallbackError', usage: { total_tokens: 2 }, cost: 0.5 }],
    ),
  );
  const texts = [];
  await assert.rejects(
    async () => {
      for await (const chunk of stream) texts.push(chunk.choices[0].delta.content);
    },
    (error) => {
      assert.ok(error instanceof bridge.MidStreamFallbackError);
      assert.deepEqual(error.usage, { total_tokens: 2 });
      assert.equal(error.cost, 0.5);
      return true;
    },
  );
  assert.deepEqual(texts, ['a', 'b']);
  await assert.rejects(stream.finalMessage(), { name: 'MidStreamFallbackError' });
});

test('after an error in the middle the stream tells what was known', async () => {
  const known = {
    usage: { total_tokens: 2 },
    cost: 0.5,
    estimated: true,
    headers: { a: 'b' },
    requestId: 'req-1',
  };
  const stream = await llm.chat.completions.create(streamed(template('a'), ['error', { ...META, ...known }]));
  const error = await textsOf(stream).catch((reason) => reason);
  for (const [name, value] of Object.entries(known)) {
    assert.deepEqual([stream[name], error[name]], [value, value], name);
  }
  const { queued, ttft, total, server } = stream.timings;
  assert.ok(queued > 0 && ttft >= queued && total >= ttft && server > 0);
});

test('an error that knows no figures leaves none', async () => {
  const stream = await llm.chat.completions.create(
    streamed(template('a'), ['error', { code: 'ERR_PROVIDER', message: 'x' }]),
  );
  const error = await textsOf(stream).catch((reason) => reason);
  assert.deepEqual([stream.usage, stream.cost, stream.headers, stream.requestId], [null, null, {}, null]);
  assert.deepEqual([error.usage, error.cost, error.estimated, error.requestId], [null, null, null, null]);
});

test('an error in the middle rejects stream() after the texts that came', async () => {
  const texts = [];
  const onText = (text) => texts.push(text);
  await assert.rejects(llm.stream(scripted(template('a'), ['delta', 'b'], ['error', META]), { onText }), {
    name: 'RateLimitError',
  });
  assert.deepEqual(texts, ['a', 'b']);
});

test('a chunk that is no JSON cancels the call', async () => {
  const stream = await llm.chat.completions.create(
    streamed(template('a'), ['raw_chunk', '{'], ['gate', 'never'], ['end', {}]),
  );
  await assert.rejects(textsOf(stream), { code: 'ERR_PROTOCOL' });
  assert.equal((await llm.call('test.report')).cancelled.length, 1);
});

test("texts and hints are those of the core's table", () => {
  const error = new LiteLLMError('ERR_TIMEOUT', '5 ms');
  assert.equal(error.message, `${native.errors.ERR_TIMEOUT.text}: 5 ms`);
  assert.equal(error.hint, native.errors.ERR_TIMEOUT.hint);
  assert.equal(String(error), `LiteLLMError: ${error.message}`);
});

test('an abort is an AbortError like those of Node', () => {
  const reason = new Error('why');
  const error = new AbortError(reason);
  assert.deepEqual([error.name, error.code, error.cause], ['AbortError', 'ABORT_ERR', reason]);
});

test('docs/errors.md has every code, with its text and its hint', () => {
  const page = fs.readFileSync(path.join(__dirname, '..', '..', 'docs', 'errors.md'), 'utf8');
  for (const [code, { text, hint }] of Object.entries(native.errors)) {
    assert.ok(page.includes(`\`${code}\``), code);
    assert.ok(page.includes(text), text);
    assert.ok(page.includes(hint), hint);
  }
  for (const name of Object.keys(bridge).filter((key) => bridge[key].prototype instanceof ProviderError)) {
    assert.ok(page.includes(`\`${name}\``), name);
  }
});

test('the secret of a request is in no error of ours', async () => {
  const secret = 'sk-very-secret';
  for (const args of [
    { api_key: secret, n: 1n },
    { api_key: [secret, undefined] },
    { model: 5, api_key: secret },
  ]) {
    await assert.rejects(llm.chat.completions.create({ ...REQUEST, ...args }), (error) => {
      assert.ok(!`${error.stack}${error.hint}`.includes(secret));
      return true;
    });
  }
});
