'use strict';

/**
 * The system refuses: a typed error with the errno's name, nothing left, and a later start works.
 * And what has a limit of ours.
 */

const assert = require('node:assert/strict');
const { execFileSync } = require('node:child_process');
const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');
const { test } = require('node:test');

const { LiteLLM } = require('../../lib');
const { children, countDescriptors, countTasks, until, zombies } = require('./support/proc');
const { fixture, start } = require('./support/program');

const TIMEOUT = { timeout: 60_000 }; // ms
const OPTIONS = { python: fixture('answers'), log: 'silent' };
const NOBODY = 65534;
const USER = process.getuid() || NOBODY; // the limit does not bind root
const AMPLE = 100; // tasks more than there are
const ARGUMENT = 1 << 18; // bytes; the kernel takes 128 KiB at most

function assertRefused({ code, message }, errno) {
  assert.equal(code, 'ERR_SPAWN', message);
  assert.match(message, new RegExp(`\\b${errno}\\b`));
}

test('EMFILE, at each descriptor that a start needs', TIMEOUT, async (t) => {
  const under = ['sh', '-c', 'ulimit -n 64; exec "$@"', 'sh'];
  const program = start(t, 'exhausted.js', [OPTIONS], { under });
  const { outcomes, after } = await program.next();
  const refused = outcomes.slice(0, -1);
  // Some eight are needed, but those of the generation before come back meanwhile.
  assert.ok(refused.length >= 4, `${refused.length} were refused`);
  for (const outcome of refused) assertRefused(outcome, 'EMFILE');
  assert.equal(after.code, null, after.message);
  assert.deepEqual(await program.ended, { code: 0, signal: null, stderr: '' });
});

/** The scripted Python where every user can read it, wherever the checkout is. */
function forEveryUser(t) {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'litellm-bridge-process-'));
  t.after(() => fs.rmSync(folder, { recursive: true, force: true }));
  fs.chmodSync(folder, 0o755);
  for (const name of ['answers', 'peer']) fs.copyFileSync(fixture(name), path.join(folder, `${name}.py`));
  return { ...OPTIONS, python: path.join(folder, 'answers.py') };
}

test('EAGAIN, when the user may have no more threads or processes', TIMEOUT, async (t) => {
  const env = { PATH: '/usr/local/bin:/usr/bin:/bin' }; // one that every user may read
  const program = start(t, 'attempts.js', [forEveryUser(t), USER], { env });
  const { pid } = program.child;
  const attempt = (more) => {
    const as = { uid: USER, gid: process.getgid() || NOBODY };
    execFileSync('prlimit', ['--pid', `${pid}`, `--nproc=${countTasks(USER) + more}:`], as);
    program.say('start');
    return program.next();
  };
  assert.equal((await program.next()).code, null);
  assert.equal((await attempt(AMPLE)).code, null);
  const outcomes = [];
  for (let more = 0; more < 5; more++) outcomes.push(await attempt(more));
  const refused = outcomes.filter(({ code }) => code !== null);
  assert.ok(refused.length > 0, 'the limit is not felt');
  for (const outcome of refused) assertRefused(outcome, 'EAGAIN');
  assert.equal((await attempt(AMPLE)).code, null);
  await until(() => children(pid).length === 0);
});

const HUGE = {
  'one variable is': { HUGE: 'x'.repeat(ARGUMENT) },
  'all variables together are': Object.fromEntries(
    Array.from({ length: 100 }, (_, i) => [`HUGE_${i}`, 'x'.repeat(ARGUMENT / 4)]),
  ),
};

async function refuse(env) {
  const llm = new LiteLLM({ ...OPTIONS, env });
  const error = await llm.ready().catch((reason) => reason);
  await llm.close();
  return error;
}

for (const [name, env] of Object.entries(HUGE)) {
  test(`E2BIG: ${name} too large`, TIMEOUT, async (t) => {
    await refuse(env); // the last generation keeps what tells of its end
    const before = countDescriptors(process.pid);
    for (let round = 0; round < 3; round++) {
      const error = await refuse(env);
      assertRefused(error, 'E2BIG');
      assert.ok(!error.message.includes('xxx'), 'its values are no part of the text');
    }
    await until(() => zombies(process.pid).length === 0 && countDescriptors(process.pid) <= before);
    const next = new LiteLLM(OPTIONS);
    t.after(() => next.close());
    await next.ready();
  });
}

const FRAGMENTS = 1030; // of 256 KiB: a little more than 256 MiB

test('an answer of more than 256 MiB is an error of its call alone, and is cancelled', TIMEOUT, async (t) => {
  const llm = new LiteLLM(OPTIONS);
  t.after(() => llm.close());
  await llm.ready();
  const { pid } = llm.status();
  const other = llm.call('other', {
    script: [
      ['gate', 'later'],
      ['result', 'well'],
    ],
  });
  await assert.rejects(llm.call('x', { script: [['flood', FRAGMENTS]] }), (error) => {
    assert.equal(error.code, 'ERR_MEMORY');
    assert.match(error.message, /the answer has more than 268435456 bytes/);
    assert.equal(error.hint, 'Ask for less at a time');
    return true;
  });
  await llm.call('test.open', { gate: 'later' });
  assert.equal(await other, 'well');
  const { cancelled } = await llm.call('test.report');
  assert.equal(cancelled.length, 1);
  assert.equal(llm.status().pid, pid);
});
