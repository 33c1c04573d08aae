'use strict';
/**
 * The defects of the bridge that this one replaces, one test or more for each (the numbers are
 * those of the regression list). What needs a Python of its own comes last.
 */
const assert = require('node:assert/strict');
const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');
const test = require('node:test');
const { steps, openai, anthropic } = require('../fixtures/provider');
const support = require('./support.js');

const { LiteLLM, PROBE } = support;
const provider = support.sharedProvider();

/** One instance for the tests that leave Python as it is; closed before the others begin. */
let llm;
test.before(async () => {
  llm = new LiteLLM({ log: 'event' });
  await llm.ready();
});
test.after(() => llm.close());

const never = () => steps.wait(steps.gate());
const events = (chunks) => chunks.map((chunk) => steps.write(openai.event(chunk)));
const ask = (model, extra, options) =>
  llm.chat.completions.create(support.request(provider, model, extra), options);
const stream = (model, extra) => support.stream(llm, support.request(provider, model, extra));

test('original-bridge #1: an error of a provider belongs to its request; others and Python go on', async () => {
  const gate = steps.gate();
  provider.route('bad', openai.error(401, { message: 'bad key' }));
  provider.route('good', [
    steps.status(200, openai.SSE_HEADERS),
    ...events(openai.text(['a', 'b']).slice(0, 2)),
    steps.wait(gate),
    ...events(openai.text(['a', 'b']).slice(2)),
    steps.end(),
  ]);
  const { pid } = llm.status();
  const good = stream('good');
  await provider.received('good');
  await assert.rejects(ask('bad'), { name: 'AuthenticationError' });
  gate.open();
  assert.equal(support.textOf((await good).chunks), 'ab');
  assert.equal(llm.status().pid, pid);
});

test('original-bridge #4: requests run at the same time', async () => {
  const gate = steps.gate();
  provider.route('together', [steps.wait(gate), ...steps.json(openai.completion('x'))]);
  const before = provider.exchanges.length;
  const calls = [ask('together'), ask('together'), ask('together')];
  await support.until(() => provider.exchanges.length === before + 3);
  gate.open();
  await Promise.all(calls);
});

test('original-bridge #5: tokens keep their order, and none is lost, while the reader awaits', async () => {
  const words = Array.from({ length: 200 }, (_, i) => `${i} `);
  provider.route('order', openai.stream(openai.text(words)));
  const texts = [];
  await llm.stream(support.request(provider, 'order'), {
    onText: async (text) => {
      await new Promise((resolve) => setImmediate(resolve));
      texts.push(text);
    },
  });
  assert.deepEqual(texts, words);
});

test('original-bridge #8: a client that goes away settles its call and stops the provider', async () => {
  provider.route('gone', [
    steps.status(200, openai.SSE_HEADERS),
    ...events(openai.text(['a']).slice(0, 2)),
    never(),
  ]);
  const aborter = new AbortController();
  const call = llm.stream(support.request(provider, 'gone'), {
    signal: aborter.signal,
    onText: () => aborter.abort(),
  });
  await assert.rejects(call, { name: 'AbortError' });
  assert.equal(await (await provider.received('gone')).closed, 'client');
});

test('original-bridge #9: the schema of structured output reaches the model', async () => {
  const schema = { type: 'object', properties: { n: { type: 'integer' } }, required: ['n'] };
  const response_format = { type: 'json_schema', json_schema: { name: 'n', strict: true, schema } };
  provider.route('gpt-4o', steps.json(openai.completion('{"n":1}')));
  await ask('gpt-4o', { response_format });
  assert.deepEqual(provider.exchanges.at(-1).body.response_format, response_format);
});

test('original-bridge #10: parameters reach the provider, and none is made up', async () => {
  const tools = [
    { type: 'function', function: { name: 'f', parameters: { type: 'object', properties: {} } } },
  ];
  const given = { tools, tool_choice: 'required', seed: 7, presence_penalty: 0.5, own_parameter: { x: 1 } };
  provider.route('gpt-4o', steps.json(openai.completion('x')));
  await ask('gpt-4o', given);
  const { model, messages, ...rest } = provider.exchanges.at(-1).body;
  assert.deepEqual(rest, given);
});

test('original-bridge #11: a stream ends with usage and cost, asked for or not', async () => {
  provider.route('gpt-4o', openai.stream([...openai.text(['Hello', ' world'])]));
  const plain = await stream('gpt-4o');
  assert.equal(plain.stream.usage.completion_tokens, 2);
  assert.ok(plain.stream.cost > 0);
  provider.route('gpt-4o', openai.stream([...openai.text(['Hello']), openai.usageChunk()]));
  const asked = await stream('gpt-4o', { stream_options: { include_usage: true } });
  assert.equal(asked.stream.usage.completion_tokens, openai.USAGE.completion_tokens);
  assert.equal(asked.stream.usage.completion_tokens_details.reasoning_tokens, 2);
  assert.equal(asked.stream.usage.prompt_tokens_details.cached_tokens, 4);
});

