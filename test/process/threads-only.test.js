'use strict';

/** The main thread never loads the package: only worker threads do. */

const assert = require('node:assert/strict');
const { test } = require('node:test');

const { children, isGone, untilGone } = require('./support/proc');
const { fixture } = require('./support/program');
const { startThread } = require('./support/threads');

const TIMEOUT = { timeout: 60_000 }; // ms
const OPTIONS = { python: fixture('answers') };

test('all threads share one Python', TIMEOUT, async (t) => {
  const threads = Array.from({ length: 8 }, () => startThread(t, OPTIONS));
  const statuses = await Promise.all(threads.map(({ ask }) => ask('status')));
  assert.equal(new Set(statuses.map(({ pid }) => pid)).size, 1);
  assert.deepEqual(children(process.pid), [statuses[0].pid]);
});

test(
  'Python outlives the thread that started it, while another lives; the last takes it along',
  TIMEOUT,
  async (t) => {
    const first = startThread(t, OPTIONS);
    const { pid } = await first.ask('status');
    const second = startThread(t, OPTIONS);
    assert.equal((await second.ask('status')).pid, pid);
    await first.leave('terminate');
    const third = startThread(t, OPTIONS);
    assert.equal((await third.ask('status')).pid, pid);
    assert.equal((await second.ask('call', { name: 'x', args: {} })).name, 'x');
    await second.leave('exit');
    assert.equal(isGone(pid), false);
    await third.leave('throw');
    await untilGone(pid);
  },
);

test('a thread that ends by itself takes Python along, too', TIMEOUT, async (t) => {
  const { worker, ask } = startThread(t, OPTIONS);
  const { pid } = await ask('status');
  const exited = new Promise((resolve) => worker.once('exit', resolve));
  ask('close').catch(() => {});
  await exited;
  await untilGone(pid);
});

test('after the last thread the next one starts anew', TIMEOUT, async (t) => {
  const pids = new Set();
  for (let round = 0; round < 5; round++) {
    const thread = startThread(t, OPTIONS);
    const { pid } = await thread.ask('status');
    await thread.leave('terminate');
    pids.add(pid);
    await untilGone(pid);
  }
  assert.equal(pids.size, 5);
  assert.deepEqual(children(process.pid), []);
});
