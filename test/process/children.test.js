'use strict';

/** Python beside the program's own children: neither takes the other's end away. */

const assert = require('node:assert/strict');
const { execFile, spawn, spawnSync } = require('node:child_process');
const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');
const { once } = require('node:events');
const { before, test } = require('node:test');

const { LiteLLM } = require('../../lib');
const { children, untilGone } = require('./support/proc');
const { compile } = require('./support/native');
const { fixture, start, worker } = require('./support/program');

const TIMEOUT = { timeout: 60_000 }; // ms
const OPTIONS = { python: fixture('answers'), log: 'silent' };
const ROUNDS = 5;
const SIGNALLED = 'kill -9 $$';

const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'litellm-bridge-process-'));
/** @type {string} */
let reaper;

process.once('exit', () => fs.rmSync(folder, { recursive: true, force: true }));

/** How a child ended that was started in each of Node's ways. */
function others() {
  const spawned = [1, 2, 77].map((code) => once(spawn('sh', ['-c', `exit ${code}`]), 'exit'));
  const killed = once(spawn('sh', ['-c', SIGNALLED]), 'exit');
  const executed = new Promise((resolve) => {
    execFile('sh', ['-c', 'exit 5'], ({ code }) => resolve([code, null]));
  });
  const { status, signal } = spawnSync('sh', ['-c', 'exit 6']);
  return Promise.all([...spawned, killed, executed, [status, signal]]);
}

const EXPECTED = [
  [1, null],
  [2, null],
  [77, null],
  [null, 'SIGKILL'],
  [5, null],
  [6, null],
];

test('other children keep their exit codes, whatever Python does', TIMEOUT, async () => {
  for (let round = 0; round < ROUNDS; round++) {
    const llm = new LiteLLM(OPTIONS);
    assert.deepEqual(await others(), EXPECTED, 'while it starts');
    const dying = assert.rejects(llm.call('x', { script: [['exit', 7]] }), {
      code: 'ERR_SERVER_EXITED',
      exitCode: 7,
    });
    assert.deepEqual(await others(), EXPECTED, 'while it dies');
    await dying;
    await llm.ready();
    const closed = llm.close();
    assert.deepEqual(await others(), EXPECTED, 'while it is stopped');
    await closed;
  }
  assert.deepEqual(children(process.pid), []);
});

before(() => {
  reaper = compile('reaper', folder);
});

test(
  'a reaper that is quicker than we: the end is seen, its status unknown; Python’s children end',
  TIMEOUT,
  async (t) => {
    const REAPED = path.join(folder, 'reaped');
    const options = { ...OPTIONS, python: worker('stage'), env: { STAGE: 'serves' } }; // it has a child
    const program = start(t, 'reaped.js', [options, reaper, REAPED], { env: { REAPED } });
    const { first, family, next, error } = await program.next();
    assert.equal(family.length, 1);
    const { code, exitCode, signal, pid, message } = error;
    assert.deepEqual(
      { code, exitCode, signal, pid },
      { code: 'ERR_SERVER_EXITED', exitCode: null, signal: null, pid: first },
    );
    assert.match(message, /another part of this program took its exit status/);
    assert.notEqual(next, first);
    await program.next(); // close() resolved
    assert.deepEqual(await program.ended, { code: 0, signal: null, stderr: '' });
    await untilGone(first, next);
  },
);