test('original-bridge #12: tool calls, reasoning and the finish reason are in the chunks', async () => {
  provider.route('tools', openai.stream(openai.toolCalls([{ id: 'c1', name: 'f', args: ['{"a"', ':1}'] }])));
  const tools = await stream('tools');
  const calls = tools.chunks.flatMap((chunk) => chunk.choices[0].delta.tool_calls ?? []);
  assert.equal(calls[0].id, 'c1');
  assert.equal(calls.map((call) => call.function.arguments).join(''), '{"a":1}');
  assert.equal(tools.chunks.at(-1).choices[0].finish_reason, 'tool_calls');
  provider.route('thinks', openai.stream(openai.reasoning(['hm', 'm'], ['so'])));
  const { chunks } = await stream('thinks');
  assert.equal(chunks.map((chunk) => chunk.choices[0].delta.reasoning_content ?? '').join(''), 'hmm');
});

test('original-bridge #13: messages with null content are not filtered out', async () => {
  const call = { id: 'c1', type: 'function', function: { name: 'f', arguments: '{}' } };
  const messages = [
    { role: 'user', content: 'x' },
    { role: 'assistant', content: null, tool_calls: [call] },
    { role: 'tool', tool_call_id: 'c1', content: 'y' },
  ];
  provider.route('gpt-4o', steps.json(openai.completion('z')));
  await ask('gpt-4o', { messages });
  // LiteLLM leaves out a content of null, which says the same.
  const { content, ...assistant } = messages[1];
  assert.deepEqual(provider.exchanges.at(-1).body.messages, [messages[0], assistant, messages[2]]);
});

for (const name of ['hosted_vllm', 'together_ai', 'mistral', 'groq', 'deepseek', 'openrouter']) {
  test(`original-bridge #14: any provider that LiteLLM has: ${name}`, async () => {
    provider.route(`any/${name}`, openai.stream(openai.text(['Hel', 'lo'])));
    const { chunks } = await stream(`any/${name}`, { model: `${name}/any/${name}` });
    assert.equal(support.textOf(chunks), 'Hello');
    assert.equal(provider.exchanges.at(-1).model, `any/${name}`);
  });
}

test('original-bridge #18: a time limit for each request, and one for silence', async () => {
  provider.route('slow', [never()]);
  await assert.rejects(ask('slow', {}, { timeout: 100 }), { code: 'ERR_TIMEOUT' });
  provider.route('silent', [
    steps.status(200, openai.SSE_HEADERS),
    ...events(openai.text(['a']).slice(0, 2)),
    never(),
  ]);
  const silent = llm.stream(support.request(provider, 'silent'), { idleTimeout: 100 });
  await assert.rejects(silent, { code: 'ERR_IDLE_TIMEOUT' });
});

test('original-bridge #20: the memory figure is the present one, not the peak', async () => {
  const status = fs.readFileSync(`/proc/${llm.status().pid}/status`, 'utf8');
  const resident = Number(/VmRSS:\s+(\d+) kB/.exec(status)[1]) * 1024;
  await llm.close();
  llm = new LiteLLM({ log: 'event' });
  const record = support.nextEvent(llm, 'timing', ({ message }) => message.endsWith('ready'));
  await llm.ready();
  const { memoryUsage } = await record;
  assert.ok(memoryUsage.rss <= resident * 1.1, `${memoryUsage.rss}; after work ${resident}`);
  assert.ok(memoryUsage.rss > resident / 4, `${memoryUsage.rss}; after work ${resident}`);
  assert.ok(memoryUsage.vms > memoryUsage.rss && memoryUsage.vms < 64 * os.totalmem());
});

test('original-bridge #21: a request carries the key that it names, and no other', async () => {
  const keys = { OPENAI_API_KEY: 'sk-openai-of-the-account', GEMINI_API_KEY: 'AIza-of-the-account' };
  await llm.setEnv(keys);
  provider.route('claude-sonnet-4-5-20250929', steps.json(anthropic.message([{ type: 'text', text: 'x' }])));
  await llm.chat.completions.create({
    ...support.routes(provider.url).anthropic,
    messages: support.MESSAGES,
  });
  const { headers, raw, path: url } = provider.exchanges.at(-1);
  const sent = JSON.stringify(headers) + raw.toString() + url;
  assert.equal(headers['x-api-key'], support.KEY);
  for (const key of Object.values(keys)) assert.ok(!sent.includes(key), `${key} was sent`);
});

test('original-bridge #7: a Python that is gone or reads nothing is a typed error, not a crash', async () => {
  await llm.ready();
  const { pid } = llm.status();
  process.kill(pid, 'SIGSTOP');
  const messages = [{ role: 'user', content: 'x'.repeat(4 << 20) }];
  const calls = Array.from({ length: 3 }, () => ask('large', { messages }));
  const settled = Promise.allSettled(calls);
  process.kill(pid, 'SIGKILL');
  for (const { reason } of await settled) assert.equal(reason.code, 'ERR_SERVER_EXITED');
});

