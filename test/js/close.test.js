'use strict';

const assert = require('node:assert/strict');
const path = require('node:path');
const { test } = require('node:test');

const { LiteLLM } = require('../../lib');
const { isAlive, open, scripted, streamed, template, textsOf, until, worker } = require('./support/peers');

const OTHER = { python: '/nowhere/python3', log: 'silent' };

test('close() ends Python, and resolves when it is dead', async (t) => {
  const llm = open(t);
  await llm.ready();
  const { pid } = llm.status();
  await llm.close();
  assert.equal(isAlive(pid), false);
  assert.deepEqual([llm.status().state, llm.status().ready], ['idle', false]);
});

test('close() while Python starts ends it, too', async (t) => {
  const llm = open(t, 'silent');
  await until(() => llm.status().pid);
  const { pid } = llm.status();
  const ready = llm.ready();
  const closed = llm.close();
  await assert.rejects(ready, { code: 'ERR_CLOSED' });
  await closed;
  assert.equal(isAlive(pid), false);
});

test('close() before anything was spawned', async (t) => {
  await open(t).close();
});

test('close() is idempotent: one promise for all', async (t) => {
  const llm = open(t);
  const first = llm.close();
  assert.equal(llm.close(), first);
  await first;
  await llm.close();
});

test('close() rejects the calls in flight of this instance', async (t) => {
  const llm = open(t);
  const stream = await llm.chat.completions.create(streamed(template('a'), ['gate', 'never']));
  const calls = [
    llm.call('x', { script: [['gate', 'never']] }),
    llm.stream(scripted(template('a'), ['gate', 'never'])),
    textsOf(stream),
  ];
  const outcomes = Promise.allSettled(calls);
  await llm.close();
  for (const { reason } of await outcomes) assert.equal(reason.code, 'ERR_CLOSED');
});

test('close() rejects a stream() whose callback is stuck, although its answer is whole', async (t) => {
  const llm = open(t);
  const onText = t.mock.fn(() => new Promise(() => {}));
  const running = llm.stream(scripted(template('a'), ['end', {}]), { onText });
  await until(() => onText.mock.callCount() === 1);
  await llm.call('x'); // by now its end is here
  const rejected = assert.rejects(running, { code: 'ERR_CLOSED' });
  await llm.close();
  await rejected;
});

test('after close() everything is ERR_CLOSED', async (t) => {
  const llm = open(t);
  await llm.close();
  for (const call of [
    () => llm.ready(),
    () => llm.call('x'),
    () => llm.stream(scripted()),
    () => llm.chat.completions.create(scripted()),
    () => llm.setEnv({}),
  ]) {
    await assert.rejects(call, { name: 'LiteLLMError', code: 'ERR_CLOSED' });
  }
});

test('regression 17: close() ends a Python that ignores goodbye and SIGTERM', async (t) => {
  const llm = open(t, 'stubborn');
  await llm.ready();
  const { pid } = llm.status();
  await llm.close();
  assert.equal(isAlive(pid), false);
});

test('await using closes', async () => {
  const llm = new LiteLLM({ python: worker('answers'), log: 'silent' });
  await llm.ready();
  const { pid } = llm.status();
  await llm[Symbol.asyncDispose]();
  assert.equal(isAlive(pid), false);
  await assert.rejects(llm.ready(), { code: 'ERR_CLOSED' });
});

test('instances share one Python; it lives until the last is closed', async (t) => {
  const one = open(t);
  const two = open(t);
  await Promise.all([one.ready(), two.ready()]);
  const { pid } = one.status();
  assert.equal(two.status().pid, pid);
  const call = two.call('x', {
    script: [
      ['gate', 'shared'],
      ['result', 'fine'],
    ],
  });
  const lost = assert.rejects(one.call('x', { script: [['gate', 'never']] }), { code: 'ERR_CLOSED' });
  await one.close();
  await lost;
  await two.call('test.open', { gate: 'shared' });
  assert.equal(await call, 'fine');
  assert.equal(isAlive(pid), true);
  await two.close();
  assert.equal(isAlive(pid), false);
});

for (const [name, first, later] of [
  ['python', {}, { python: '/nowhere/python3' }],
  ['env', { env: { A: '1' } }, { env: { A: '2' } }],
  ['env', {}, { env: { A: '2' } }],
  ['env', { env: () => ({ A: '1' }) }, { env: () => ({ A: '2' }) }],
  ['preload', { preload: 'a' }, { preload: ['a', 'b'] }],
  ['corrections', { corrections: true }, { corrections: false }],
]) {
  test(`a later instance that contradicts ${name} is refused by the option's name (${Object.keys(first)})`, async (t) => {
    const llm = open(t, 'answers', first);
    assert.throws(() => open(t, 'answers', { ...first, ...later }), {
      code: 'ERR_INVALID_ARGUMENT',
      message: new RegExp(`: ${name} `),
    });
    await llm.ready();
    await llm.close();
    const next = open(t, 'answers', { ...first, ...later });
    await next.close(); // the next instance may differ
  });
}

