'use strict';
/** Many calls, large payloads, slow readers: nothing is lost, nothing holds up another. */
const assert = require('node:assert/strict');
const { AsyncLocalStorage } = require('node:async_hooks');
const fs = require('node:fs');
const test = require('node:test');
const v8 = require('node:v8');
const vm = require('node:vm');
const { steps, openai } = require('../fixtures/provider');
const support = require('./support.js');

const llm = support.openBridge();
const provider = support.sharedProvider();

const MB = 1 << 20;
v8.setFlagsFromString('--expose-gc');
const gc = vm.runInNewContext('gc');
const words = (name, count) => Array.from({ length: count }, (_, i) => `${name}-${i} `);

test('flow: 100 streams at once through one Python, each whole and in order', async () => {
  const names = Array.from({ length: 100 }, (_, i) => `crowd${i}`);
  for (const name of names) provider.route(name, openai.stream(openai.text(words(name, 40))));
  const results = await Promise.all(
    names.map((name) => support.stream(llm, support.request(provider, name))),
  );
  results.forEach(({ chunks }, i) => {
    assert.equal(support.textOf(chunks), words(names[i], 40).join(''));
  });
  assert.equal(llm.status().generation, 1);
});

test('flow: 50 calls are at the provider at the same time', async () => {
  const gate = steps.gate();
  provider.route(/.*/, [steps.wait(gate), ...steps.json(openai.completion('together'))]);
  const before = provider.exchanges.length;
  const calls = Array.from({ length: 50 }, (_, i) =>
    llm.chat.completions.create(support.request(provider, `same-time-${i}`)),
  );
  await support.until(() => provider.exchanges.length === before + 50);
  gate.open();
  for (const response of await Promise.all(calls)) {
    assert.equal(response.choices[0].message.content, 'together');
  }
  provider.route(/.*/, (exchange) => steps.json(openai.completion(exchange.model)));
});

test('flow: answers find their own callers, whatever order they come in', async () => {
  const gates = new Map(['a', 'b', 'c'].map((name) => [name, steps.gate()]));
  for (const [name, gate] of gates) {
    provider.route(name, [steps.wait(gate), ...steps.json(openai.completion(`for ${name}`))]);
  }
  const order = [];
  const calls = [...gates.keys()].map(async (name) => {
    const response = await llm.chat.completions.create(support.request(provider, name));
    order.push(name);
    return response.choices[0].message.content;
  });
  for (const [i, name] of ['c', 'a', 'b'].entries()) {
    await provider.received(name);
    gates.get(name).open();
    await support.until(() => order.length === i + 1);
  }
  assert.deepEqual(await Promise.all(calls), ['for a', 'for b', 'for c']);
  assert.deepEqual(order, ['c', 'a', 'b']);
});

/** A stream of `count` texts of 128 KiB, all different, as fast as it is read. */
function flood(count) {
  const piece = 'word '.repeat((128 << 10) / 5);
  const make = (i) => openai.event(openai.chunk({ content: `${i} ${piece}` }));
  return [
    steps.status(200, openai.SSE_HEADERS),
    steps.write(openai.event(openai.roleChunk())),
    steps.flood(count, make),
    steps.write(openai.event(openai.finishChunk())),
    steps.write(openai.event(openai.usageChunk())), // else LiteLLM counts the tokens of it all
    steps.write(openai.DONE),
    steps.end(),
  ];
}

test('flow: a reader that stops holds up its provider and no other call, in bounded memory', async () => {
  const pieces = 320; // 40 MB
  provider.route('flood', flood(pieces));
  provider.route('other', openai.stream(openai.text(words('other', 200))));
  const asked = { stream: true, stream_options: { include_usage: true } };
  const stream = await llm.chat.completions.create(support.request(provider, 'flood', asked));
  const iterator = stream[Symbol.asyncIterator]();
  const first = await iterator.next();
  assert.match(first.value.choices[0].delta.content, /^0 word/);
  const exchange = await provider.received('flood');
  const { arrayBuffers, heapUsed } = process.memoryUsage();
  for (let before = -1; before !== exchange.written; ) {
    before = exchange.written;
    const { chunks } = await support.stream(llm, support.request(provider, 'other'));
    assert.equal(support.textOf(chunks), words('other', 200).join(''));
  }
  assert.ok(exchange.written < (pieces * MB) / 8 / 2, `${exchange.written} bytes were taken unread`);
  const now = process.memoryUsage();
  const grown = now.arrayBuffers + now.heapUsed - arrayBuffers - heapUsed;
  assert.ok(grown < 24 * MB, `${grown} bytes more in Node`);
  let next = 1;
  for (let item = await iterator.next(); !item.done; item = await iterator.next()) {
    const content = item.value.choices[0]?.delta.content;
    if (content) assert.ok(content.startsWith(`${next++} word`), content.slice(0, 20));
  }
  assert.equal(next, pieces);
  assert.equal(await exchange.closed, 'finished');
});

