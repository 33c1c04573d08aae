'use strict';

/** Threads and exits with the real LiteLLM and a provider that records who closed a connection. */

const assert = require('node:assert/strict');
const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');
const { test } = require('node:test');

const { startProvider, steps, openai } = require('../fixtures/provider');
const { LiteLLM } = require('../../lib');
const { descendants, until, untilGone, withVariable } = require('./support/proc');
const { start } = require('./support/program');
const { WAYS, hang, startThread } = require('./support/threads');

const TIMEOUT = { timeout: 90_000 }; // ms
const preload = (name) => path.join(__dirname, 'preloads', `${name}.py`);
const TALKS = { preload: preload('talks') };

const WORDS = ['one ', 'two ', 'three'];
const chunks = openai.text(WORDS).map((chunk) => steps.write(openai.event(chunk)));
const beginning = [steps.status(200, openai.SSE_HEADERS), ...chunks.slice(0, 3)];

/** A request that the provider answers in this way. */
function request(provider, model, script) {
  provider.route(model, script);
  return {
    model: `openai/${model}`,
    messages: [{ role: 'user', content: 'hello' }],
    api_base: `${provider.url}/v1`,
    api_key: 'sk-fixture',
  };
}

function open(t, options) {
  const llm = new LiteLLM({ log: 'silent', ...options });
  t.after(() => llm.close());
  return llm;
}

test('threads that leave in mid-stream close their connections; the others go on', TIMEOUT, async (t) => {
  const provider = await startProvider(t);
  const gate = steps.gate();
  const llm = open(t);
  const kept = startThread(t);
  const whole = [...beginning, steps.wait(gate), ...chunks.slice(3), steps.end()];
  const going = kept.ask('stream', request(provider, 'kept', whole));
  const own = llm.stream(request(provider, 'own', whole));
  await until(() => kept.texts.length > 0);
  for (const way of WAYS) {
    const leaver = startThread(t);
    await hang(leaver, request(provider, way, [...beginning, steps.wait(steps.gate())]));
    await leaver.leave(way);
    assert.equal(await (await provider.received(way)).closed, 'client', way);
  }
  gate.open();
  assert.equal((await going).join(''), WORDS.join(''));
  assert.equal((await own).text, WORDS.join(''));
});

test('a log line of Python reaches exactly one live thread', TIMEOUT, async (t) => {
  const threads = Array.from({ length: 3 }, () => startThread(t, TALKS));
  for (const { ask } of threads) await ask('status');
  const heard = (line) => threads.map(({ logs }) => logs.filter((log) => log === line).length);
  const say = async ({ ask }, line) => {
    await ask('chat', { model: 'talks/m', messages: [{ role: 'user', content: line }] });
    await until(() => heard(line).some((count) => count > 0));
    for (const thread of threads) await thread.ask('status').catch(() => {}); // nothing is under way
    return heard(line);
  };
  while (threads.length > 0) {
    const counts = await say(threads.at(-1), `with ${threads.length} threads`);
    assert.equal(
      counts.reduce((sum, count) => sum + count),
      1,
      `${counts}`,
    );
    const [listener] = threads.splice(counts.indexOf(1), 1);
    await listener.leave('terminate');
  }
});

/** Ends a program of ours, and waits until nothing of it is left. */
async function killed(program, count) {
  await until(() => descendants(program.child.pid).length >= count);
  const family = descendants(program.child.pid);
  program.child.kill('SIGKILL');
  await program.ended;
  await untilGone(...family);
}

test('SIGKILL while LiteLLM is imported leaves no Python', TIMEOUT, async (t) => {
  const program = start(t, 'stage.js', [{}, 'greeted']);
  await program.next();
  await killed(program, 1);
});

test(
  'SIGKILL while a module’s import holds the GIL leaves no Python and no child of it',
  TIMEOUT,
  async (t) => {
    const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'litellm-bridge-process-'));
    t.after(() => fs.rmSync(folder, { recursive: true, force: true }));
    const HOLDS = path.join(folder, 'holds');
    const program = start(t, 'stage.js', [{ preload: preload('holds_gil') }, 'greeted'], { env: { HOLDS } });
    await program.next();
    await until(() => fs.existsSync(HOLDS));
    await killed(program, 2);
  },
);

test('SIGKILL at any moment of the spawn leaves no Python', TIMEOUT, async (t) => {
  for (let ms = 0; ms < 20; ms += 2) {
    const MARK = `${process.pid}-${ms}`;
    const program = start(t, 'leave-early.js', [{}, ms], { env: { MARK } });
    assert.equal((await program.ended).signal, 'SIGKILL');
    await until(() => withVariable('MARK', MARK).length === 0);
  }
});
