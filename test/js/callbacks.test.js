'use strict';

const assert = require('node:assert/strict');
const { once } = require('node:events');
const http2 = require('node:http2');
const net = require('node:net');
const { PassThrough, Writable } = require('node:stream');
const { after, test } = require('node:test');

const { LiteLLM } = require('../../lib');
const { scripted, template, textChunk, until, worker } = require('./support/peers');

const llm = new LiteLLM({ python: worker('answers'), log: 'silent' });
after(() => llm.close());

const END = [
  'end',
  { usage: { total_tokens: 9 }, cost: 0.5, estimated: true, headers: { a: 'b' }, requestId: 'r' },
];
const FINISH = ['chunk', { id: 'x', choices: [{ index: 0, delta: {}, finish_reason: 'stop' }] }];

const cancelled = async () => (await llm.call('test.report')).cancelled.length;

/** A Writable that takes a write when the test lets it, one at a time. */
class Slow extends Writable {
  written = [];
  release = null;

  constructor() {
    super({ highWaterMark: 1, decodeStrings: false });
  }

  _write(text, _encoding, callback) {
    this.written.push(text);
    this.release = () => {
      this.release = null;
      callback();
    };
  }
}

test('resolves to the whole answer, and what is known about it', async () => {
  const { timings, ...final } = await llm.stream(scripted(template('a'), ['delta', 'b'], FINISH, END));
  assert.deepEqual(final, {
    text: 'ab',
    message: { role: 'assistant', content: 'ab' },
    finishReason: 'stop',
    usage: { total_tokens: 9 },
    cost: 0.5,
    estimated: true,
    headers: { a: 'b' },
    requestId: 'r',
  });
  assert.deepEqual(Object.keys(timings), ['queued', 'ttft', 'total', 'server']);
});

test("asks LiteLLM for a stream; the caller's request is not changed", async () => {
  const request = Object.freeze(scripted(['gate', 'asked'], template('a'), END));
  const running = llm.stream(request);
  await llm.call('test.open', { gate: 'asked' });
  await running;
  assert.ok(!('stream' in request));
});

test('onText has every text, onChunk every chunk, onUsage the usage, in order', async () => {
  const seen = [];
  await llm.stream(scripted(template('a'), ['delta', 'b'], FINISH, END), {
    onText: (text) => seen.push(text),
    onChunk: (chunk) => seen.push(chunk),
    onUsage: (...args) => seen.push(args),
  });
  assert.deepEqual(seen, [
    'a',
    textChunk('a'),
    'b',
    textChunk('b'),
    FINISH[1],
    [{ total_tokens: 9 }, { cost: 0.5, estimated: true }],
  ]);
});

test('onText alone builds no chunks: what is not asked for is not made', async (t) => {
  const parse = t.mock.method(JSON, 'parse');
  const count = async (words) => {
    parse.mock.resetCalls();
    await llm.stream(scripted(template('a'), ...Array(words).fill(['delta', 'b']), END), { onText() {} });
    return parse.mock.callCount();
  };
  assert.equal(await count(500), await count(1));
});

test("onText has the first choice's text only", async () => {
  const texts = [];
  const other = { ...textChunk('other'), choices: [{ index: 1, delta: { content: 'other' } }] };
  const reasoning = { ...textChunk(''), choices: [{ index: 0, delta: { reasoning_content: 'hm' } }] };
  const { text, message } = await llm.stream(
    scripted(
      ['template', 2, reasoning],
      ['delta', 'mm'],
      template('a'),
      ['template', 1, other],
      ['delta', 'more'],
      END,
    ),
    { onText: (part) => texts.push(part) },
  );
  assert.deepEqual(texts, ['a']);
  assert.equal(text, 'a');
  assert.equal(message.reasoning_content, 'hmmm');
});

test('onUsage is not called where there is no usage', async (t) => {
  const onUsage = t.mock.fn();
  await llm.stream(scripted(template('a'), ['end', {}]), { onUsage });
  assert.equal(onUsage.mock.callCount(), 0);
});

