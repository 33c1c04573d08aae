'use strict';

const assert = require('node:assert/strict');
const { test } = require('node:test');

const { LoopHold } = require('../../lib/loop');

/** A port that tells, at each settling, how many wait. */
function connected(loop = new LoopHold()) {
  const settled = [];
  const port = loop.connect((numbers) => ({ numbers, settle: () => settled.push(numbers[0]) }));
  settled.length = 0;
  return { loop, port, settled };
}

test('the port settles when the first waits, and when nobody does any more', () => {
  const { loop, settled } = connected();
  loop.hold();
  loop.hold();
  assert.deepEqual(settled, [1]);
  loop.release();
  assert.deepEqual(settled, [1]);
  loop.release();
  assert.deepEqual(settled, [1, 0]);
});

test('while the port calls back it is not told: it looks itself', () => {
  const { loop, port, settled } = connected();
  loop.hold();
  port.numbers[1] = 1;
  loop.release();
  loop.hold();
  loop.release();
  assert.deepEqual([settled, port.numbers[0]], [[1], 0]);
});

test('a port made while the one before calls back is told at once, of those who wait already', () => {
  const before = connected();
  before.loop.hold();
  before.port.numbers[1] = 1;
  const { loop, port, settled } = connected(before.loop);
  assert.deepEqual([...port.numbers], [1, 0]);
  loop.release();
  loop.hold();
  assert.deepEqual(settled, [0, 1]);
  assert.deepEqual(before.settled, [1]);
});
