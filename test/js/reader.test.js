'use strict';

const assert = require('node:assert/strict');
const { test } = require('node:test');

const { FrameReader, WINDOW } = require('../../lib/reader');
const { until } = require('./support/peers');

/** So much time in which nothing is to happen. */
const passed = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

const payload = { frame: (_type, value) => value, end: () => null, failed: (error) => error };

function readerOf(t) {
  const loop = { hold: t.mock.fn(), release: t.mock.fn() };
  const call = { loop, consume: t.mock.fn(), finish: t.mock.fn() };
  return { call, reader: new FrameReader(call) };
}

const counts = ({ loop: { hold, release } }) => ({
  hold: hold.mock.callCount(),
  release: release.mock.callCount(),
});

test('frames come out as they went in, through a long backlog', (t) => {
  const { reader } = readerOf(t);
  const taken = [];
  for (let n = 0; n < 20_000; n++) {
    reader.push(0x13, n, 70);
    if (n % 3 > 0) taken.push(reader.take(payload)); // falls behind all the time
  }
  for (;;) {
    const value = reader.take(payload);
    if (value === undefined) break;
    taken.push(value);
  }
  assert.deepEqual(
    taken,
    Array.from({ length: 20_000 }, (_, n) => n),
  );
});

test('the loop is held exactly while somebody waits', async (t) => {
  const { call, reader } = readerOf(t);
  const read = reader.pull(payload);
  assert.deepEqual(counts(call), { hold: 1, release: 0 });
  reader.push(0x13, 'a', 65);
  assert.deepEqual(counts(call), { hold: 1, release: 1 });
  assert.equal(await read, 'a');
  reader.push(0x13, 'b', 65);
  assert.equal(reader.take(payload), 'b');
  reader.push(0x13, 'c', 65);
  assert.equal(await reader.pull(payload), 'c');
  assert.equal(counts(call).hold, 1, 'what is there needs no hold');
});

test('take() does not overtake a pull() that waits', async (t) => {
  const { reader } = readerOf(t);
  const first = reader.pull(payload);
  assert.equal(reader.take(payload), undefined);
  reader.push(0x13, 'a', 65);
  assert.equal(await first, 'a');
});

test('who waits is served in turn, through a frame that can not be read', async (t) => {
  const { call, reader } = readerOf(t);
  const frame = (_type, value) => {
    if (value === 'bad') throw new Error('bad');
    return value;
  };
  const reads = Promise.allSettled(Array.from({ length: 4 }, () => reader.pull({ ...payload, frame })));
  for (const value of ['a', 'bad', 'c']) reader.push(0x13, value, 65);
  assert.deepEqual(counts(call), { hold: 4, release: 3 });
  reader.push(0x13, 'd', 65);
  assert.deepEqual(
    (await reads).map(({ value, reason }) => value ?? reason.message),
    ['a', 'bad', 'c', 'd'],
  );
  assert.equal(reader.take(payload), undefined);
});

test('consumption is told in portions, long before the window is used up', (t) => {
  const { call, reader } = readerOf(t);
  const cost = 1000;
  let taken = 0;
  while (taken < WINDOW) {
    reader.push(0x13, 'x', cost);
    reader.take(payload);
    taken += cost;
    const told = call.consume.mock.calls.reduce((sum, { arguments: [bytes] }) => sum + bytes, 0);
    assert.ok(taken - told < WINDOW / 2, 'else the other side could wait for ever');
  }
  assert.ok(call.consume.mock.callCount() < 20);
});

test('what was not taken is not granted', (t) => {
  const { call, reader } = readerOf(t);
  for (let n = 0; n < 1000; n++) reader.push(0x13, 'x', 1000);
  assert.equal(call.consume.mock.callCount(), 0);
});

test('an end with an error is told once, after what came', async (t) => {
  const { call, reader } = readerOf(t);
  reader.push(0x13, 'a', 65);
  const error = new Error('end');
  reader.end(error);
  assert.equal(call.finish.mock.callCount(), 0);
  assert.equal(reader.take(payload), 'a');
  await assert.rejects(reader.pull(payload), error);
  assert.equal(await reader.pull(payload), null);
  assert.equal(counts(call).hold, counts(call).release);
  assert.ok(call.finish.mock.callCount() > 0);
});

test('an end serves all who wait: one has the error', async (t) => {
  const { call, reader } = readerOf(t);
  const reads = Promise.allSettled([reader.pull(payload), reader.pull(payload)]);
  reader.end(new Error('end'));
  assert.deepEqual(
    (await reads).map(({ status }) => status),
    ['rejected', 'fulfilled'],
  );
  assert.equal(counts(call).hold, counts(call).release);
});

test('discard() drops what came, before and after the end', async (t) => {
  for (const isEnded of [false, true]) {
    const { call, reader } = readerOf(t);
    reader.push(0x13, 'a', 65);
    if (isEnded) reader.end();
    reader.discard(new Error('cut'));
    assert.equal(reader.take(payload), undefined);
    await assert.rejects(reader.pull(payload), { message: 'cut' });
    assert.ok(call.finish.mock.callCount() > 0);
  }
});

test('a silence is reported, and only a silence', async (t) => {
  const { reader } = readerOf(t);
  const silent = t.mock.fn();
  reader.watch(50, silent);
  reader.push(0x13, 'a', 65);
  await passed(200); // the reader is the slow one
  assert.equal(silent.mock.callCount(), 0);
  reader.take(payload);
  assert.equal(silent.mock.callCount(), 0);
  await until(() => silent.mock.callCount() === 1);
});

test('no silence after the end', async (t) => {
  const { reader } = readerOf(t);
  const silent = t.mock.fn();
  reader.watch(20, silent);
  reader.end();
  await passed(80);
  assert.equal(silent.mock.callCount(), 0);
});
