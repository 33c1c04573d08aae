'use strict';

/** Threads that come and go, each ended in the middle of a stream. */

const assert = require('node:assert/strict');
const { test } = require('node:test');

const { untilGone } = require('./support/proc');
const { fixture, start } = require('./support/program');

const ROUNDS = 500;
const REPORTS = 5;
const GROWTH = 1.5; // of resident memory, after the first fifth

test(`${ROUNDS} threads are ended in mid-stream: nothing grows`, async (t) => {
  const program = start(t, 'churn.js', [{ python: fixture('answers') }, ROUNDS]);
  const first = await program.next();
  for (let report = 1; report < REPORTS; report++) {
    const { rss, ...counts } = await program.next();
    const { rss: before, ...expected } = first;
    assert.deepEqual(counts, expected, 'descriptors of Node and Python, and processes');
    assert.ok(rss < before * GROWTH, `resident memory went from ${before} to ${rss} bytes`);
  }
  assert.deepEqual(await program.ended, { code: 0, signal: null, stderr: '' });
  assert.deepEqual(first.children, [first.pid]);
  await untilGone(first.pid);
});
