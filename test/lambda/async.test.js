'use strict';

/** Async handlers under Lambda's own runtime clients, with the log in TEXT. */

const assert = require('node:assert/strict');
const path = require('node:path');
const { suite, test } = require('node:test');
const { setTimeout: pause } = require('node:timers/promises');
const { openai, steps } = require('../fixtures/provider');
const { CLIENTS, sharedFunction, sharedProvider, startFunction, until } = require('./function');
const { isGone, variablesOf } = require('./processes');
const { TEXT, heldStream } = require('./scripts');

const FREEZE_MS = 2000;
const TIMINGS = [/\[TIMING\] Starting/, /\[TIMING\] .* spawned/, /\[TIMING\] .* ready/];

const never = () => steps.wait(steps.gate());

for (const client of CLIENTS) {
  suite(`async handler, client ${client}`, () => {
    const provider = sharedProvider();
    provider.route('hello', openai.stream(openai.text(TEXT)));
    provider.route('refused', openai.error(401, { message: 'bad key' }));
    provider.route('silent', [never()]);
    const shared = sharedFunction(client, 'chat.handler');
    const invoke = (event, options) => shared.lambda.invoke({ url: provider.url, ...event }, options);
    const ask = async () => {
      const { kind, json, text } = await invoke({ do: 'ask', model: 'hello' });
      assert.equal(kind, 'response', text);
      assert.equal(json.text, TEXT.join(''));
      return json;
    };

    test('Python starts during INIT, while the module keeps the loop, and serves the first invoke', async () => {
      await shared.lambda.idle();
      for (const record of TIMINGS) await shared.lambda.logged(record);
      assert.equal(shared.lambda.api.asked.length, 1);
      const { pid, startedInInit, platform } = await ask();
      assert.deepEqual(startedInInit, [pid]);
      assert.equal(platform, 'lambda');
    });

    test('invokes reuse one Python; each is asked for once', async () => {
      const { pid, node } = await ask();
      const before = shared.lambda.api.asked.length;
      for (let i = 0; i < 3; i++) {
        const again = await ask();
        assert.deepEqual([again.pid, again.node], [pid, node]);
      }
      assert.equal(shared.lambda.api.asked.length, before + 3);
      assert.deepEqual(shared.lambda.children(), [pid]);
    });

    test('the [TIMING] records are in the log once', async () => {
      for (const record of TIMINGS) assert.equal((await shared.lambda.logged(record)).length, 1);
      const [starting] = await shared.lambda.logged(TIMINGS[0]);
      assert.match(starting, /"isLambda":true/);
    });

    test('Python has a home it can write to, and finds what belongs to its interpreter first', async () => {
      const { pid } = await ask();
      const { HOME, TMPDIR, PATH, LD_LIBRARY_PATH } = variablesOf(pid);
      const [starting] = await shared.lambda.logged(TIMINGS[0]);
      const { pythonPath } = JSON.parse(starting.slice(starting.indexOf('{')));
      assert.deepEqual([HOME, TMPDIR], ['/tmp', '/tmp']);
      assert.equal(PATH.split(':')[0], path.dirname(pythonPath));
      assert.match(LD_LIBRARY_PATH, /^\/var\/lang\/lib:/);
    });

    test('a handler that throws is an error of its invoke', async () => {
      const { pid } = await ask();
      const { kind, json } = await invoke({ do: 'fail', model: 'refused' });
      assert.equal(kind, 'error');
      assert.equal(json.errorType, 'AuthenticationError');
      assert.match(json.errorMessage, /bad key/);
      assert.equal((await ask()).pid, pid);
    });

    test('a handler whose time is over cancels its call', async () => {
      const { pid } = await ask();
      const { json } = await invoke({ do: 'giveUp', model: 'silent' }, { deadlineMs: 300 });
      assert.equal(json.name, 'AbortError');
      assert.equal(await (await provider.received('silent')).closed, 'client');
      assert.equal((await ask()).pid, pid);
    });

    test('a stream that is left unread holds nothing up', async () => {
      const model = 'unread';
      provider.route(model, heldStream(steps.gate()));
      const { kind } = await invoke({ do: 'leaveUnread', model });
      assert.equal(kind, 'response');
      assert.equal((await provider.received(model)).open, true);
      await ask();
    });

    test('a call that is left pending disturbs no invoke, and settles', async () => {
      const model = 'pending';
      const gate = steps.gate();
      provider.route(model, [steps.wait(gate), ...steps.json(openai.completion('late'))]);
      assert.equal((await invoke({ do: 'leavePending', model })).kind, 'response');
      await provider.received(model);
      await ask();
      gate.open();
      assert.deepEqual((await invoke({ do: 'leftovers' })).json.leftovers, ['late']);
    });

    test('a freeze between invokes costs nothing', async () => {
      const { pid } = await ask();
      const frozen = await shared.lambda.freeze();
      await pause(FREEZE_MS);
      shared.lambda.thaw(frozen);
      assert.equal((await ask()).pid, pid);
    });

    test('an invoke that thaws Node before Python', async () => {
      const { lambda } = shared;
      const { pid } = await ask();
      const [node, ...python] = await lambda.freeze();
      const invocation = lambda.api.invoke({ do: 'ask', model: 'hello', url: provider.url });
      await pause(FREEZE_MS);
      lambda.thaw([node]);
      const outcome = lambda.outcome(invocation);
      await until(() => lambda.api.waiting === 0);
      lambda.thaw(python);
      const { json } = await outcome;
      assert.deepEqual([json.text, json.pid], [TEXT.join(''), pid]);
    });

    test('a freeze within an invoke: what came meanwhile is read before a silence counts', async () => {
      const { lambda } = shared;
      const model = 'frozen';
      const gate = steps.gate();
      provider.route(model, heldStream(gate));
      await lambda.idle();
      const options = { idleTimeout: FREEZE_MS / 2 };
      const invocation = lambda.api.invoke({ do: 'ask', model, options, url: provider.url });
      const exchange = await provider.received(model);
      const frozen = await lambda.freeze();
      gate.open();
      await exchange.closed;
      await pause(FREEZE_MS);
      lambda.thaw(frozen);
      const { kind, text, json } = await lambda.outcome(invocation);
      assert.equal(kind, 'response', text);
      assert.equal(json.text, TEXT.join(''));
    });

    test('Python killed between invokes: the next one gets a new Python', async () => {
      const { pid } = await ask();
      process.kill(pid, 'SIGKILL');
      await until(() => isGone(pid));
      const again = await ask();
      assert.notEqual(again.pid, pid);
      assert.deepEqual(shared.lambda.children(), [again.pid]);
    });

    test('Python killed in a freeze, with an invoke waiting for the thaw', async () => {
      const { lambda } = shared;
      const { pid } = await ask();
      const frozen = await lambda.freeze();
      process.kill(pid, 'SIGKILL');
      await until(() => isGone(pid));
      const invocation = lambda.api.invoke({ do: 'ask', model: 'hello', url: provider.url });
      lambda.thaw(frozen);
      const { kind, text, json } = await lambda.outcome(invocation);
      assert.equal(kind, 'response', text);
      assert.equal(json.text, TEXT.join(''));
      assert.notEqual(json.pid, pid);
    });

    test('an environment that is killed in mid-invoke leaves no Python', async () => {
      const { lambda } = shared;
      const model = 'killed';
      provider.route(model, [never()]);
      const { pid } = await ask();
      lambda.api.invoke({ do: 'ask', model, url: provider.url });
      const exchange = await provider.received(model);
      await lambda.kill();
      await until(() => isGone(pid));
      assert.equal(await exchange.closed, 'client');
    });
  });

  test(`no layer, client ${client}: each invoke fails and says where Python was looked for`, async (t) => {
    const nowhere = { LITELLM_BRIDGE_PYTHON: undefined, PATH: '/nowhere', XDG_CACHE_HOME: '/nowhere' };
    const lambda = await startFunction(t, client, 'stream.handler', nowhere);
    const { text, trailers } = await lambda.invoke({ do: 'ask', model: 'hello', url: 'http://127.0.0.1:1' });
    const body = trailers['lambda-runtime-function-error-body'] ?? '';
    const error = JSON.parse(Buffer.from(body, 'base64').toString() || 'null');
    assert.equal(text, '');
    assert.match(error.errorMessage, /\/opt\/python\/bin\/python3 does not exist/);
    await lambda.logged(/attach the layer/i);
  });
}
