'use strict';
/** Worker threads share one Python; the end of a thread ends its calls and nobody else's. */
const assert = require('node:assert/strict');
const { once } = require('node:events');
const path = require('node:path');
const test = require('node:test');
const { Worker } = require('node:worker_threads');
const { steps, openai } = require('../fixtures/provider');
const support = require('./support.js');

const provider = support.sharedProvider();
const PROGRAM = path.join(__dirname, 'programs', 'thread.js');
const TEXT = ['one ', 'two ', 'three'];

let ids = 0;

/** A thread, with `ask(command, request)`; `texts` are what its streams have posted. */
function startThread(t, options) {
  const worker = new Worker(PROGRAM, { workerData: options });
  const texts = [];
  worker.on('message', ({ text }) => text !== undefined && texts.push(text));
  t.after(() => worker.terminate());
  const ask = async (command, request) => {
    const id = ++ids;
    worker.postMessage({ id, do: command, request });
    const { value, error } = await support.nextEvent(worker, 'message', (m) => m.id === id && m.done);
    if (error) throw Object.assign(new Error(error.message), { code: error.code });
    return value;
  };
  return { worker, texts, ask };
}

const hanging = () => [
  steps.status(200, openai.SSE_HEADERS),
  ...openai
    .text(TEXT)
    .slice(0, 3)
    .map((chunk) => steps.write(openai.event(chunk))),
  steps.wait(steps.gate()),
];

test('threads: all share one Python', async (t) => {
  const llm = support.openBridge(t);
  const threads = [startThread(t), startThread(t), startThread(t)];
  await llm.ready();
  const statuses = await Promise.all(threads.map(({ ask }) => ask('status')));
  const { pid, generation } = llm.status();
  for (const status of statuses) {
    assert.equal(status.pid, pid);
    assert.equal(status.generation, generation);
  }
});

test('threads: streams in all of them at once, each whole', async (t) => {
  provider.route('each', openai.stream(openai.text(TEXT)));
  const threads = [startThread(t), startThread(t), startThread(t)];
  const request = support.request(provider, 'each');
  await Promise.all(threads.flatMap(({ ask }) => [ask('stream', request), ask('stream', request)]));
  for (const { texts } of threads) {
    assert.deepEqual(texts.join('').length, TEXT.join('').length * 2);
  }
});

test('threads: a terminated thread’s call is cancelled at the provider, others go on', async (t) => {
  const gate = steps.gate();
  provider.route('doomed', hanging());
  provider.route('kept', [
    ...hanging().slice(0, -1),
    steps.wait(gate),
    ...openai
      .text(TEXT)
      .slice(3)
      .map((chunk) => steps.write(openai.event(chunk))),
    steps.end(),
  ]);
  const [doomed, kept] = [startThread(t), startThread(t)];
  const lost = doomed.ask('stream', support.request(provider, 'doomed')).catch(() => {});
  const going = kept.ask('stream', support.request(provider, 'kept'));
  await support.until(() => doomed.texts.length > 0 && kept.texts.length > 0);
  await doomed.worker.terminate();
  assert.equal(await (await provider.received('doomed')).closed, 'client');
  gate.open();
  await going;
  assert.equal(kept.texts.join(''), TEXT.join(''));
  await Promise.race([lost, Promise.resolve()]);
});

test('threads: the one that started Python may end first', async (t) => {
  provider.route('later', steps.json(openai.completion('still here')));
  const first = startThread(t);
  const { pid } = await first.ask('status');
  const second = startThread(t);
  assert.equal((await second.ask('status')).pid, pid);
  await first.worker.terminate();
  assert.equal(await second.ask('ask', support.request(provider, 'later')), 'still here');
  assert.equal((await second.ask('status')).pid, pid);
});

test('threads: the end of the last one ends Python', async (t) => {
  const threads = [startThread(t), startThread(t)];
  const [{ pid }] = await Promise.all(threads.map(({ ask }) => ask('status')));
  await threads[0].worker.terminate();
  assert.equal(support.isGone(pid), false);
  await threads[1].worker.terminate();
  await support.untilGone(pid);
});

test('threads: a thread ends by itself after close()', async (t) => {
  const { worker, ask } = startThread(t);
  const { pid } = await ask('status');
  const exited = once(worker, 'exit');
  await ask('close');
  assert.deepEqual(await exited, [0]);
  await support.untilGone(pid);
});

test('threads: a contradiction between threads is refused by name', async (t) => {
  const llm = support.openBridge(t, { preload: support.PROBE });
  await llm.ready();
  const { worker } = startThread(t, { preload: '/another.py' });
  const [error] = await once(worker, 'error');
  assert.equal(error.code, 'ERR_INVALID_ARGUMENT');
  assert.match(error.message, /preload/);
});

test('threads: Python dies under all of them: each is told, each gets the new one', async (t) => {
  provider.route('dies', hanging());
  provider.route('again', steps.json(openai.completion('again')));
  const threads = [startThread(t), startThread(t), startThread(t)];
  const [{ pid }] = await Promise.all(threads.map(({ ask }) => ask('status')));
  const streams = threads.map(({ ask }) => ask('stream', support.request(provider, 'dies')).catch((e) => e));
  await support.until(() => threads.every(({ texts }) => texts.length > 0));
  process.kill(pid, 'SIGKILL');
  for (const error of await Promise.all(streams)) assert.equal(error.code, 'ERR_SERVER_EXITED');
  for (const { ask } of threads) {
    assert.equal(await ask('ask', support.request(provider, 'again')), 'again');
  }
  const pids = await Promise.all(threads.map(async ({ ask }) => (await ask('status')).pid));
  assert.equal(new Set(pids).size, 1);
  assert.notEqual(pids[0], pid);
});

test('threads: 12 come and go, mid-stream, and nothing is left', async (t) => {
  provider.route('churn', hanging());
  const llm = support.openBridge(t);
  await llm.ready();
  const before = provider.exchanges.length;
  for (let i = 0; i < 12; i++) {
    const { worker, texts, ask } = startThread(t);
    ask('stream', support.request(provider, 'churn')).catch(() => {});
    await support.until(() => texts.length > 0);
    await worker.terminate();
  }
  for (const exchange of provider.exchanges.slice(before)) assert.equal(await exchange.closed, 'client');
  assert.equal(llm.status().generation > 0 && llm.status().state, 'running');
});
