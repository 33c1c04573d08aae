'use strict';

/** When the warm-up is asked for, and what its end is to whom. */

const assert = require('node:assert/strict');
const { test } = require('node:test');

const { RESULT } = require('../../lib/frames');
const { clientOptions } = require('../../lib/options');
const { load, settlement } = require('./support/native-double');

const TIMINGS = { interpreter: 20, bootstrap: 5, import: 400 };
const READY = { litellm: '1.78.7', memory: { rss: 1, vms: 1, percent: 1 }, timings: TIMINGS };
const WARM = '{"ms":5,"providers":["openai"]}';

/** Lets what was promised happen. */
const settled = () => new Promise(setImmediate);

function make(options) {
  const { LiteLLM, port } = load();
  const llm = new LiteLLM({ log: 'silent', ...options });
  const records = [];
  llm.on('timing', (record) => records.push(record.message));
  return { LiteLLM, llm, port: port(), records };
}

const warmUps = (port) => port.calls('call').filter(([name]) => name === 'bridge.warm_up');
const askedFor = (port) => warmUps(port).map(([, , body]) => JSON.parse(body).providers);

async function withType(type, work) {
  process.env.AWS_LAMBDA_INITIALIZATION_TYPE = type;
  try {
    await work();
  } finally {
    delete process.env.AWS_LAMBDA_INITIALIZATION_TYPE;
  }
}

test('it is asked for when Python is ready: for the providers named, or those that Python knows', async () => {
  for (const prewarm of [undefined, ['anthropic', 'bedrock']]) {
    const { port } = make({ prewarm });
    await settled();
    assert.deepEqual(askedFor(port), []);
    port.event('ready', READY);
    await settled();
    assert.deepEqual(askedFor(port), [prewarm ?? null]);
  }
});

test('an empty prewarm is none', async () => {
  const { port } = make({ prewarm: [] });
  await settled();
  port.event('ready', READY);
  await settled();
  assert.deepEqual(askedFor(port), []);
});

test('a later instance has its own providers warmed up', async () => {
  const { LiteLLM, port } = make({ prewarm: ['openai'] });
  await settled();
  port.event('ready', READY);
  new LiteLLM({ log: 'silent', prewarm: ['gemini'] });
  await settled();
  assert.deepEqual(askedFor(port), [['openai'], ['gemini']]);
});

test('its end is told and measured; until then it is no call of anybody, and holds no loop', async () => {
  const { llm, port, records } = make();
  await settled();
  port.event('ready', READY);
  await settled();
  assert.equal(llm.status().active, 0);
  assert.equal(llm.status().timings.warmUp, null);
  const holds = () => [port.calls('hold').length, port.calls('release').length];
  const before = holds();
  port.frames([RESULT, 1, settlement({ body: WARM }), 0]);
  await settled();
  assert.ok(records.includes('[TIMING] Python LiteLLM server warmed up'), records.join());
  assert.ok(llm.status().timings.warmUp >= 0);
  assert.deepEqual(holds(), before);
});

test('the death of Python in its middle is no news of its own', async () => {
  const { port, records } = make();
  await settled();
  port.event('ready', READY);
  await settled();
  port.event('down', { code: 'ERR_SERVER_EXITED', detail: 'it died', exitCode: 1, signal: null, pid: 1 });
  await settled();
  assert.ok(!records.some((message) => message.includes('warmed up')));
});

for (const type of ['provisioned-concurrency', 'lambda-managed-instances']) {
  test(`ready() waits for it where there is time before the first request (${type})`, () =>
    withType(type, async () => {
      const { llm, port } = make();
      let isReady = false;
      const ready = llm.ready().then(() => {
        isReady = true;
      });
      await settled();
      port.event('ready', READY);
      await settled();
      assert.equal(isReady, false);
      port.frames([RESULT, 1, settlement({ body: WARM }), 0]);
      await ready;
      await llm.ready();
    }));
}

test('on demand, somebody waits: ready() does not', () =>
  withType('on-demand', async () => {
    const { llm, port } = make();
    const ready = llm.ready();
    await settled();
    port.event('ready', READY);
    await ready;
    assert.equal(warmUps(port).length, 1);
  }));

test('prewarm is an array of names', () => {
  for (const prewarm of ['openai', {}, [1], [''], null]) {
    assert.throws(() => clientOptions({ prewarm }), { code: 'ERR_INVALID_ARGUMENT', message: /prewarm/ });
  }
});
