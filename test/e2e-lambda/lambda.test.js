'use strict';

/** End to end, as on Lambda: a streaming function, cold and warm, frozen and killed. */

const assert = require('node:assert/strict');
const fs = require('node:fs');
const path = require('node:path');
const { after, before, suite, test } = require('node:test');
const { setTimeout: pause } = require('node:timers/promises');
const { startProvider } = require('../../examples/demo/provider');
const { requests } = require('../../examples/demo/requests');
const { ROOT } = require('../../scripts/paths');
const { builtLayer } = require('../../scripts/steps/layer');
const { innerPid, isGone, memoryOf, prepare, startFunction, until } = require('./support/function');

const PROVIDERS = ['OpenAI', 'Azure', 'Bedrock'];
const WARM = 20;
const TIMEOUT = 900_000; // ms
const FREEZE_MS = 2000;
const REPORT = path.join(ROOT, 'build', 'e2e-lambda.json');
const NAMES = [
  '[TIMING] Starting persistent Python LiteLLM server',
  '[TIMING] Python LiteLLM server spawned',
  '[TIMING] Python LiteLLM server ready',
];

const megabytes = (bytes) => Math.round(bytes / 1e5) / 10;
const rounded = (ms) => Math.round(ms * 10) / 10;
const median = (values) => [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)];

