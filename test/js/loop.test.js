'use strict';

/** Exactly a pending promise of ours holds the event loop. Each case is a process of its own. */

const assert = require('node:assert/strict');
const { test } = require('node:test');

const { run } = require('./support/child');
const { isAlive, until } = require('./support/peers');

const OPEN = "const llm = new LiteLLM({ python, log: 'silent' });";
const NEVER = "script: [['gate', 'never']]";

/** The process ends by itself, as a success, having printed this. */
async function ends(code, ...expected) {
  const { code: exit, signal, printed, stderr } = await run(code);
  assert.deepEqual(
    { exit, signal, stderr, printed },
    { exit: 0, signal: null, stderr: '', printed: expected },
  );
}

test('an instance that nobody uses does not hold the process', () => ends(OPEN));

test('an instance that is ready does not hold the process', () =>
  ends(`${OPEN} await llm.ready(); print('ready');`, 'ready'));

test('ready() holds the process', () => ends(`${OPEN} llm.ready().then(() => print('ready'));`, 'ready'));

test('a call holds the process until it is settled', () =>
  ends(
    `${OPEN} llm.call('x').then(({ name }) => print(name)); llm.call('y', { n: 1n }).catch((e) => print(e.code));`,
    'ERR_INVALID_ARGUMENT',
    'x',
  ));

test('a call that fails holds the process until then, and no longer', () =>
  ends(`${OPEN} llm.call('x', { ${NEVER} }, { timeout: 50 }).catch((e) => print(e.code));`, 'ERR_TIMEOUT'));

test('an aborted call holds the process no longer', () =>
  ends(
    `${OPEN} await llm.ready();
    const controller = new AbortController();
    llm.call('x', { ${NEVER} }, { signal: controller.signal }).catch((e) => print(e.name));
    controller.abort();`,
    'AbortError',
  ));

test('an instance made as soon as the last one is closed is waited for', () =>
  ends(
    `for (const name of ['x', 'y']) {
      const llm = new LiteLLM({ python, log: 'silent' });
      print((await llm.call(name)).name);
      await llm.close();
    }
    print('closed');`,
    'x',
    'y',
    'closed',
  ));

test('an env function that is awaited by a call holds the process', () =>
  ends(
    `const env = () => new Promise((resolve) => setTimeout(resolve, 20, {}).unref());
    new LiteLLM({ python, env, log: 'silent' }).call('x').then(({ name }) => print(name));`,
    'x',
  ));

const STREAM = `const script = [peers.template('a'), ['gate', 'never'], ['end', {}]];
  const stream = await llm.chat.completions.create({ model: 'm', messages: [], stream: true, script });`;

test('a stream that nobody reads does not hold the process', () =>
  ends(`${OPEN} ${STREAM} print('open');`, 'open'));

test('a read of a stream holds the process', () =>
  ends(
    `${OPEN} ${STREAM}
    const iterator = stream[Symbol.asyncIterator]();
    await iterator.next();
    const read = iterator.next().catch((e) => print(e.name));
    setTimeout(() => stream.abort(), 30).unref();`,
    'AbortError',
  ));

test('a stream that was left in the middle does not hold the process', () =>
  ends(`${OPEN} ${STREAM} for await (const chunk of stream) break; print('left');`, 'left'));

test('stream() holds the process, also while its callback is slow', () =>
  ends(
    `${OPEN}
    llm.stream({ model: 'm', messages: [] }, { onText: () => new Promise((r) => setTimeout(r, 20).unref()) })
      .then(({ text }) => print(text));`,
    'hello world',
  ));

test('close() holds the process until Python is dead', () =>
  ends(
    `${OPEN} await llm.ready(); const { pid } = llm.status();
    llm.close().then(() => print(peers.isAlive(pid)));`,
    false,
  ));

test('the process can end in every stage; no Python stays', async () => {
  for (const stage of ['', 'await llm.ready();', STREAM, 'await llm.ready(); llm.close();']) {
    const { code, printed } = await run(`${OPEN}
      let pid;
      llm.on('timing', (record) => { pid ??= record.pid; });
      ${stage}
      await peers.until(() => pid);
      print(pid);
      process.exit(3);`);
    assert.equal(code, 3);
    await until(() => !isAlive(printed[0]));
  }
});

test('a failed start that nobody waits for does not end the process otherwise', () =>
  ends(
    `new LiteLLM({ python: peers.worker('exits'), log: 'silent' });
    await new Promise((resolve) => setTimeout(resolve, 200)); print('alive');`,
    'alive',
  ));

test('a listener that throws is an uncaught exception, and breaks nothing here', () =>
  ends(
    `${OPEN}
    process.on('uncaughtException', ({ message }) => print(message));
    llm.once('state', () => { throw new Error('listener'); });
    await llm.ready();
    print((await llm.call('x')).name);`,
    'listener',
    'x',
  ));

test('the kill switch: every call rejects at once, and nothing is started', async () => {
  const { code, printed } = await run(
    `${OPEN}
    const codes = [];
    for (const call of [() => llm.ready(), () => llm.call('x'), () => llm.stream({ model: 'm', messages: [] }),
      () => llm.chat.completions.create({ model: 'm', messages: [] }), () => llm.setEnv({})]) {
      await call().catch((e) => codes.push(e.code));
    }
    print(codes); print(llm.status().generation); await llm.close();`,
    { env: { LITELLM_BRIDGE_DISABLE: '1' } },
  );
  assert.equal(code, 0);
  assert.deepEqual(printed, [Array(5).fill('ERR_CLOSED'), 0]);
});

test('the kill switch is off when it is 0, false or empty', async () => {
  for (const value of ['0', 'false', '']) {
    const { printed } = await run(`${OPEN} print((await llm.call('x')).name);`, {
      env: { LITELLM_BRIDGE_DISABLE: value },
    });
    assert.deepEqual(printed, ['x']);
  }
});

test('the kill switch works while the process runs', async (t) => {
  const { open } = require('./support/peers');
  const llm = open(t);
  await llm.call('x');
  process.env.LITELLM_BRIDGE_DISABLE = '1';
  t.after(() => delete process.env.LITELLM_BRIDGE_DISABLE);
  await assert.rejects(llm.call('x'), { code: 'ERR_CLOSED', message: /LITELLM_BRIDGE_DISABLE/ });
});

test('the kill switch is told with what to do; an instance made meanwhile works after it', async (t) => {
  const { open } = require('./support/peers');
  process.env.LITELLM_BRIDGE_DISABLE = '1';
  t.after(() => delete process.env.LITELLM_BRIDGE_DISABLE);
  const llm = open(t);
  await assert.rejects(llm.call('x'), ({ code, hint }) => {
    assert.equal(code, 'ERR_CLOSED');
    assert.match(hint, /^Unset LITELLM_BRIDGE_DISABLE/);
    return true;
  });
  delete process.env.LITELLM_BRIDGE_DISABLE;
  assert.equal((await llm.call('x')).name, 'x');
  const { pid } = llm.status();
  await llm.close();
  assert.equal(isAlive(pid), false);
  await assert.rejects(llm.call('x'), { code: 'ERR_CLOSED', hint: /new LiteLLM/ });
});