test('async callbacks are awaited, one after the other', async () => {
  const events = [];
  await llm.stream(scripted(template('a'), ['delta', 'b'], END), {
    async onText(text) {
      events.push(`begin ${text}`);
      await new Promise(setImmediate);
      events.push(`end ${text}`);
    },
    onUsage: async () => {
      await new Promise(setImmediate);
      events.push('usage');
    },
  });
  assert.deepEqual(events, ['begin a', 'end a', 'begin b', 'end b', 'usage']);
});

for (const name of ['onText', 'onChunk', 'onUsage']) {
  for (const [kind, thrower] of [
    [
      'throws',
      (error) => () => {
        throw error;
      },
    ],
    [
      'rejects',
      (error) => async () => {
        throw error;
      },
    ],
  ]) {
    test(`${name} that ${kind} rejects the call with its own error`, async () => {
      const error = new TypeError('mine');
      await assert.rejects(
        llm.stream(scripted(template('a'), ['delta', 'b'], END), { [name]: thrower(error) }),
        error,
      );
    });
  }
}

test('a callback that throws cancels the call, and no callback follows', async (t) => {
  const before = await cancelled();
  const onText = t.mock.fn(() => {
    throw new Error('mine');
  });
  const script = scripted(template('a'), ['delta', 'b'], ['gate', 'never'], END);
  await assert.rejects(llm.stream(script, { onText }), { message: 'mine' });
  assert.equal(await cancelled(), before + 1);
  assert.equal(onText.mock.callCount(), 1);
});

test('an abort rejects at once, even while a callback is pending', async () => {
  const controller = new AbortController();
  const before = await cancelled();
  const running = llm.stream(scripted(template('a'), ['gate', 'never'], END), {
    signal: controller.signal,
    onText: () => {
      controller.abort('enough');
      return new Promise(() => {});
    },
  });
  await assert.rejects(running, { name: 'AbortError', cause: 'enough' });
  assert.equal(await cancelled(), before + 1);
});

test('an abort stops the callbacks although the whole answer is here', async () => {
  const controller = new AbortController();
  const texts = [];
  const running = llm.stream(scripted(template('a'), ['delta', 'b'], ['delta', 'c'], END), {
    signal: controller.signal,
    onText: async (text) => {
      texts.push(text);
      await llm.call('x'); // by now everything has arrived
      if (text === 'b') controller.abort();
    },
  });
  await assert.rejects(running, { name: 'AbortError' });
  assert.deepEqual(texts, ['a', 'b']);
});

test('an abort rejects while the last callback is pending, although the call is over', async () => {
  const controller = new AbortController();
  const stuck = new Promise(() => {});
  let isCalled = false;
  const running = llm.stream(scripted(template('a'), END), {
    signal: controller.signal,
    onUsage: () => {
      isCalled = true;
      return stuck;
    },
  });
  await until(() => isCalled);
  controller.abort('enough');
  await assert.rejects(running, { name: 'AbortError', cause: 'enough' });
});

const written = async (format, ...script) => {
  const stream = new PassThrough();
  const final = await llm.stream(scripted(...script), { responseStream: stream, format });
  stream.end();
  return { final, text: (await stream.setEncoding('utf8').toArray()).join('') };
};

test("responseStream: the text, as it is; the stream stays the caller's to end", async () => {
  const { final, text } = await written(undefined, template('hä'), ['delta', 'llo\n'], FINISH, END);
  assert.equal(text, 'hällo\n');
  assert.equal(final.text, 'hällo\n');
});

test('format sse: events as OpenAI sends them', async () => {
  const { text } = await written('sse', template('a'), ['delta', 'b\n\n"'], FINISH, END);
  const events = text.split('\n\n');
  assert.equal(events.pop(), '');
  assert.equal(events.pop(), 'data: [DONE]');
  assert.deepEqual(
    events.map((event) => JSON.parse(event.replace('data: ', ''))),
    [textChunk('a'), textChunk('b\n\n"'), FINISH[1]],
  );
});

test('format ndjson: a chunk a line', async () => {
  const { text } = await written('ndjson', template('a'), ['delta', 'b\n'], END);
  assert.deepEqual(
    text
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line)),
    [textChunk('a'), textChunk('b\n')],
  );
});

