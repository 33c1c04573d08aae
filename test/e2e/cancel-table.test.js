'use strict';
/**
 * Every family of providers, every stage of a call, every way to leave it: the provider's
 * connection is closed at once, and one that was read to its end is used again.
 */
const assert = require('node:assert/strict');
const { once } = require('node:events');
const net = require('node:net');
const path = require('node:path');
const { Writable } = require('node:stream');
const test = require('node:test');
const { Worker } = require('node:worker_threads');
const { steps } = require('../fixtures/provider');
const { families } = require('./families.js');
const support = require('./support.js');

const SLOWEST = 5000; // ms; what is measured is said in the end, on a quiet machine a few ms
const THREAD = path.join(__dirname, 'programs', 'thread.js');

const llm = support.openBridge();
const provider = support.sharedProvider();
const NAMES = Object.keys(families('http://provider'));

/** ms from the moment of leaving to the end of the connection, by row. @type {Map<string, number>} */
const took = new Map();

const argsOf = (name) => ({ ...families(provider.url)[name].args, messages: support.MESSAGES });
const never = () => steps.wait(steps.gate());

/** Scripts for the stage in which the call is left. */
const STAGES = {
  'before the head': () => [never()],
  'before the first byte': ({ headers }) => [steps.status(200, headers), never()],
  'in mid-stream': ({ headers, events, before = 3 }) => [
    steps.status(200, headers),
    ...events.slice(0, before).map(steps.write),
    never(),
  ],
};

/** Lets the next request of a family meet a script; its exchange, when it has arrived. */
function expectRequest(name, stage) {
  const known = provider.exchanges.length;
  provider.route(() => true, STAGES[stage](families(provider.url)[name]));
  return provider.received((exchange) => provider.exchanges.indexOf(exchange) >= known);
}

/** Leaves, and measures how long the provider's connection lives on. */
async function measure(row, exchange, leave) {
  const since = performance.now();
  const closed = exchange.closed.then((by) => ({ by, ms: performance.now() - since }));
  await leave();
  const { by, ms } = await closed;
  assert.equal(by, 'client');
  assert.ok(ms < SLOWEST, `${ms} ms`);
  took.set(row, ms);
}

/** Ways to leave a loop. What comes until then is read before it is measured. */
const WAYS = {
  break: (stream) => async () => {
    for await (const _ of stream) break;
  },
  return: (stream) => async () => {
    const iterator = stream[Symbol.asyncIterator]();
    await iterator.next();
    await iterator.return();
  },
};