/** Everything of ours and the garbage of others gone: bytes that Node holds. */
function held() {
  for (let i = 0; i < 3; i++) gc();
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}

const residentMemory = (pid) =>
  Number(/^VmRSS:\s+(\d+) kB$/m.exec(fs.readFileSync(`/proc/${pid}/status`, 'utf8'))[1]) * 1024;

/** Texts without an end: a few letters, or some that take two bytes each here and one on the wire. */
const ENDLESS = [
  (i) => openai.event(openai.chunk({ content: `${i} ` })),
  (i) => openai.event(openai.chunk({ content: `${i} ☃${'x'.repeat(8 << 10)}` })),
];

async function openEndless(name, make) {
  provider.route(name, [steps.status(200, openai.SSE_HEADERS), steps.flood(Infinity, make)]);
  const stream = await llm.chat.completions.create(support.request(provider, name, { stream: true }));
  const iterator = stream[Symbol.asyncIterator]();
  await iterator.next();
  return { stream, iterator, exchange: await provider.received(name) };
}

async function readAnother() {
  const { chunks } = await support.stream(llm, support.request(provider, 'other'));
  assert.equal(support.textOf(chunks), words('other', 100).join(''));
}

const writtenTo = (calls) => calls.reduce((sum, { exchange }) => sum + exchange.written, 0);

/** Reads other streams until nothing goes to these readers any more. */
async function untilHeldUp(calls) {
  for (let before = -1; before !== writtenTo(calls); ) {
    before = writtenTo(calls);
    for (let i = 0; i < 3; i++) await readAnother();
  }
}

test('flow: slow readers hold up their own providers alone, at 1 MB a call', async () => {
  provider.route('other', openai.stream(openai.text(words('other', 100))));
  await readAnother();
  const bare = held();
  const calls = await Promise.all(
    Array.from({ length: 8 }, (_, i) => openEndless(`endless${i}`, ENDLESS[i % 2])),
  );
  const perCall = () => (held() - bare) / calls.length;
  await untilHeldUp(calls);
  assert.ok(perCall() < MB, `${perCall()} bytes a call in Node`);
  const resident = residentMemory(llm.status().pid);
  for (let i = 0; i < 60; i++) {
    // Each takes a chunk now and then.
    for (const { iterator } of calls) assert.equal((await iterator.next()).done, false);
    if (i % 6 === 0) await readAnother();
  }
  await untilHeldUp(calls);
  assert.ok(perCall() < MB, `${perCall()} bytes a call in Node`);
  const grown = residentMemory(llm.status().pid) - resident;
  assert.ok(grown < 16 * MB, `${grown} bytes more in Python`);
  for (const { stream, exchange } of calls) {
    stream.abort();
    assert.equal(await exchange.closed, 'client');
  }
});

test('flow: streams beside one at full speed come to their ends while it goes on', async () => {
  const letters = 'abcdefgh'.repeat(4);
  const make = (i) => openai.event(openai.chunk({ content: `${i} ${letters}` }));
  provider.route('full-speed', [steps.status(200, openai.SSE_HEADERS), steps.flood(Infinity, make)]);
  for (let i = 0; i < 20; i++) {
    const paced = openai
      .text(words(`paced${i}`, 20))
      .flatMap((chunk) => [steps.write(openai.event(chunk)), steps.delay(1)]);
    provider.route(`paced${i}`, [steps.status(200, openai.SSE_HEADERS), ...paced, steps.end()]);
  }
  const stream = await llm.chat.completions.create(support.request(provider, 'full-speed', { stream: true }));
  let taken = 0;
  const reading = (async () => {
    for await (const _ of stream) taken++;
  })();
  const results = await Promise.all(
    Array.from({ length: 20 }, (_, i) => support.stream(llm, support.request(provider, `paced${i}`))),
  );
  results.forEach(({ chunks }, i) => {
    assert.equal(support.textOf(chunks), words(`paced${i}`, 20).join(''));
  });
  const before = taken;
  await support.until(() => taken > before + 1000); // it was not starved, and was not at its end
  stream.abort();
  await assert.rejects(reading, { name: 'AbortError' });
  const exchange = await provider.received('full-speed');
  assert.equal(await exchange.closed, 'client');
});

test('flow: a message of 5 MB arrives whole', async () => {
  provider.route('big-request', steps.json(openai.completion('got it')));
  const content = 'aé漢👩‍🚀\u2028"\\\n'.repeat((5 * MB) / 24);
  const messages = [{ role: 'user', content }];
  await llm.chat.completions.create(support.request(provider, 'big-request', { messages }));
  const { body } = await provider.received('big-request');
  assert.ok(body.messages[0].content === content, 'the message is not what was sent');
});

