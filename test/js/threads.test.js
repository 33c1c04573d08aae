'use strict';

/** Every thread has a connection of its own, to the one Python of the process. */

const assert = require('node:assert/strict');
const { once } = require('node:events');
const { test } = require('node:test');
const { Worker } = require('node:worker_threads');

const { isAlive, open, until } = require('./support/peers');

const LIB = require.resolve('../../lib');
const PEERS = require.resolve('./support/peers');

/** A thread with an instance `llm`; `post` tells the test something. */
function thread(t, code) {
  const worker = new Worker(
    `
    const { parentPort } = require('node:worker_threads');
    const { LiteLLM } = require(${JSON.stringify(LIB)});
    const peers = require(${JSON.stringify(PEERS)});
    const post = (value) => parentPort.postMessage(value);
    const llm = new LiteLLM({ python: peers.worker('answers'), log: 'silent' });
    (async () => {${code}})();`,
    { eval: true },
  );
  t.after(() => worker.terminate());
  return worker;
}

test('threads share the Python of the process', async (t) => {
  const llm = open(t);
  await llm.ready();
  const worker = thread(t, "const { name } = await llm.call('x'); post([name, llm.status().pid]);");
  assert.deepEqual((await once(worker, 'message'))[0], ['x', llm.status().pid]);
});

test('a thread that ends in the middle of its stream cancels it, and disturbs no other', async (t) => {
  const llm = open(t);
  const own = llm.call('x', {
    script: [
      ['gate', 'threads'],
      ['result', 'fine'],
    ],
  });
  const worker = thread(
    t,
    `
    const script = [peers.template('a'), ['gate', 'never']];
    const stream = await llm.chat.completions.create({ ...peers.REQUEST, stream: true, script });
    post('streams');
    for await (const chunk of stream) post(chunk.id);`,
  );
  await once(worker, 'message');
  const { pid } = llm.status();
  await worker.terminate();
  await llm.call('test.open', { gate: 'threads' });
  assert.equal(await own, 'fine');
  assert.equal(llm.status().pid, pid);
});

test('a death of Python is told in every thread', async (t) => {
  const llm = open(t);
  const worker = thread(
    t,
    `
    await llm.ready();
    const call = llm.call('x', { script: [['gate', 'never']] });
    post('sent');
    await call.catch(({ code }) => post(code));
    post((await llm.call('next')).name);`,
  );
  const messages = [];
  worker.on('message', (message) => messages.push(message));
  await until(() => messages.length === 1);
  await assert.rejects(llm.call('x', { script: [['kill']] }), { code: 'ERR_SERVER_EXITED' });
  await until(() => messages.length === 3);
  assert.deepEqual(messages, ['sent', 'ERR_SERVER_EXITED', 'next']);
});

test('the end of a thread counts as its close()', async (t) => {
  const worker = thread(t, 'await llm.ready(); post(llm.status().pid);');
  const [pid] = await once(worker, 'message');
  await worker.terminate();
  await until(() => !isAlive(pid));
});

test('a thread whose loop is empty ends by itself', async (t) => {
  const worker = thread(t, "await llm.ready(); post('ready');");
  const [code] = await once(worker, 'exit');
  assert.equal(code, 0);
});

test('a thread starts the next Python as the first instance shaped it', async (t) => {
  const llm = open(t, 'answers', { env: { TEST_A: '1' } });
  await llm.ready();
  const worker = thread(
    t,
    `
    await llm.call('x', { script: [['kill']] }).catch(() => {});
    const { env } = await llm.call('test.report');
    post(env.TEST_A);`,
  );
  assert.deepEqual(await once(worker, 'message'), ['1']);
  assert.equal((await llm.call('test.report')).env.TEST_A, '1');
});
