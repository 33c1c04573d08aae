'use strict';

const assert = require('node:assert/strict');
const { once } = require('node:events');
const path = require('node:path');
const { test } = require('node:test');
const { Worker } = require('node:worker_threads');
const { startArguments } = require('../../lib/shape');
const { run } = require('./support/child');

const SHAPE = path.join(__dirname, '..', '..', 'lib', 'shape.js');

/** What the addon is given as the environment of a thread. */
async function environmentInThread(env) {
  const source = `const { startArguments } = require(${JSON.stringify(SHAPE)});
    require('node:worker_threads').parentPort.postMessage(startArguments({}, {}).env)`;
  const worker = new Worker(source, { eval: true, env });
  const [told] = await once(worker, 'message');
  await worker.terminate();
  return told;
}

test("the process's own environment is left to the addon", () => {
  assert.equal(startArguments({}, {}).env, null);
});

test('with threads about, which may share it, it is read under the lock of Node', async () => {
  const { printed } = await run(`
    const { Worker } = require('node:worker_threads');
    const { startArguments } = require(${JSON.stringify(SHAPE)});
    const isOwn = () => startArguments({}, {}).env === null;
    print(isOwn());
    const worker = new Worker('', { eval: true });
    await new Promise(setImmediate); // Node tells of it in the next turn
    print(isOwn());
    await worker.terminate();`);
  assert.deepEqual(printed, [true, false]);
});

test('an environment that was put in its place is handed over', (t) => {
  const own = process.env;
  t.after(() => {
    process.env = own;
  });
  process.env = { MADE: 'here' };
  assert.equal(startArguments({}, {}).env, 'MADE=here\0');
});

test("a thread's own environment is handed over", async () => {
  assert.equal(await environmentInThread({ OF: 'the thread' }), 'OF=the thread\0');
});
