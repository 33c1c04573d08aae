'use strict';

const assert = require('node:assert/strict');
const { test } = require('node:test');

const { Deadline, now } = require('../../lib/clock');
const { run } = require('./support/child');

/** Another deadline's end: what was due before it has happened. */
const after = (ms) =>
  new Promise((resolve) => {
    const hold = setInterval(() => {}, 1000); // a deadline does not hold the loop
    new Deadline(ms, () => {
      clearInterval(hold);
      resolve();
    });
  });

test('expires once, in the order of the times', async (t) => {
  const expired = t.mock.fn();
  new Deadline(30, () => expired('late'));
  new Deadline(10, () => expired('early'));
  await after(60);
  assert.deepEqual(
    expired.mock.calls.map(({ arguments: [name] }) => name),
    ['early', 'late'],
  );
});

test('does not expire once stopped, not even when its time is over', async (t) => {
  const expired = t.mock.fn();
  new Deadline(10, expired).stop();
  const late = new Deadline(10, expired);
  setTimeout(() => late.stop(), 10); // runs after the deadline's timer, before its look
  const until = now() + 20; // both timers are due in one turn, however their starts were rounded
  while (now() < until);
  await after(20);
  assert.equal(expired.mock.callCount(), 0);
});

test('refresh() begins the time anew, also in the call that tells that it is over', async () => {
  const order = [];
  const refreshed = new Deadline(300, () => {
    order.push('refreshed');
    if (order.length === 2) refreshed.refresh();
  });
  new Deadline(300, () => order.push('plain'));
  new Deadline(250, () => refreshed.refresh());
  await after(310);
  assert.deepEqual(order, ['plain']);
  await after(310);
  assert.deepEqual(order, ['plain', 'refreshed']);
  await after(310);
  assert.deepEqual(order, ['plain', 'refreshed', 'refreshed']);
});

test('refresh(): late by a part at most', async () => {
  const order = [];
  const refreshed = new Deadline(400, () => order.push('refreshed'), { awake: true });
  new Deadline(120, () => refreshed.refresh()); // in the third part: 150 + 400
  new Deadline(500, () => order.push('before'));
  await after(640);
  assert.deepEqual(order, ['before', 'refreshed']);
});

test('stop() is for good', async (t) => {
  const expired = t.mock.fn();
  const deadline = new Deadline(10, expired);
  deadline.refresh();
  deadline.stop();
  deadline.refresh();
  await after(60);
  assert.equal(expired.mock.callCount(), 0);
});

test('awake: a blocked loop, like a freeze, costs a part, not the whole', async () => {
  const { printed } = await run(`
    const { Deadline } = require(${JSON.stringify(require.resolve('../../lib/clock'))});
    let fair = 0, plain = 0;
    const deadline = new Deadline(1600, () => { fair += 1; }, { awake: true });
    new Deadline(1600, () => { plain += 1; });
    const until = Date.now() + 1700;
    while (Date.now() < until);
    await new Promise((resolve) => setTimeout(resolve, 50));
    print([fair, plain]); deadline.stop();`);
  assert.deepEqual(printed, [[0, 1]]);
});

test('awake: it does expire', async () => {
  const { printed } = await run(`
    const { Deadline } = require(${JSON.stringify(require.resolve('../../lib/clock'))});
    const hold = setInterval(() => {}, 1000);
    new Deadline(1000, () => { clearInterval(hold); print('expired'); }, { awake: true });`);
  assert.deepEqual(printed, ['expired']);
});

test('awake: refresh() begins the whole time anew, not only a part', async () => {
  const { printed } = await run(`
    const { Deadline } = require(${JSON.stringify(require.resolve('../../lib/clock'))});
    const hold = setInterval(() => {}, 1000);
    let isRefreshed = false;
    const deadline = new Deadline(1000, () => { clearInterval(hold); print(isRefreshed); }, { awake: true });
    new Deadline(700, () => { deadline.refresh(); new Deadline(700, () => { isRefreshed = true; }); });`);
  assert.deepEqual(printed, [true]);
});

test('what is in the socket when a blocked loop goes on is read before a timeout counts', async () => {
  const { printed } = await run(`
    const llm = new LiteLLM({ python, log: 'silent' });
    await llm.ready();
    const call = llm.call('x', {}, { timeout: 200 }).then(({ name }) => name, ({ code }) => code);
    const until = Date.now() + 2000; // a busy machine answers late
    // The request leaves: the second write of a turn, after the warm-up's, before the loop sleeps.
    for (let turn = 0; turn < 2; turn++) await new Promise(setImmediate);
    while (Date.now() < until);
    print(await call);`);
  assert.deepEqual(printed, ['x']);
});

test('now() counts ms on the monotonic clock', () => {
  const before = Number(process.hrtime.bigint()) / 1e6;
  const between = now();
  const after = Number(process.hrtime.bigint()) / 1e6;
  assert.ok(before <= between && between <= after);
});