test('flow: an answer of 10 MB arrives whole', async () => {
  const content = Array.from({ length: MB + MB / 8 }, (_, i) => `${i}é `).join('');
  assert.ok(Buffer.byteLength(content) > 9 * MB);
  provider.route('big-answer', steps.json(openai.completion(content)));
  const response = await llm.chat.completions.create(support.request(provider, 'big-answer'));
  assert.ok(response.choices[0].message.content === content, 'the answer is not what was sent');
});

test('flow: a large answer does not keep a stream waiting', async () => {
  provider.route('big-answer', steps.json(openai.completion('y'.repeat(10 * MB))));
  provider.route('beside', openai.stream(openai.text(words('beside', 100))));
  const [large, { chunks }] = await Promise.all([
    llm.chat.completions.create(support.request(provider, 'big-answer')),
    support.stream(llm, support.request(provider, 'beside')),
  ]);
  assert.equal(large.choices[0].message.content.length, 10 * MB);
  assert.equal(support.textOf(chunks), words('beside', 100).join(''));
});

const TEXTS = {
  'emoji of several code points': ['👩‍🚀', '🏳️‍🌈', 'e\u0301'],
  NUL: ['a\u0000b', '\u0000'],
  'line and paragraph separators': ['a\u2028b', '\u2029', '\u0085'],
  'quotes, backslashes and controls': ['"\\', '\b\f\n\r\t', '\u001f\u007f'],
  'the byte order mark': ['\ufeff', 'x\ufeff'],
  'right to left': ['שלום', ' عالم'],
  'JSON in text': ['{"a":', '[1]}'],
};

for (const [name, parts] of Object.entries(TEXTS)) {
  test(`flow: ${name} come through both ways, streamed and whole`, async () => {
    const text = parts.join('');
    provider.route('text', (exchange) =>
      exchange.body.stream ? openai.stream(openai.text(parts)) : steps.json(openai.completion(text)),
    );
    const args = support.request(provider, 'text', { messages: [{ role: 'user', content: text }] });
    const { chunks } = await support.stream(llm, args);
    assert.equal(support.textOf(chunks), text);
    const response = await llm.chat.completions.create(args);
    assert.equal(response.choices[0].message.content, text);
    assert.equal(provider.exchanges.at(-1).body.messages[0].content, text);
  });
}

test('flow: iterators and callbacks keep the caller’s AsyncLocalStorage', async () => {
  const storage = new AsyncLocalStorage();
  provider.route('context', openai.stream(openai.text(['a', 'b', 'c'])));
  const args = support.request(provider, 'context');
  const runs = ['first', 'second', 'third'].map((store) =>
    storage.run(store, async () => {
      const seen = [];
      const see = () => seen.push(storage.getStore());
      await llm.stream(args, { onText: see, onChunk: see, onUsage: see });
      for await (const _ of await llm.chat.completions.create({ ...args, stream: true })) see();
      await llm.call('token_counter', { model: 'gpt-4o', text: 'x' });
      see();
      return [...new Set(seen)];
    }),
  );
  assert.deepEqual(await Promise.all(runs), [['first'], ['second'], ['third']]);
});

test('flow: connections to the provider are used again', async () => {
  provider.route('again', steps.json(openai.completion('x')));
  for (let i = 0; i < 3; i++) await llm.chat.completions.create(support.request(provider, 'again'));
  const exchanges = provider.exchanges.filter((exchange) => exchange.model === 'again');
  assert.equal(exchanges.at(-1).reused, true);
});

test('flow: an await between the chunks loses and reorders nothing', async () => {
  provider.route('awaited', openai.stream(openai.text(words('w', 60))));
  const texts = [];
  for await (const chunk of await llm.chat.completions.create({
    ...support.request(provider, 'awaited'),
    stream: true,
  })) {
    await new Promise((resolve) => setImmediate(resolve));
    texts.push(chunk.choices[0].delta.content ?? '');
  }
  assert.equal(texts.join(''), words('w', 60).join(''));
});

test('flow: responseStream gets the text as it comes, and is the caller’s to end', async () => {
  const { PassThrough } = require('node:stream');
  const gate = steps.gate();
  const [role, first, ...rest] = openai.text(['Hel', 'lo']).map((chunk) => steps.write(openai.event(chunk)));
  provider.route('piped', [
    steps.status(200, openai.SSE_HEADERS),
    role,
    first,
    steps.wait(gate),
    ...rest,
    steps.end(),
  ]);
  const responseStream = new PassThrough({ encoding: 'utf8' });
  const call = llm.stream(support.request(provider, 'piped'), { responseStream });
  const [early] = await require('node:events').once(responseStream, 'data');
  assert.equal(early, 'Hel');
  gate.open();
  const [late] = await require('node:events').once(responseStream, 'data');
  assert.equal(late, 'lo');
  assert.equal((await call).text, 'Hello');
});
