'use strict';

/** The thread that starts Python is stuck: nobody waits for it, and what it brings late is taken away. */

const assert = require('node:assert/strict');
const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');
const { after, before, test } = require('node:test');

const { compile, preloaded } = require('./support/native');
const { fixture, start } = require('./support/program');

const TIMEOUT = { timeout: 60_000 }; // ms
const OPTIONS = { python: fixture('answers'), log: 'silent' };
const KEPT = 4; // descriptors that tell of the last generation, or that the loop opens once

const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'litellm-bridge-process-'));
let library;

before(() => {
  library = compile('stuck', folder);
});

after(() => fs.rmSync(folder, { recursive: true, force: true }));

async function run(t, how) {
  const GATE = path.join(folder, how);
  const program = start(t, 'stuck.js', [OPTIONS, GATE, how, KEPT], {
    env: { LD_PRELOAD: preloaded(library), GATE },
  });
  const told = await program.next();
  assert.deepEqual(await program.ended, { code: 0, signal: null, stderr: '' });
  assert.ok(told.left <= KEPT, `${told.left} descriptors more than before`);
  return told;
}

test(
  'startTimeout is kept while the starting thread is stuck, and the next start works',
  TIMEOUT,
  async (t) => {
    const { code, message } = await run(t, 'late');
    assert.equal(code, 'ERR_START_TIMEOUT');
    assert.match(message, /not ready within 50 ms; it was not spawned yet/);
  },
);

test('close() is not held up by it', TIMEOUT, async (t) => {
  assert.equal((await run(t, 'closed')).code, 'ERR_CLOSED');
});
