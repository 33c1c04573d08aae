'use strict';

/** A thread that is terminated in the middle of a call of the addon takes nobody along. */

const assert = require('node:assert/strict');
const { test } = require('node:test');

const { start } = require('./support/program');

const TIMEOUT = { timeout: 120_000 }; // ms

for (const act of ['load', 'port', 'claim', 'start', 'inspect']) {
  test(`terminated in the middle of: ${act}`, TIMEOUT, async (t) => {
    const program = start(t, 'terminated.js', [act]);
    assert.ok((await program.next()) > 0);
    const { code, signal, stderr } = await program.ended;
    assert.deepEqual([code, signal, stderr], [0, null, '']);
  });
}