test('an error in the middle is told to the client, and rejects', async () => {
  const stream = new PassThrough();
  const error = {
    code: 'ERR_PROVIDER',
    name: 'RateLimitError',
    message: 'slow',
    type: null,
    param: null,
    providerCode: 'rl',
  };
  await assert.rejects(
    llm.stream(scripted(template('a'), ['error', error]), { responseStream: stream, format: 'sse' }),
    { name: 'RateLimitError' },
  );
  const text = stream.read().toString();
  assert.equal(
    text.split('\n\n')[1],
    'data: {"error":{"message":"slow","type":"RateLimitError","param":null,"code":"rl"}}',
  );
  assert.ok(!text.includes('[DONE]'));
});

test('an error before the first chunk leaves the response untouched', async () => {
  const stream = new PassThrough();
  await assert.rejects(
    llm.stream(scripted(['error', { code: 'ERR_PROVIDER', name: 'APIError', message: 'x' }]), {
      responseStream: stream,
      format: 'sse',
    }),
    { name: 'APIError' },
  );
  assert.equal(stream.read(), null);
  assert.equal(stream.writableEnded, false);
});

test('the words of an error that is not ours stay inside', async () => {
  const stream = new PassThrough();
  const onText = (text) => {
    if (text === 'b') throw new Error('internal path');
  };
  const options = { responseStream: stream, format: 'sse', onText };
  await assert.rejects(llm.stream(scripted(template('a'), ['delta', 'b'], END), options), {
    message: 'internal path',
  });
  assert.ok(!stream.read().toString().includes('internal path'));
});

test('a response that is slow holds up the stream', async () => {
  const stream = new Slow();
  const running = llm.stream(scripted(template('a'), ['delta', 'b'], END), { responseStream: stream });
  await until(() => stream.release);
  await llm.call('x');
  assert.deepEqual(stream.written, ['a'], 'the second write waits for the first');
  stream.release();
  await until(() => stream.release);
  assert.deepEqual(stream.written, ['a', 'b']);
  stream.release();
  assert.equal((await running).text, 'ab');
});

test('regression 8: a client that is gone cancels the call', async () => {
  const before = await cancelled();
  const stream = new PassThrough();
  const running = llm.stream(scripted(template('a'), ['gate', 'never'], END), { responseStream: stream });
  await new Promise((resolve) => stream.once('data', resolve));
  stream.destroy();
  await assert.rejects(running, (error) => {
    assert.equal(error.name, 'AbortError');
    assert.match(error.cause.message, /closed/);
    return true;
  });
  assert.equal(await cancelled(), before + 1);
});

test('a client that is gone while a write waits for it cancels the call', async () => {
  const stream = new Slow();
  const running = llm.stream(scripted(template('a'), ['gate', 'never'], END), { responseStream: stream });
  await until(() => stream.release);
  const cause = new Error('ECONNRESET');
  stream.destroy(cause);
  await assert.rejects(running, { name: 'AbortError', cause });
});

test('a response that is gone already: nothing is sent', async () => {
  const before = (await llm.call('test.report')).seen.length;
  const gone = new PassThrough().destroy();
  await assert.rejects(llm.stream(scripted(END), { responseStream: gone }), { name: 'AbortError' });
  const ended = new PassThrough().end();
  await assert.rejects(llm.stream(scripted(END), { responseStream: ended }), { name: 'AbortError' });
  assert.equal((await llm.call('test.report')).seen.length, before + 1);
});

test('a response ended under way is noticed, with no uncaught exception', async () => {
  const stream = new PassThrough();
  const running = llm.stream(scripted(template('a'), ['delta', 'b'], END), {
    responseStream: stream,
    onText: () => {
      stream.end();
    },
  });
  await assert.rejects(running, { name: 'AbortError' });
});

test('a client that goes while the last piece is written has not had it', async () => {
  const stream = new Slow();
  const running = llm.stream(scripted(template('a'), END), { responseStream: stream, format: 'sse' });
  await until(() => stream.release);
  await llm.call('x'); // by now everything has arrived
  stream.destroy();
  await assert.rejects(running, { name: 'AbortError' });
});

