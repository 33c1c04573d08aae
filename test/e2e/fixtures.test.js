'use strict';
/** The fixture provider itself, against plain clients: what the other suites stand on. */
const assert = require('node:assert/strict');
const http = require('node:http');
const net = require('node:net');
const test = require('node:test');
const { crc32 } = require('node:zlib');
const { startProvider, steps, openai, anthropic, gemini, bedrock } = require('../fixtures/provider');

const post = (provider, path, body, options = {}) =>
  fetch(provider.url + path, { method: 'POST', body: JSON.stringify(body), ...options });

const chat = (provider, model, options) =>
  post(provider, '/v1/chat/completions', { model, messages: [] }, options);

/** The raw bytes that a client reads after its request, as one string per segment. */
async function rawParts(provider, model) {
  const socket = net.connect(new URL(provider.url).port, '127.0.0.1');
  const body = JSON.stringify({ model });
  socket.write(`POST / HTTP/1.1\r\nhost: x\r\ncontent-length: ${body.length}\r\n\r\n${body}`);
  const parts = [];
  for await (const part of socket) parts.push(part.toString('latin1'));
  return parts;
}

/** One request over an agent of the test's own; done when the connection is free again. */
function request(provider, model, agent) {
  return new Promise((resolve, reject) => {
    const sent = http.request(provider.url, { method: 'POST', agent }, (response) => {
      response.resume().once('close', resolve);
    });
    sent.once('error', reject).end(JSON.stringify({ model }));
  });
}

test('provider: a script is chosen by the model in the body', async (t) => {
  const provider = await startProvider(t);
  provider.route('a', steps.json({ is: 'a' })).route('b', steps.json({ is: 'b' }));
  assert.deepEqual(await (await chat(provider, 'b')).json(), { is: 'b' });
  assert.deepEqual(await (await chat(provider, 'a')).json(), { is: 'a' });
});

for (const [name, path] of [
  ['Azure', '/openai/deployments/m%3Aone/chat/completions?api-version=x'],
  ['Gemini', '/v1beta/models/m:one:streamGenerateContent'.replace('m:one', 'm%3Aone')],
  ['Bedrock', '/model/m%3Aone/converse-stream'],
]) {
  test(`provider: finds the model's name in a path of ${name}`, async (t) => {
    const provider = await startProvider(t);
    provider.route('m:one', steps.json({ ok: true }));
    const response = await post(provider, path, {});
    assert.equal(response.status, 200);
  });
}

test('provider: without a script it answers 404 and says for what', async (t) => {
  const provider = await startProvider(t);
  const response = await chat(provider, 'unknown');
  assert.equal(response.status, 404);
  assert.match(await response.text(), /no script for POST \/v1\/chat\/completions/);
});

test('provider: records method, path, headers and body', async (t) => {
  const provider = await startProvider(t);
  provider.route('m', steps.json({}));
  await chat(provider, 'm', { headers: { authorization: 'Bearer k' } });
  const exchange = await provider.received('m');
  assert.equal(exchange.method, 'POST');
  assert.equal(exchange.path, '/v1/chat/completions');
  assert.equal(exchange.headers.authorization, 'Bearer k');
  assert.deepEqual(exchange.body, { model: 'm', messages: [] });
});

test('provider: sends status and headers before the first byte of the body', async (t) => {
  const provider = await startProvider(t);
  const gate = steps.gate();
  provider.route('m', [steps.status(429, { 'retry-after': '7' }), steps.wait(gate), steps.end()]);
  const response = await chat(provider, 'm');
  assert.equal(response.status, 429);
  assert.equal(response.headers.get('retry-after'), '7');
  gate.open();
  assert.equal(await response.text(), '');
});

test('provider: a gate holds the bytes back until the test opens it', async (t) => {
  const provider = await startProvider(t);
  const gate = steps.gate();
  provider.route('m', [
    steps.status(200),
    steps.write('one'),
    steps.wait(gate),
    steps.write('two'),
    steps.end(),
  ]);
  const reader = (await chat(provider, 'm')).body.getReader();
  assert.equal(Buffer.from((await reader.read()).value).toString(), 'one');
  const exchange = await provider.received('m');
  assert.equal(exchange.written, 3);
  gate.open();
  assert.equal(Buffer.from((await reader.read()).value).toString(), 'two');
  assert.equal(await exchange.closed, 'finished');
});

test('provider: splits bytes where it is told, even inside a character', () => {
  const parts = steps.split('aé\n', [1, 2]);
  assert.deepEqual(
    parts.map((part) => part.toString('latin1')),
    ['a', '\xc3', '\xa9\n'],
  );
});

test('provider: each part of a cut write is a segment of its own', async (t) => {
  const provider = await startProvider(t);
  provider.route('m', [steps.status(200), steps.writeCut('abcdef', [2, 4]), steps.cut()]);
  const bodies = (await rawParts(provider, 'm')).join('').split('\r\n\r\n')[1];
  assert.equal(bodies, '2\r\nab\r\n2\r\ncd\r\n2\r\nef\r\n');
});

test('provider: a cut delivers what was written and then ends the connection', async (t) => {
  const provider = await startProvider(t);
  provider.route('m', [steps.status(200), steps.write('half'), steps.cut()]);
  const response = await chat(provider, 'm');
  await assert.rejects(response.text(), { message: 'terminated' });
  const exchange = await provider.received('m');
  assert.equal(await exchange.closed, 'server');
  assert.equal(exchange.written, 4);
});