test('a later instance that says the same, or nothing, shares', async (t) => {
  const env = () => ({ TEST_A: '1' });
  open(t, 'answers', { env, preload: 'a' });
  open(t, 'answers', { env: () => ({ TEST_A: '1' }), preload: ['a'] });
  const llm = new LiteLLM({ log: 'silent' });
  t.after(() => llm.close());
  assert.equal((await llm.call('test.report')).env.TEST_A, '1');
});

const shapeOf = async (llm) => {
  const { env } = await llm.call('test.report');
  const options = JSON.parse(env.LITELLM_BRIDGE_OPTIONS);
  return [env.TEST_A, options.preload, options.corrections];
};

for (const given of [{}, { python: worker('answers') }, { env: { TEST_A: '1' } }, { corrections: false }]) {
  test(`what the first shaped holds for later Pythons, too, whatever the later one says (${Object.keys(given)})`, async (t) => {
    const shape = { env: { TEST_A: '1' }, preload: ['a', 'b'], corrections: false };
    const first = open(t, 'answers', shape);
    const later = new LiteLLM({ log: 'silent', prewarm: [], ...given });
    t.after(() => later.close());
    await first.ready();
    await first.close();
    await assert.rejects(later.call('x', { script: [['kill']] }), { code: 'ERR_SERVER_EXITED' });
    assert.deepEqual(await shapeOf(later), ['1', ['a', 'b'], false]);
  });
}

test('corrections: true agrees with a first instance that left them on', async (t) => {
  open(t);
  open(t, 'answers', { corrections: true });
  assert.throws(() => open(t, 'answers', { corrections: false }), { message: /corrections/ });
});

test('corrections: true does not agree with a first instance that took them away', async (t) => {
  open(t, 'answers', { corrections: false });
  assert.throws(() => open(t, 'answers', { corrections: true }), { message: /corrections/ });
});

test('an empty env or preload says nothing', async (t) => {
  open(t, 'answers', { env: { A: '1' }, preload: 'a' });
  open(t, 'answers', { env: {}, preload: [] });
});

test('the order of the variables in env is no contradiction', async (t) => {
  open(t, 'answers', { env: { A: '1', B: '2' } });
  open(t, 'answers', { env: { B: '2', A: '1' } });
});

test('an instance that was refused is not counted', async (t) => {
  const llm = open(t);
  await llm.ready();
  assert.throws(() => new LiteLLM(OTHER), { code: 'ERR_INVALID_ARGUMENT' });
  const { pid } = llm.status();
  await llm.close();
  assert.equal(isAlive(pid), false);
});

test('an instance made while the last one closes gets a Python of its own', async (t) => {
  const old = open(t, 'stubborn');
  await old.ready();
  const { generation } = old.status();
  const closed = old.close();
  const next = open(t);
  assert.equal((await next.call('x')).name, 'x');
  await closed;
  assert.ok(next.status().generation > generation);
  assert.equal(next.status().pythonPath, worker('answers'));
});

test('setEnv is forgotten with the last instance', async (t) => {
  const one = open(t);
  await one.setEnv({ TEST_FORGOTTEN: '1' });
  await one.close();
  const two = open(t);
  assert.equal((await two.call('test.report')).env.TEST_FORGOTTEN, undefined);
});

test('shared() is one instance for the thread', async () => {
  const options = { python: worker('answers'), log: 'silent', timeout: 5000 };
  const one = LiteLLM.shared(options);
  assert.equal(LiteLLM.shared(), one);
  assert.equal(LiteLLM.shared({ ...options }), one);
  assert.throws(() => LiteLLM.shared({ timeout: 6000 }), {
    code: 'ERR_INVALID_ARGUMENT',
    message: /: timeout /,
  });
  assert.throws(() => LiteLLM.shared({ pyhton: 'x' }), { code: 'ERR_INVALID_ARGUMENT', message: /pyhton/ });
  await one.close();
  const two = LiteLLM.shared(options);
  assert.notEqual(two, one);
  await two.close();
});

test('shared() compares what options mean, not how they are written', async (t) => {
  const options = { python: worker('answers'), log: 'silent' };
  const one = LiteLLM.shared({ ...options, preload: 'hooks.py', env: { A: '1' } });
  t.after(() => one.close());
  for (const same of [
    { preload: ['hooks.py'] },
    { preload: [path.resolve('hooks.py')] },
    { preload: [], env: {} },
    { python: path.relative('', options.python) },
    { timeout: 600_000 }, // the default
  ]) {
    assert.equal(LiteLLM.shared(same), one);
  }
  for (const [name, other] of Object.entries({ preload: ['a'], env: { A: '2' }, log: 'event' })) {
    assert.throws(() => LiteLLM.shared({ [name]: other }), { message: new RegExp(`: ${name} `) });
  }
});
