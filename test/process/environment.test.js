'use strict';

/** The process's environment belongs to all of its code, which may change it at any moment. */

const assert = require('node:assert/strict');
const { test } = require('node:test');

const { start } = require('./support/program');

const TIMEOUT = { timeout: 60_000 }; // ms

test('a listener that sets variables while a start begins', TIMEOUT, async (t) => {
  const program = start(t, 'environment-moves.js');
  assert.ok((await program.next()) > 0, 'else this test shows nothing');
  const { code, signal, stderr } = await program.ended;
  assert.deepEqual([code, signal, stderr], [0, null, '']);
});