test('provider: a reset breaks the connection before any answer', async (t) => {
  const provider = await startProvider(t);
  provider.route('m', [steps.reset()]);
  await assert.rejects(chat(provider, 'm'), (error) => error.cause?.code === 'ECONNRESET');
  assert.equal(await (await provider.received('m')).closed, 'server');
});

test('provider: tells that the client closed, though it sends nothing itself', async (t) => {
  const provider = await startProvider(t);
  provider.route('m', [steps.status(200), steps.write('x'), steps.wait(steps.gate())]);
  const aborter = new AbortController();
  await chat(provider, 'm', { signal: aborter.signal });
  const exchange = await provider.received('m');
  aborter.abort();
  assert.equal(await exchange.closed, 'client');
  assert.equal(exchange.open, false);
});

test('provider: a reader that stops holds a flood up', async (t) => {
  const provider = await startProvider(t);
  const piece = 'x'.repeat(1 << 20);
  const flooded = steps.gate();
  const counted = (i) => {
    if (i === 99) flooded.open();
    return piece;
  };
  provider.route('flood', [steps.status(200), steps.flood(100, counted), steps.end()]);
  provider.route('other', steps.json({}));
  const response = await chat(provider, 'flood');
  const exchange = await provider.received('flood');
  let before = -1;
  while (exchange.written !== before) {
    before = exchange.written;
    await (await chat(provider, 'other')).text();
  }
  assert.ok(exchange.written < 100 << 20, `${exchange.written} bytes taken unread`);
  const whole = await response.arrayBuffer();
  await flooded.opened;
  assert.equal(whole.byteLength, 100 << 20);
});

test('provider: tells whether a connection is used again', async (t) => {
  const provider = await startProvider(t);
  provider.route('m', steps.json({}));
  const agent = new http.Agent({ keepAlive: true, maxSockets: 1 });
  t.after(() => agent.destroy());
  await request(provider, 'm', agent);
  await request(provider, 'm', agent);
  const [first, second] = provider.exchanges;
  assert.equal(first.reused, false);
  assert.equal(second.reused, true);
  assert.equal(second.connection.id, first.connection.id);
  assert.equal(provider.openConnections, 1);
});

test('openai: a stream is one event a chunk and ends with [DONE]', async (t) => {
  const provider = await startProvider(t);
  const chunks = [...openai.text(['a', 'b']), openai.usageChunk()];
  provider.route('m', openai.stream(chunks));
  const response = await chat(provider, 'm');
  assert.match(response.headers.get('content-type'), /^text\/event-stream/);
  const events = (await response.text()).split('\n\n');
  assert.deepEqual(events.splice(-2), ['data: [DONE]', '']);
  assert.deepEqual(
    events.map((event) => JSON.parse(event.slice('data: '.length))),
    chunks,
  );
});

test('openai: tool calls begin with id and name and go on with arguments', () => {
  const chunks = openai.toolCalls([{ id: 'c1', name: 'f', args: ['{"a"', ':1}'] }]);
  const calls = chunks.flatMap((chunk) => chunk.choices[0].delta.tool_calls ?? []);
  assert.equal(calls[0].function.name, 'f');
  assert.equal(calls.map((call) => call.function.arguments).join(''), '{"a":1}');
  assert.equal(chunks.at(-1).choices[0].finish_reason, 'tool_calls');
});

test('openai: an error has the status, the headers and the shape of the API', async (t) => {
  const provider = await startProvider(t);
  provider.route('m', openai.error(429, { message: 'slow', headers: { 'retry-after': '3' } }));
  const response = await chat(provider, 'm');
  assert.equal(response.status, 429);
  assert.equal(response.headers.get('retry-after'), '3');
  assert.equal((await response.json()).error.message, 'slow');
});

test('anthropic: every event names its type twice and blocks are closed', async (t) => {
  const provider = await startProvider(t);
  provider.route('m', anthropic.stream(anthropic.events([anthropic.textBlock(0, ['hi'])])));
  const text = await (await post(provider, '/v1/messages', { model: 'm' })).text();
  const named = [...text.matchAll(/^event: (.*)$/gm)].map((match) => match[1]);
  const typed = [...text.matchAll(/^data: (.*)$/gm)].map((match) => JSON.parse(match[1]).type);
  assert.deepEqual(named, typed);
  assert.equal(named.at(0), 'message_start');
  assert.equal(named.at(-1), 'message_stop');
  assert.ok(named.includes('content_block_stop'));
});

test('gemini: only the last part of a stream has a finish reason', () => {
  const parts = gemini.text(['a', 'b']);
  assert.deepEqual(
    parts.map((part) => part.candidates[0].finishReason),
    [undefined, 'STOP'],
  );
});

test('bedrock: a message carries its length, both checksums and the payload', () => {
  const bytes = bedrock.textDelta('héllo');
  const headers = bytes.readUInt32BE(4);
  assert.equal(bytes.readUInt32BE(0), bytes.length);
  assert.equal(bytes.readUInt32BE(8), crc32(bytes.subarray(0, 8)));
  assert.equal(bytes.readUInt32BE(bytes.length - 4), crc32(bytes.subarray(0, -4)));
  const payload = JSON.parse(bytes.subarray(12 + headers, -4).toString());
  assert.deepEqual(payload, { contentBlockIndex: 0, delta: { text: 'héllo' } });
});