test('original-bridge #16: the end of an old process does not touch the newer one', async () => {
  await llm.ready();
  const { pid, generation } = llm.status();
  provider.route('next', steps.json(openai.completion('from the next')));
  process.kill(pid, 'SIGKILL');
  await support.until(() => llm.status().pid !== pid);
  assert.equal((await ask('next')).choices[0].message.content, 'from the next');
  await support.untilGone(pid);
  assert.equal((await ask('next')).choices[0].message.content, 'from the next');
  assert.equal(llm.status().generation, generation + 1);
  assert.equal(llm.status().state, 'running');
});

/** Runs after everything that shares `llm`: these need a Python of their own. */
async function alone(options) {
  await llm.close();
  llm = new LiteLLM({ log: 'event', ...options });
  return llm;
}

/** A `python3` that behaves as `first` says when it runs first, and as the real one after that. */
async function secondTimeLucky(t, first) {
  await alone();
  await llm.ready();
  const { pythonPath } = llm.status();
  const folder = support.temporaryFolder(t);
  const mark = path.join(folder, 'ran');
  const pidFile = path.join(folder, 'pid');
  const script = `#!/bin/sh\nif [ ! -e ${mark} ]; then echo $$ > ${pidFile}; touch ${mark}; ${first}; fi\nexec ${pythonPath} "$@"\n`;
  return { python: support.executable(folder, script), pidFile };
}

test('original-bridge #2: Python that dies before ready fails the calls made, and the next works', async (t) => {
  const { python } = await secondTimeLucky(t, 'echo "out of luck" >&2; exit 9');
  await alone({ python });
  const count = { model: 'gpt-4o', text: 'hello world' };
  const calls = await Promise.allSettled([llm.ready(), llm.call('token_counter', count)]);
  for (const { reason } of calls) assert.match(reason.message, /out of luck/);
  await support.until(async () => (await llm.call('token_counter', count).catch(() => 0)) === 2);
});

test('original-bridge #3: a start that takes too long is killed, reported, and can be tried again', async (t) => {
  const { python, pidFile } = await secondTimeLucky(t, 'exec sleep 600');
  await alone({ python, startTimeout: 1000 });
  await assert.rejects(llm.ready(), { code: 'ERR_START_TIMEOUT' });
  await support.untilGone(Number(fs.readFileSync(pidFile, 'utf8')));
  await alone({ python });
  assert.equal(await llm.call('token_counter', { model: 'gpt-4o', text: 'hello world' }), 2);
});

test('original-bridge #6: a print in any library swallows no token', async () => {
  await alone({ preload: PROBE });
  const { chunks } = await support.stream(llm, { model: 'probe/x', messages: support.MESSAGES });
  assert.equal(support.textOf(chunks).trim().split(' ').length, 50);
});

for (const [name, content, mode] of [
  ['EACCES', '#!/bin/sh\nexit 0\n', 0o644],
  ['ENOEXEC', 'neither a program nor a script\n', 0o755],
]) {
  test(`original-bridge #15: ${name} at the start fails the calls with a typed error`, async (t) => {
    const python = support.executable(support.temporaryFolder(t), content, { mode });
    await alone({ python });
    const results = await Promise.allSettled([
      llm.ready(),
      llm.call('token_counter', { model: 'gpt-4o', text: 'x' }),
    ]);
    for (const { reason } of results) {
      assert.equal(reason.code, 'ERR_PYTHON_BROKEN');
      assert.ok(reason.message.includes(python), reason.message);
    }
  });
}

test('original-bridge #17: a Python that ignores SIGTERM is ended all the same', async () => {
  await alone({ preload: PROBE });
  await llm.ready();
  const { pid } = llm.status();
  const stuck = support.nextEvent(llm, 'log', ({ message }) => message.includes('stuck'));
  const call = llm.chat.completions.create({ model: 'probe/stuck', messages: support.MESSAGES });
  const rejected = assert.rejects(call, { code: 'ERR_CLOSED' });
  await Promise.race([stuck, support.until(() => ignoresSigterm(pid))]);
  await llm.close();
  await rejected;
  assert.ok(support.isGone(pid), `process ${pid} is still there`);
});

const SIGTERM = 15;

function ignoresSigterm(pid) {
  const mask = /SigIgn:\s+([0-9a-f]+)/.exec(fs.readFileSync(`/proc/${pid}/status`, 'utf8'))[1];
  return (BigInt(`0x${mask}`) & (1n << BigInt(SIGTERM - 1))) !== 0n;
}

const PLATFORMS = {
  ecs: { AWS_EXECUTION_ENV: 'AWS_ECS_FARGATE' },
  local: { AWS_EXECUTION_ENV: '' },
};

for (const [platform, env] of Object.entries(PLATFORMS)) {
  test(`original-bridge #19: the platform is named: ${platform}, and is not Lambda`, async (t) => {
    const program = support.startProgram(t, 'status.js', [], { env });
    const { status, timings } = JSON.parse(await program.nextLine());
    assert.equal(status.platform, platform);
    assert.equal(timings[0].isLambda, false);
  });
}