suite('a streaming function with the layer', { timeout: TIMEOUT }, () => {
  /** @type {Awaited<ReturnType<typeof startFunction>>} */
  let lambda;
  /** @type {ReturnType<typeof prepare>} */
  let prepared;
  /** @type {Awaited<ReturnType<typeof startProvider>>} */
  let provider;
  const report = /** @type {any} */ ({});

  /** @param {string} name of a wire format */
  const eventFor = (name, more = {}) => {
    const { request } = requests(provider.url).find((item) => item.name === name) ?? {};
    return { request, ...more };
  };

  /** The records of starts, without that of the warm-up behind each. */
  const starts = () => lambda.timings().filter(({ name }) => NAMES.includes(name));

  const ask = async (name, more) => {
    const answer = await lambda.invoke(eventFor(name, more));
    assert.equal(answer.text, provider.text);
    assert.ok(answer.said.usage.completion_tokens > 0, JSON.stringify(answer.said));
    return answer;
  };

  before(
    async () => {
      const { tree, report: built } = await builtLayer();
      Object.assign(report, { layer: { zip: built.zip.bytes, unzipped: built.unzipped.bytes } });
      provider = await startProvider();
      prepared = prepare(tree);
      lambda = await startFunction(prepared);
    },
    { timeout: TIMEOUT },
  );

  after(async () => {
    await lambda?.kill();
    await lambda?.api.close();
    provider?.stop();
    prepared?.remove();
  });

  test('cold: Python starts while the function initialises; the first invoke streams', async () => {
    await lambda.idle();
    const init = performance.now() - lambda.since;
    const { said, times } = await ask('OpenAI', { surroundings: true });
    assert.deepEqual([said.platform, said.generation], ['lambda', 1]);
    assert.equal(said.pid, innerPid(lambda.children[0]));
    report.surroundings = { uid: said.uid, glibc: said.glibc, root: said.root, writable: said.writable };
    report.cold = {
      init: rounded(init),
      firstToken: rounded(times.first),
      queued: rounded(said.timings.queued),
      start: said.start,
    };
  });

  test('what it has is what Lambda gives: an old glibc, one place to write, nobody as its user', () => {
    const { uid, glibc, root, writable } = report.surroundings;
    assert.ok(Number(glibc.split('.')[1]) <= 34, glibc);
    assert.deepEqual(writable, ['/tmp']);
    assert.notEqual(uid, undefined);
    assert.deepEqual(
      root.filter((name) => !['lib', 'lib64'].includes(name)),
      ['dev', 'etc', 'opt', 'proc', 'tmp', 'var'],
    );
  });

  test('the three [TIMING] records are in the log, once', async () => {
    await lambda.logged(/\[TIMING\] .* ready/);
    const records = starts();
    assert.deepEqual(
      records.map(({ name }) => name),
      NAMES,
    );
    const [starting, spawned, ready] = records.map(({ fields }) => fields);
    assert.deepEqual([starting.pythonPath, starting.isLambda], ['/opt/python/bin/python3', true]);
    assert.ok(spawned.spawnDuration >= 0 && ready.startupDuration > spawned.spawnDuration);
    assert.ok(ready.memoryUsage.rss > 50e6);
    Object.assign(report.cold, { spawned, ready });
  });

  test(`warm: ${WARM} invokes, through each wire format, with one Python`, async () => {
    const { said: before } = await ask('OpenAI');
    const times = [];
    for (let index = 0; index < WARM; index++) {
      const { said, times: took } = await ask(PROVIDERS[index % PROVIDERS.length]);
      assert.equal(said.pid, before.pid);
      // The first of each wire format imports what it needs.
      if (index >= PROVIDERS.length) times.push(took.first);
    }
    assert.equal(starts().length, NAMES.length);
    assert.equal(lambda.children.length, 1);
    const [python] = lambda.children;
    report.warm = {
      firstToken: rounded(median(times)),
      node: memoryOf(lambda.node),
      python: memoryOf(python),
    };
  });

  test('a freeze between invokes', async () => {
    const { said } = await ask('Azure');
    await lambda.idle();
    const frozen = await lambda.freeze();
    await pause(FREEZE_MS);
    lambda.thaw(frozen);
    assert.equal((await ask('Bedrock')).said.pid, said.pid);
  });

  test('a freeze within an invoke', async () => {
    await lambda.idle();
    const invocation = lambda.api.invoke(eventFor('OpenAI'));
    const outcome = lambda.follow(invocation);
    await invocation.received((text) => text.length > 0);
    const frozen = await lambda.freeze();
    await pause(FREEZE_MS);
    lambda.thaw(frozen);
    assert.equal((await outcome).text, provider.text);
  });

  test('Python killed in between: the next invoke gets a new one', async () => {
    const [python] = lambda.children;
    const { said } = await ask('OpenAI');
    process.kill(python, 'SIGKILL');
    await until(() => isGone(python));
    const again = await ask('Bedrock');
    assert.notEqual(again.said.pid, said.pid);
    assert.equal(again.said.generation, 2);
    report.restart = { firstToken: rounded(again.times.first) };
  });

  test('the environment killed: nothing of it stays', async () => {
    const processes = [lambda.node, ...lambda.children];
    await lambda.kill();
    await until(() => processes.every(isGone));
  });

  test('figures', () => {
    const { cold, warm, restart, layer } = report;
    console.log(`layer        ${megabytes(layer.unzipped)} MB unzipped, ${megabytes(layer.zip)} MB zipped`);
    const { spawn, interpreter, bootstrap, import: imported, ready } = cold.start;
    const parts = { spawn, interpreter, bootstrap, import: imported, ready };
    const split = Object.entries(parts).map(([name, ms]) => `${name} ${rounded(ms)}`);
    console.log(`cold start   ${split.join(', ')} ms; in all ${rounded(cold.ready.startupDuration)} ms`);
    console.log(
      `             function initialised ${cold.init} ms; first token ${cold.firstToken} ms after the first invoke`,
    );
    console.log(
      `warm         first token ${warm.firstToken} ms (the provider waits 50 ms); after Python was killed ${restart.firstToken} ms`,
    );
    console.log(
      `memory       Node ${megabytes(warm.node)} MB, Python ${megabytes(warm.python)} MB (ready: ${megabytes(cold.ready.memoryUsage.rss)} MB)`,
    );
    fs.mkdirSync(path.dirname(REPORT), { recursive: true });
    fs.writeFileSync(REPORT, `${JSON.stringify(report, null, 1)}\n`);
  });
});
