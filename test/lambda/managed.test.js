'use strict';

/** Lambda Managed Instances: several threads of one process, each with invokes of its own. */

const assert = require('node:assert/strict');
const { suite, test } = require('node:test');
const { openai, steps } = require('../fixtures/provider');
const { CLIENTS, sharedFunction, sharedProvider, until } = require('./function');
const { isGone } = require('./processes');
const { heldStream } = require('./scripts');

const THREADS = 4; // all of libuv's pool: the client blocks one for each thread that waits
const INVOKES = 12;
const MANAGED = {
  AWS_LAMBDA_INITIALIZATION_TYPE: 'lambda-managed-instances',
  AWS_LAMBDA_MAX_CONCURRENCY: '16',
  AWS_LAMBDA_NODEJS_WORKER_COUNT: String(THREADS),
  AWS_LAMBDA_LOG_FORMAT: 'JSON',
};

/** Several invokes at once; `change` may act while all of them wait for the provider. */
async function invokeTogether(lambda, provider, prefix, change = () => {}) {
  const gate = steps.gate();
  const models = Array.from({ length: INVOKES }, (_, i) => `${prefix}-${i}`);
  for (const model of models) {
    provider.route(model, [steps.wait(gate), ...openai.stream(openai.text(['from ', model]))]);
  }
  const invocations = models.map((model) => lambda.api.invoke({ do: 'ask', model, url: provider.url }));
  for (const model of models) await lambda.whileRunning(provider.received(model));
  await change();
  gate.open();
  const outcomes = await Promise.all(invocations.map((invocation) => lambda.outcome(invocation)));
  return outcomes.map((outcome, i) => ({ ...outcome, expected: `from ${models[i]}` }));
}

/** The fourth client is the first that knows this mode. */
for (const client of CLIENTS.filter((version) => version !== '3.3')) {
  suite(`Managed Instances, client ${client}`, () => {
    const provider = sharedProvider();
    const shared = sharedFunction(client, 'chat.handler', MANAGED);

    test('invokes at once in all threads: one Python, to each its own answer', async () => {
      const { lambda } = shared;
      await lambda.idle(THREADS);
      const outcomes = await invokeTogether(lambda, provider, 'first');
      for (const { text, json, expected } of outcomes) assert.equal(json.text, expected, text);
      const answers = outcomes.map(({ json }) => json);
      assert.equal(new Set(answers.map(({ pid }) => pid)).size, 1);
      assert.ok(new Set(answers.map(({ threadId }) => threadId)).size > 1);
      assert.deepEqual([...new Set(answers.map(({ isMainThread }) => isMainThread))], [false]);
      assert.deepEqual(lambda.children(), [answers[0].pid]);
      assert.equal(answers[0].platform, 'lambda-managed');
    });

    test('the [TIMING] records are in the log once for all threads', async () => {
      await shared.lambda.logged(/\[TIMING\] .* ready/);
      assert.equal((await shared.lambda.logged(/\[TIMING\]/)).length, 3);
    });

    test('what Python says in a call has the id of its request, of several at once', async () => {
      const { lambda } = shared;
      const invocations = Array.from({ length: INVOKES }, () => lambda.api.invoke({ do: 'noise' }));
      await Promise.all(invocations.map((invocation) => lambda.outcome(invocation)));
      const said = () => lambda.lines.filter((line) => line.includes('noise in logging'));
      await until(() => said().length === INVOKES);
      const ids = said().map((line) => JSON.parse(line).requestId);
      assert.deepEqual(ids.sort(), invocations.map(({ id }) => id).sort());
    });

    test('an invoke that fails is the only one that does', async () => {
      const { lambda } = shared;
      provider.route('refused', openai.error(429, { message: 'too many' }));
      const outcomes = await invokeTogether(lambda, provider, 'beside', async () => {
        const failing = lambda.api.invoke({ do: 'fail', model: 'refused', url: provider.url });
        const { kind, json } = await lambda.outcome(failing);
        assert.deepEqual([kind, json.errorType], ['error', 'RateLimitError']);
      });
      for (const { text, json, expected } of outcomes) assert.equal(json.text, expected, text);
    });

    test('Python killed under invokes of all threads: each is told, later ones have one new Python', async () => {
      const { lambda } = shared;
      const [{ json }] = await invokeTogether(lambda, provider, 'warm');
      const models = Array.from({ length: THREADS }, (_, i) => `dying-${i}`);
      for (const model of models) provider.route(model, heldStream(steps.gate()));
      const invocations = models.map((model) => lambda.api.invoke({ do: 'ask', model, url: provider.url }));
      for (const model of models) await lambda.whileRunning(provider.received(model));
      process.kill(json.pid, 'SIGKILL');
      for (const invocation of invocations) {
        const { kind, json } = await lambda.outcome(invocation);
        assert.equal(kind, 'error');
        assert.match(json.errorMessage, /SIGKILL/);
      }
      const pids = (await invokeTogether(lambda, provider, 'again')).map((outcome) => outcome.json.pid);
      assert.equal(new Set(pids).size, 1);
      assert.notEqual(pids[0], json.pid);
    });

    test('every thread asks for its next invoke', async () => {
      await shared.lambda.idle(THREADS);
    });

    test('an environment that is killed leaves no Python', async () => {
      const { lambda } = shared;
      const pids = lambda.children();
      assert.equal(pids.length, 1);
      await lambda.kill();
      await until(() => pids.every(isGone));
    });
  });
}
