'use strict';

/** Two copies of the package in one process are independent, and the program is warned, once. */

const assert = require('node:assert/strict');
const fs = require('node:fs');
const { test } = require('node:test');

const { makeCopy } = require('./support/copies');
const { fixture, start } = require('./support/program');

const TIMEOUT = { timeout: 60_000 }; // ms
const OPTIONS = { python: fixture('answers') };

async function run(t, folders, options) {
  const program = start(t, 'copies.js', [folders, options]);
  const told = await program.next();
  const { code, signal } = await program.ended;
  assert.deepEqual({ code, signal }, { code: 0, signal: null });
  return told;
}

test('two copies: a Python and options for each, one warning for the process', TIMEOUT, async (t) => {
  const folders = [makeCopy(t, fs.copyFileSync), makeCopy(t, fs.copyFileSync)];
  const options = [OPTIONS, { ...OPTIONS, env: { OTHER: '1' } }]; // a contradiction, were they one
  const { warnings, pids, threads, after } = await run(t, folders, options);
  assert.notEqual(pids[0], pids[1]);
  assert.deepEqual(threads, pids);
  assert.deepEqual(after, [pids[1]], 'the close of one leaves the other alone');
  assert.deepEqual(
    warnings.map(({ code }) => code),
    ['LITELLM_BRIDGE_COPIES'],
  );
  for (const folder of folders) assert.ok(warnings[0].message.includes(folder), warnings[0].message);
});

test('the second copy is loaded by threads alone, one after the other: one warning', TIMEOUT, async (t) => {
  const folders = [makeCopy(t, fs.copyFileSync), makeCopy(t, fs.copyFileSync)];
  const program = start(t, 'copies.js', [folders, [OPTIONS, OPTIONS], 'apart']);
  const { warnings } = await program.next();
  assert.equal((await program.ended).code, 0);
  assert.equal(warnings.length, 1);
  for (const folder of folders) assert.ok(warnings[0].message.includes(folder), warnings[0].message);
});

test(
  'two copies whose addon is one file by two names share one Python, without a warning',
  TIMEOUT,
  async (t) => {
    const one = makeCopy(t, fs.copyFileSync);
    const two = makeCopy(t, fs.linkSync, one);
    const { warnings, pids, threads, after } = await run(t, [one, two], [OPTIONS, OPTIONS]);
    assert.equal(pids[0], pids[1]);
    assert.deepEqual(threads, pids);
    assert.deepEqual(after, [pids[0]]);
    assert.deepEqual(warnings, []);
  },
);
