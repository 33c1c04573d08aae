'use strict';

/** The process ends by itself once nothing of ours is pending, and not before. */

const assert = require('node:assert/strict');
const { test } = require('node:test');

const { withVariable, until, untilGone } = require('./support/proc');
const { fixture, start, worker } = require('./support/program');

const TIMEOUT = { timeout: 120_000 }; // ms
const CLEAN = { code: 0, signal: null, stderr: '' };
const RUNS = 5;

/** ns from the last thing that a program did to its end. */
async function lingers(t, name, args) {
  const program = start(t, name, args);
  const { ended: last, pid } = await program.next();
  const exited = new Promise((resolve) => program.child.once('exit', () => resolve(process.hrtime.bigint())));
  const took = Number((await exited) - BigInt(last));
  assert.deepEqual(await program.ended, CLEAN);
  if (pid !== undefined) await untilGone(pid);
  return took;
}

test('after its last call a process ends as soon as one that never had this package', TIMEOUT, async (t) => {
  const ours = [];
  const bare = [];
  for (let run = 0; run < RUNS; run++) {
    bare.push(await lingers(t, 'last-timer.js', []));
    ours.push(await lingers(t, 'last-call.js', [{ python: fixture('answers') }]));
  }
  const [least, least_bare] = [Math.min(...ours), Math.min(...bare)];
  assert.ok(least < 5 * least_bare, `${least} ns, a bare process ${least_bare} ns`);
});

test('a stream that is not read, or no more, does not keep the process', TIMEOUT, async (t) => {
  const program = start(t, 'unread.js', [{ python: fixture('answers') }]);
  const { pid } = await program.next();
  assert.deepEqual(await program.ended, CLEAN);
  await untilGone(pid);
});

test('a start that nobody waits for does not keep the process', TIMEOUT, async (t) => {
  const env = { STAGE: 'silent', MARK: `${process.pid}-idle` };
  const program = start(t, 'idle.js', [{ python: worker('stage') }], { env });
  assert.deepEqual(await program.ended, CLEAN);
  await until(() => withVariable('MARK', env.MARK).length === 0);
});
