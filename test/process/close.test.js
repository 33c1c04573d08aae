'use strict';

/** close(): in every stage, more than once, at once, and what comes right after it. */

const assert = require('node:assert/strict');
const { test } = require('node:test');

const { LiteLLM } = require('../../lib');
const {
  children,
  countDescriptors,
  descendants,
  isGone,
  until,
  untilGone,
  zombies,
} = require('./support/proc');
const { fixture, worker } = require('./support/program');

const TIMEOUT = { timeout: 120_000 }; // ms
const REQUEST = {
  model: 'm',
  messages: [],
  stream: true,
  script: [
    ['chunk', {}],
    ['gate', 'never'],
  ],
};

/** An instance on a scripted Python, closed with the test. */
function open(t, does, options) {
  const python = does === undefined ? fixture('answers') : worker('stage');
  const env = does === undefined ? {} : { env: { STAGE: does } };
  const llm = new LiteLLM({ log: 'silent', python, ...env, ...options });
  t.after(() => llm.close());
  return llm;
}

async function stream(llm) {
  const chunks = (await llm.chat.completions.create(REQUEST))[Symbol.asyncIterator]();
  await chunks.next();
  return chunks;
}

const nothing = () => {};
const STAGES = {
  'before the spawn': ['serves', nothing],
  'before hello': ['silent', (llm) => until(() => llm.status().pid !== null)],
  'while it imports': ['imports', (llm) => until(() => llm.status().python !== null)],
  'while it holds the GIL': ['holds_gil', (llm) => until(() => llm.status().python !== null)],
  'when idle': ['serves', (llm) => llm.ready()],
  'in mid-stream': ['serves', stream],
  'when it ignores goodbye and SIGTERM': ['stubborn', (llm) => llm.ready()],
};

for (const [stage, [does, reach]] of Object.entries(STAGES)) {
  test(`close ${stage}: Python is gone when it resolves, and its child with it`, TIMEOUT, async (t) => {
    const llm = open(t, does);
    const reached = await reach(llm);
    if (reach !== nothing) await until(() => descendants(process.pid).length === 2);
    const family = descendants(process.pid);
    await llm.close();
    assert.deepEqual(children(process.pid), [], 'neither Python nor a zombie');
    await untilGone(...family); // its child was killed with it; the kernel may still be at it
    assert.equal(llm.status().state, 'idle');
    if (reached?.next) await assert.rejects(reached.next(), { code: 'ERR_CLOSED' });
  });
}

test('close is idempotent: the second is the first, and so is one after the end', TIMEOUT, async (t) => {
  const llm = open(t);
  await llm.ready();
  const closing = llm.close();
  assert.equal(llm.close(), closing);
  await closing;
  assert.equal(llm.close(), closing);
});

test('instances that close at once all wait for the end of Python', TIMEOUT, async (t) => {
  const instances = [open(t, 'stubborn'), open(t, 'stubborn'), open(t, 'stubborn')];
  await instances[0].ready();
  const { pid } = instances[0].status();
  await Promise.all(instances.map((llm) => llm.close()));
  assert.ok(isGone(pid));
});

test('a new instance right after close(), without waiting, gets a Python of its own', TIMEOUT, async (t) => {
  const first = open(t, 'stubborn');
  await first.ready();
  const { pid } = first.status();
  const closing = first.close();
  const second = open(t);
  assert.equal((await second.call('x')).name, 'x');
  assert.notEqual(second.status().pid, pid);
  await closing;
  assert.ok(isGone(pid));
  assert.equal((await second.call('y')).name, 'y');
});

test('an instance that is made and closed while another closes: both end', TIMEOUT, async (t) => {
  const first = open(t, 'stubborn');
  await first.ready();
  const { pid } = first.status();
  const closing = first.close();
  await open(t).close();
  await closing;
  assert.ok(isGone(pid));
  const third = open(t);
  assert.equal((await third.call('x')).name, 'x');
});

test('made and closed 50 times in a row: nothing is left', TIMEOUT, async (t) => {
  await open(t).close();
  const before = countDescriptors(process.pid);
  for (let round = 0; round < 50; round++) {
    const llm = open(t);
    if (round % 2) await llm.ready();
    await llm.close();
  }
  await until(() => countDescriptors(process.pid) <= before && zombies(process.pid).length === 0);
});
