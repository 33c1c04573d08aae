'use strict';

/** One Python for the main thread and all worker threads, on a scripted Python. */

const assert = require('node:assert/strict');
const { test } = require('node:test');

const { LiteLLM } = require('../../lib');
const { children, until, zombies } = require('./support/proc');
const { fixture, worker: scripted } = require('./support/program');
const { WAYS, hang, startThread } = require('./support/threads');

const TIMEOUT = { timeout: 60_000 }; // ms
const OPTIONS = { python: fixture('answers') };
const COUNT = 8;

const chunk = (content) => ({ choices: [{ index: 0, delta: { content } }] });
const request = (...script) => ({ model: 'm', messages: [], script });
const HANGING = request(['template', 1, chunk('a')], ['gate', 'never']);

function open(t, options = OPTIONS) {
  const llm = new LiteLLM({ log: 'silent', ...options });
  t.after(() => llm.close());
  return llm;
}

const startThreads = (t, count = COUNT) => Array.from({ length: count }, () => startThread(t, OPTIONS));

test(`the main thread and ${COUNT} threads at once: one Python`, TIMEOUT, async (t) => {
  const llm = open(t);
  const threads = startThreads(t);
  const statuses = await Promise.all(threads.map(({ ask }) => ask('status')));
  await llm.ready();
  const { pid, generation } = llm.status();
  for (const status of statuses) assert.deepEqual([status.pid, status.generation], [pid, generation]);
  assert.deepEqual(children(process.pid), [pid]);
});

test('streams in every thread at once, each whole and in order', TIMEOUT, async (t) => {
  const threads = startThreads(t);
  const words = Array.from({ length: 200 }, (_, i) => `${i} `);
  const streams = threads.map(({ ask }, thread) => {
    const script = [['template', 1, chunk(`${thread}:`)], ...words.map((w) => ['delta', w]), ['end', {}]];
    return ask('stream', request(...script));
  });
  for (const [thread, texts] of (await Promise.all(streams)).entries()) {
    assert.deepEqual(texts, [`${thread}:`, ...words]);
  }
});

test('a stream keeps the context of its reader, in every thread', TIMEOUT, async (t) => {
  const threads = startThreads(t, 3);
  const script = [
    ['template', 1, chunk('a')],
    ['gate', 'contexts'],
    ['delta', 'b'],
    ['delta', 'c'],
    ['end', {}],
  ];
  const asked = threads.map(({ ask }, thread) => {
    const stores = [`${thread}.first`, `${thread}.second`];
    return ask('contexts', { request: request(...script), stores });
  });
  await until(() => threads.every(({ texts }) => texts.length === 2)); // all six are in the middle
  await threads[0].ask('call', { name: 'test.open', args: { gate: 'contexts' } });
  for (const [thread, [first, second]] of (await Promise.all(asked)).entries()) {
    assert.deepEqual(
      first,
      ['a', 'b', 'c'].map((text) => [text, `${thread}.first`]),
    );
    assert.deepEqual(
      second,
      ['a', 'b', 'c'].map((text) => [text, `${thread}.second`]),
    );
  }
});

for (const way of WAYS) {
  test(`a thread that leaves in mid-stream (${way}) disturbs no other stream`, TIMEOUT, async (t) => {
    const gate = `after ${way}`;
    const script = [
      ['template', 1, chunk('a')],
      ['gate', gate],
      ['delta', 'b'],
      ['end', {}],
    ];
    const llm = open(t);
    const [leaver, other] = startThreads(t, 2);
    const own = llm.call('x', {
      script: [
        ['gate', gate],
        ['result', 'fine'],
      ],
    });
    const going = other.ask('stream', request(...script));
    await until(() => other.texts.length > 0);
    await hang(leaver, HANGING);
    const { pid } = llm.status();
    await leaver.leave(way);
    await llm.call('test.open', { gate });
    assert.equal(await own, 'fine');
    assert.deepEqual(await going, ['a', 'b']);
    assert.equal(llm.status().pid, pid);
  });
}

test('exit code and error of a thread are Node’s own', TIMEOUT, async (t) => {
  const [exits, throws] = startThreads(t, 2);
  await hang(exits, HANGING);
  await hang(throws, HANGING);
  assert.deepEqual(await exits.leave('exit'), { code: 9, errors: [] });
  assert.deepEqual(await throws.leave('throw'), { code: 1, errors: ['uncaught on purpose'] });
});

test(
  'the end of a thread counts as its close(): the last to close waits for Python’s end',
  TIMEOUT,
  async (t) => {
    const llm = open(t);
    const [thread] = startThreads(t, 1);
    await thread.ask('status');
    await llm.ready();
    await thread.leave('terminate');
    await llm.close();
    assert.deepEqual(children(process.pid), []);
  },
);

test('the end of a thread counts as its close(): what comes after may differ', TIMEOUT, async (t) => {
  const [thread] = startThreads(t, 1);
  const { pid } = await thread.ask('status');
  await thread.leave('terminate');
  const llm = open(t, { python: scripted('stage'), env: { STAGE: 'serves' } });
  await llm.ready();
  assert.notEqual(llm.status().pid, pid);
  await llm.close();
});

test('a thread that ends before its Python is spawned leaves none', TIMEOUT, async (t) => {
  for (let round = 0; round < 10; round++) {
    const { worker } = startThread(t, OPTIONS);
    await new Promise((resolve) => worker.once('online', resolve));
    await worker.terminate();
  }
  await until(() => children(process.pid).length === 0);
});

test('threads that start and close at the same moment: nothing is left', TIMEOUT, async (t) => {
  for (let round = 0; round < 5; round++) {
    const threads = startThreads(t, 3);
    await Promise.all(threads.map(({ ask }) => ask('call', { name: 'x', args: {} })));
    await Promise.all(threads.map(({ ask }) => ask('close').catch(() => {})));
  }
  await until(() => children(process.pid).length === 0);
  assert.deepEqual(zombies(process.pid), []);
});