for (const name of NAMES) {
  for (const stage of Object.keys(STAGES)) {
    test(`cancel: ${name}, an abort ${stage}`, async () => {
      const arrived = expectRequest(name, stage);
      const aborter = new AbortController();
      const options = { signal: aborter.signal };
      const read = support.read(llm.chat.completions.create({ ...argsOf(name), stream: true }, options));
      const exchange = await arrived;
      if (stage !== 'before the head') await support.until(() => exchange.headed);
      if (stage === 'in mid-stream') await support.until(() => exchange.written > 0);
      await measure(`${name}, abort ${stage}`, exchange, () => aborter.abort());
      assert.equal((await read).error.name, 'AbortError');
    });
  }

  test(`cancel: ${name}, break out of the loop, and return`, async () => {
    for (const way of Object.keys(WAYS)) {
      const arrived = expectRequest(name, 'in mid-stream');
      const stream = await llm.chat.completions.create({ ...argsOf(name), stream: true });
      const exchange = await arrived;
      await support.until(() => exchange.written > 0);
      await measure(`${name}, ${way}`, exchange, WAYS[way](stream));
    }
  });

  test(`cancel: ${name}, the time limit`, async () => {
    const arrived = expectRequest(name, 'in mid-stream');
    const call = llm.chat.completions.create({ ...argsOf(name), stream: true }, { idleTimeout: 200 });
    const { error } = await support.read(call);
    assert.equal(error.code, 'ERR_IDLE_TIMEOUT');
    await measure(`${name}, time limit`, await arrived, () => {});
  });

  test(`cancel: ${name}, the client is gone`, async () => {
    const arrived = expectRequest(name, 'in mid-stream');
    const client = new Writable({ write: (_chunk, _encoding, done) => done() });
    const wrote = new Promise((resolve) => {
      client.write = (...args) => {
        resolve();
        return Writable.prototype.write.apply(client, args);
      };
    });
    const call = llm.stream(argsOf(name), { responseStream: client, format: 'text' });
    call.catch(() => {}); // it rejects when the client is gone
    await wrote;
    await measure(`${name}, client gone`, await arrived, () => client.destroy());
    await assert.rejects(call);
  });

  test(`cancel: ${name}, the end of the thread`, async (t) => {
    const arrived = expectRequest(name, 'in mid-stream');
    const worker = new Worker(THREAD);
    t.after(() => worker.terminate());
    worker.postMessage({ id: 1, do: 'stream', request: argsOf(name) });
    await once(worker, 'message');
    await measure(`${name}, thread end`, await arrived, () => worker.terminate());
  });

  test(`cancel: ${name}, while connecting`, async () => {
    const dials = new Set();
    const server = net.createServer((socket) => {
      socket.on('error', () => {});
      socket.resume();
      dials.add(socket);
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    // Nobody answers the TLS handshake.
    const args = families(`https://127.0.0.1:${server.address().port}`)[name].args;
    const aborter = new AbortController();
    const request = { ...args, messages: support.MESSAGES, stream: true, max_retries: 0 };
    const read = support.read(llm.chat.completions.create(request, { signal: aborter.signal }));
    await support.until(() => dials.size > 0);
    const closed = Promise.all([...dials].map((socket) => once(socket, 'close')));
    const since = performance.now();
    aborter.abort();
    await closed;
    took.set(`${name}, connecting`, performance.now() - since);
    assert.equal((await read).error.name, 'AbortError');
    server.close();
  });

  test(`cancel: ${name}, a connection that was read to its end is used again`, async () => {
    const { headers, events } = families(provider.url)[name];
    provider.route(() => true, [steps.status(200, headers), ...events.map(steps.write), steps.end()]);
    const known = provider.exchanges.length;
    for (let i = 0; i < 2; i++) {
      const aborter = new AbortController();
      const { chunks } = await support.stream(llm, argsOf(name), { signal: aborter.signal });
      assert.match(support.textOf(chunks), /Hello there$/);
      aborter.abort(); // too late: nothing is closed
    }
    const [one, two] = provider.exchanges.slice(known);
    assert.equal(await one.closed, 'finished');
    assert.equal(two.connection.id, one.connection.id);
  });
}

test('cancel: what is queued when it is left never reaches the provider', async (t) => {
  const python = support.openBridge(t); // shares the Python that is there
  const known = provider.exchanges.length;
  const aborter = new AbortController();
  const calls = NAMES.map((name) =>
    support.read(
      python.chat.completions.create({ ...argsOf(name), stream: true }, { signal: aborter.signal }),
    ),
  );
  aborter.abort();
  for (const { error } of await Promise.all(calls)) assert.equal(error.name, 'AbortError');
  provider.route(() => true, STAGES['before the head']({}));
  const arrived = expectRequest('openai', 'before the head');
  const last = new AbortController();
  const read = support.read(python.chat.completions.create(argsOf('openai'), { signal: last.signal }));
  await arrived; // whatever was sent before would have arrived before
  last.abort();
  await read;
  assert.equal(provider.exchanges.length - known, 1);
});

test('cancel: the figures', (t) => {
  const all = [...took.values()].sort((a, b) => a - b);
  const [median, longest] = [all[all.length >> 1], all.at(-1)];
  t.diagnostic(
    `${all.length} ways: median ${median.toFixed(1)} ms, longest ${longest.toFixed(1)} ms ` +
      `(${[...took].find(([, ms]) => ms === longest)?.[0]})`,
  );
  assert.ok(all.length >= NAMES.length * 9);
});
