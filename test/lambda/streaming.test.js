'use strict';

/** Streaming handlers under Lambda's own runtime clients, with the log in JSON. */

const assert = require('node:assert/strict');
const { suite, test } = require('node:test');
const { setTimeout: pause } = require('node:timers/promises');
const { openai, steps } = require('../fixtures/provider');
const { CLIENTS, sharedFunction, sharedProvider } = require('./function');
const { TEXT, heldStream } = require('./scripts');

const FREEZE_MS = 2000;
const ANSWER = TEXT.join('');
const LEVELS = ['TRACE', 'DEBUG', 'INFO', 'WARN', 'ERROR', 'FATAL'];

/** The text that was streamed, and what the handler said of itself after it. */
function parts({ kind, text, trailers }) {
  assert.equal(kind, 'response', text);
  assert.deepEqual(trailers, {});
  const [answer, result] = text.split('\n');
  return { answer, ...JSON.parse(result) };
}

/** What the runtime client tells of an error once the answer has begun. */
function errorOf({ trailers }) {
  const body = Buffer.from(trailers['lambda-runtime-function-error-body'], 'base64');
  return { type: trailers['lambda-runtime-function-error-type'], ...JSON.parse(body.toString()) };
}

for (const client of CLIENTS) {
  suite(`streaming handler, client ${client}`, () => {
    const provider = sharedProvider();
    provider.route('hello', openai.stream(openai.text(TEXT)));
    provider.route('refused', openai.error(401, { message: 'bad key' }));
    const shared = sharedFunction(client, 'stream.handler', { AWS_LAMBDA_LOG_FORMAT: 'JSON' });
    const invoke = (event, options) => shared.lambda.invoke({ url: provider.url, ...event }, options);
    const ask = async () => {
      const result = parts(await invoke({ do: 'ask', model: 'hello' }));
      assert.equal(result.answer, ANSWER);
      return result;
    };
    const records = () => shared.lambda.lines.map((line) => JSON.parse(line));

    test('text reaches the client while the provider still writes', async () => {
      const { lambda } = shared;
      const model = 'live';
      const gate = steps.gate();
      provider.route(model, heldStream(gate));
      await lambda.idle();
      const invocation = lambda.api.invoke({ do: 'ask', model, url: provider.url });
      await lambda.whileRunning(invocation.received((text) => text.includes(TEXT[0])));
      assert.equal(invocation.text, TEXT[0]);
      gate.open();
      assert.equal(parts(await lambda.outcome(invocation)).answer, ANSWER);
      await lambda.idle();
    });

    test('invokes reuse one Python; each is asked for once', async () => {
      const { pid, node } = await ask();
      const before = shared.lambda.api.asked.length;
      for (let i = 0; i < 3; i++) {
        const again = await ask();
        assert.deepEqual([again.pid, again.node], [pid, node]);
      }
      assert.equal(shared.lambda.api.asked.length, before + 3);
    });

    test('a handler that throws ends its stream with the error in the trailers', async () => {
      const { pid } = await ask();
      const outcome = await invoke({ do: 'fail', model: 'refused' });
      const { type, errorMessage } = errorOf(outcome);
      assert.equal(type, 'AuthenticationError');
      assert.match(errorMessage, /bad key/);
      assert.equal((await ask()).pid, pid);
    });

    test('a handler whose time is over cancels its call, with a part of the answer sent', async () => {
      const { pid } = await ask();
      const model = 'slow';
      provider.route(model, heldStream(steps.gate()));
      const { answer, name } = parts(await invoke({ do: 'giveUp', model }, { deadlineMs: 500 }));
      assert.deepEqual([answer, name], [TEXT[0], 'AbortError']);
      assert.equal(await (await provider.received(model)).closed, 'client');
      assert.equal((await ask()).pid, pid);
    });

    test('a stream that is left unread holds nothing up', async () => {
      const model = 'unread';
      provider.route(model, heldStream(steps.gate()));
      parts(await invoke({ do: 'leaveUnread', model }));
      assert.equal((await provider.received(model)).open, true);
      await ask();
    });

    test('a call that is left pending disturbs no invoke, and settles', async () => {
      const { lambda } = shared;
      const model = 'pending';
      const gate = steps.gate();
      provider.route(model, [steps.wait(gate), ...steps.json(openai.completion('late'))]);
      await lambda.idle();
      const invocation = lambda.api.invoke({ do: 'leavePending', model, url: provider.url });
      parts(await lambda.outcome(invocation)); // while the call is under way
      gate.open(); // version 3 asks for the next invocation when nothing holds the loop
      await ask();
      assert.deepEqual(parts(await invoke({ do: 'leftovers' })).leftovers, ['late']);
    });

    test('a freeze within an invoke: what came meanwhile is read before a silence counts', async () => {
      const { lambda } = shared;
      const model = 'frozen';
      const gate = steps.gate();
      provider.route(model, heldStream(gate));
      await lambda.idle();
      const options = { idleTimeout: FREEZE_MS / 2 };
      const invocation = lambda.api.invoke({ do: 'ask', model, options, url: provider.url });
      await lambda.whileRunning(invocation.received((text) => text === TEXT[0]));
      const frozen = await lambda.freeze();
      gate.open();
      await (await provider.received(model)).closed;
      await pause(FREEZE_MS);
      lambda.thaw(frozen);
      assert.equal(parts(await lambda.outcome(invocation)).answer, ANSWER);
      await lambda.idle();
    });

    test('Python killed in mid-stream is an error of that invoke; the next one works', async () => {
      const { lambda } = shared;
      const model = 'killed';
      provider.route(model, heldStream(steps.gate()));
      const { pid } = await ask();
      const invocation = lambda.api.invoke({ do: 'ask', model, url: provider.url });
      await lambda.whileRunning(invocation.received((text) => text === TEXT[0]));
      process.kill(pid, 'SIGKILL');
      const outcome = await lambda.outcome(invocation);
      assert.equal(outcome.text, TEXT[0]);
      assert.match(errorOf(outcome).errorMessage, /SIGKILL/);
      await lambda.idle();
      assert.notEqual((await ask()).pid, pid);
    });

    test('what Python says has the id of the request in which it was said', async () => {
      const { id } = await invoke({ do: 'noise' });
      await shared.lambda.logged(/noise in logging/);
      const said = records().filter(({ message }) => /^noise (on std|in logging)/.test(message));
      assert.equal(said.length, 3);
      for (const { requestId } of said) assert.equal(requestId, id);
    });

    test('every line of the log is a JSON record; those of a start are there once for each', async () => {
      for (const { timestamp, level, message } of records()) {
        assert.equal(new Date(timestamp).toISOString(), timestamp);
        assert.ok(LEVELS.includes(level), level);
        assert.notEqual(message, undefined);
      }
      const starts = records().filter(({ message }) => String(message).startsWith('[TIMING]'));
      const names = starts.map(({ message }) => message.slice(0, message.indexOf(' {')));
      const once = [
        '[TIMING] Starting persistent Python LiteLLM server',
        '[TIMING] Python LiteLLM server spawned',
        '[TIMING] Python LiteLLM server ready',
      ];
      const warm = '[TIMING] Python LiteLLM server warmed up'; // comes while nothing is asked, or not at all
      assert.deepEqual(
        names.filter((name) => name !== warm),
        [...once, ...once], // one Python was killed
      );
    });
  });
}