test('a client that goes when it has all of it does not fail the call', async () => {
  const stream = new PassThrough();
  const onUsage = async () => {
    stream.destroy(new Error('ECONNRESET')); // heard, though nobody else listens
    await new Promise((resolve) => stream.once('close', resolve));
  };
  const options = { responseStream: stream, format: 'sse', onUsage };
  assert.equal((await llm.stream(scripted(template('a'), END), options)).text, 'a');
});

test('once it has rejected, nothing is called and nothing is written any more', async () => {
  const stream = new PassThrough();
  let goOn;
  const onText = (text) =>
    text === 'b' &&
    new Promise((resolve) => {
      goOn = resolve;
    });
  const called = [];
  const options = {
    responseStream: stream,
    format: 'sse',
    onText,
    onChunk: (chunk) => called.push(chunk.choices[0].delta.content),
    onUsage: () => called.push('usage'),
  };
  const controller = new AbortController();
  const script = scripted(template('a'), ['delta', 'b'], END);
  const running = llm.stream(script, { ...options, signal: controller.signal });
  await until(() => goOn);
  controller.abort();
  await assert.rejects(running, { name: 'AbortError' });
  goOn();
  await llm.call('x');
  assert.deepEqual(called, ['a']);
  const events = stream.read().toString().split('\n\n');
  assert.equal(events.length, 3, 'a text, the error, and what is behind the last line end');
  assert.match(events[1], /"code":"ABORT_ERR"/);
});

test('behind [DONE] there is no error event', async () => {
  const stream = new PassThrough();
  const pending = () => new Promise(() => {});
  const options = { responseStream: stream, format: 'sse', onUsage: pending, timeout: 100 };
  await assert.rejects(llm.stream(scripted(template('a'), END), options), { code: 'ERR_TIMEOUT' });
  assert.match(stream.read().toString(), /\[DONE\]\n\n$/);
});

test('an abort in the middle is told to the client: an early end looks like a success', async () => {
  const stream = new PassThrough();
  const controller = new AbortController();
  const options = { responseStream: stream, format: 'sse', signal: controller.signal };
  const running = llm.stream(scripted(template('a'), ['gate', 'never'], END), options);
  await until(() => stream.readableLength > 0);
  controller.abort(new Error('internal'));
  await assert.rejects(running, { name: 'AbortError' });
  const [, event] = stream.read().toString().split('\n\n');
  const { error } = JSON.parse(event.replace('data: ', ''));
  assert.deepEqual([error.type, error.code], ['AbortError', 'ABORT_ERR']);
});

test('HTTP/2: a client that is gone already: nothing is sent', async (t) => {
  const before = (await llm.call('test.report')).seen.length;
  const server = http2.createServer();
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const client = http2.connect(`http://127.0.0.1:${server.address().port}`);
  t.after(() => client.close());
  t.after(() => server.close());
  const request = client.request().on('error', () => {});
  const [, response] = await once(server, 'request');
  request.close(http2.constants.NGHTTP2_CANCEL);
  await once(response, 'close');
  await assert.rejects(llm.stream(scripted(END), { responseStream: response }), { name: 'AbortError' });
  assert.equal((await llm.call('test.report')).seen.length, before + 1);
});

test('a socket that closes: the cause is an error', async (t) => {
  const server = net.createServer();
  await once(server.listen(0, '127.0.0.1'), 'listening');
  t.after(() => server.close());
  const client = net.connect(server.address().port).on('data', () => client.destroy());
  const [socket] = await once(server, 'connection');
  socket.on('error', () => {});
  const running = llm.stream(scripted(template('a'), ['gate', 'never'], END), { responseStream: socket });
  await assert.rejects(running, (error) => error.name === 'AbortError' && error.cause instanceof Error);
});

test('no listener is left on the response', async () => {
  const stream = new PassThrough();
  const events = ['drain', 'close', 'error'];
  const count = () => events.map((event) => stream.listenerCount(event));
  const before = count();
  await llm.stream(scripted(template('a'), END), { responseStream: stream });
  assert.deepEqual(count(), before);
});
