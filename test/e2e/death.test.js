'use strict';
/** Python dies: every call settles once, with its words, and the next call has a new Python. */
const assert = require('node:assert/strict');
const test = require('node:test');
const { steps, openai } = require('../fixtures/provider');
const support = require('./support.js');

const llm = support.openBridge();
const provider = support.sharedProvider();

const [ROLE, FIRST, SECOND] = openai.text(['one', 'two']).map(openai.event);

/** Sends two texts and then nothing more. */
const HANGING = [
  steps.status(200, openai.SSE_HEADERS),
  ...[ROLE, FIRST, SECOND].map(steps.write),
  steps.wait(steps.gate()),
];

/** Ends Python; resolves when the instance was told of it. */
async function kill(signal = 'SIGKILL') {
  const { pid } = llm.status();
  let isTold = false;
  llm.once('state', () => {
    isTold = true;
  });
  process.kill(pid, signal);
  await support.until(() => isTold);
  return pid;
}

async function assertServes() {
  provider.route('after', steps.json(openai.completion('served')));
  const response = await llm.chat.completions.create(support.request(provider, 'after'));
  assert.equal(response.choices[0].message.content, 'served');
}

/** Reads a hanging stream; `seen` resolves when both texts have come. */
function readHanging(model) {
  provider.route(model, HANGING);
  const seen = steps.gate();
  const texts = [];
  const end = (async () => {
    const args = { ...support.request(provider, model), stream: true };
    for await (const chunk of await llm.chat.completions.create(args)) {
      texts.push(chunk.choices[0].delta.content);
      if (texts.length === 2) seen.open();
    }
  })().then(
    () => null,
    (error) => error,
  );
  return { seen: seen.opened, texts, end };
}

test('death: SIGKILL in mid-stream: the chunks that came, then ERR_SERVER_EXITED, then a new Python', async () => {
  await llm.ready();
  const { generation } = llm.status();
  const reader = readHanging('killed');
  await reader.seen;
  const pid = await kill();
  const error = await reader.end;
  assert.deepEqual(reader.texts, ['one', 'two']);
  assert.equal(error.code, 'ERR_SERVER_EXITED');
  assert.match(error.message, /SIGKILL/);
  await assertServes();
  assert.equal(llm.status().generation, generation + 1);
  assert.notEqual(llm.status().pid, pid);
  await support.untilGone(pid);
});

test('death: every call in flight settles exactly once, streams and whole ones', async () => {
  await llm.ready();
  const settled = [];
  provider.route('silent', [steps.wait(steps.gate())]);
  const before = provider.exchanges.length;
  const readers = Array.from({ length: 10 }, (_, i) => readHanging(`dies-${i}`));
  const calls = Array.from({ length: 10 }, () =>
    llm.chat.completions.create(support.request(provider, 'silent')),
  );
  for (const call of calls) {
    call.then(
      () => settled.push('answer'),
      (error) => settled.push(error.code),
    );
  }
  await Promise.all(readers.map((reader) => reader.seen));
  await support.until(() => provider.exchanges.length === before + 20);
  await kill();
  for (const reader of readers) assert.equal((await reader.end).code, 'ERR_SERVER_EXITED');
  await Promise.allSettled(calls);
  assert.deepEqual(settled, Array(10).fill('ERR_SERVER_EXITED'));
  await assertServes();
});

test('death: the connections to the provider are closed by it', async () => {
  await llm.ready();
  const reader = readHanging('orphan');
  await reader.seen;
  await kill();
  await reader.end;
  assert.equal(await (await provider.received('orphan')).closed, 'client');
});

test('death: a restart event tells of it, and status goes on counting', async () => {
  await llm.ready();
  const { generation } = llm.status();
  const restarted = support.nextEvent(llm, 'restart');
  await kill();
  await assertServes();
  const info = await restarted;
  assert.equal(typeof info, 'object');
  assert.equal(llm.status().generation, generation + 1);
});

test('death: SIGTERM from outside is told by its name', async () => {
  await llm.ready();
  const reader = readHanging('terminated');
  await reader.seen;
  await kill('SIGTERM');
  const error = await reader.end;
  assert.equal(error.code, 'ERR_SERVER_EXITED');
  await assertServes();
});

test('death: when nobody waits, the next call does not notice', async () => {
  await llm.ready();
  const pid = await kill();
  await support.untilGone(pid);
  await assertServes();
});

test('death: a call made at the very moment settles, and no unhandled error is left', async () => {
  await llm.ready();
  provider.route('moment', steps.json(openai.completion('fine')));
  const args = support.request(provider, 'moment');
  process.kill(llm.status().pid, 'SIGKILL');
  const calls = Array.from({ length: 20 }, () => llm.chat.completions.create(args));
  const results = await Promise.allSettled(calls);
  for (const { status, reason } of results) {
    if (status === 'rejected') assert.equal(reason.code, 'ERR_SERVER_EXITED');
  }
  await assertServes();
});

test('death: a large request to a Python that is stopped and then killed is a typed error', async () => {
  await llm.ready();
  const { pid } = llm.status();
  process.kill(pid, 'SIGSTOP');
  const messages = [{ role: 'user', content: 'x'.repeat(8 << 20) }];
  const call = llm.chat.completions.create(support.request(provider, 'large', { messages }));
  const failed = assert.rejects(call, { code: 'ERR_SERVER_EXITED' });
  process.kill(pid, 'SIGKILL');
  await failed;
  await assertServes();
});

test('death: what setEnv added is there in the next Python', async () => {
  await llm.setEnv({ OPENAI_API_KEY: 'sk-from-set-env-0123456789' });
  await llm.ready();
  await kill();
  provider.route('after', steps.json(openai.completion('served')));
  const { api_key, ...args } = support.request(provider, 'after');
  await llm.chat.completions.create(args);
  assert.equal(provider.exchanges.at(-1).headers.authorization, 'Bearer sk-from-set-env-0123456789');
});
