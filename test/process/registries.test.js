'use strict';

/** Several module registries in one thread, as Jest and Vitest make them: all share one Python. */

const assert = require('node:assert/strict');
const path = require('node:path');
const { test } = require('node:test');

const { children } = require('./support/proc');
const { fixture } = require('./support/program');
const { makeRegistry } = require('./support/registry');

const TIMEOUT = { timeout: 120_000 }; // ms
const ROOT = path.join(__dirname, '..', '..');
const LIB = require.resolve('../../lib');
const OPTIONS = { python: fixture('answers'), log: 'silent' };

/** The package, evaluated anew, its addon included. */
function requireAnew() {
  for (const file of Object.keys(require.cache)) {
    if (file.startsWith(path.join(ROOT, 'lib')) || file.endsWith('.node')) delete require.cache[file];
  }
  return require(LIB);
}

const REGISTRIES = {
  'deleted require.cache entries': requireAnew,
  'vm contexts': () => makeRegistry()(LIB),
};

async function textOf(llm, request) {
  let text = '';
  for await (const chunk of await llm.chat.completions.create(request))
    text += chunk.choices[0].delta.content;
  return text;
}

const REQUEST = { model: 'm', messages: [], stream: true, words: [' small', ' world'] };

for (const [name, load] of Object.entries(REGISTRIES)) {
  test(`${name}: each copy of the modules works, and all share one Python`, TIMEOUT, async (t) => {
    const packages = [load(), load(), load()];
    assert.equal(new Set(packages.map(({ LiteLLM }) => LiteLLM)).size, 3);
    const instances = packages.map(({ LiteLLM }) => new LiteLLM(OPTIONS));
    t.after(() => Promise.all(instances.map((llm) => llm.close())));
    const texts = await Promise.all(instances.map((llm) => textOf(llm, REQUEST)));
    assert.deepEqual(texts, Array(3).fill('hello small world'));
    assert.deepEqual(children(process.pid), [instances[0].status().pid]);
  });

  test(`${name}: errors and aborts are those of the copy that is called`, TIMEOUT, async (t) => {
    const { LiteLLM, LiteLLMError } = load();
    const llm = new LiteLLM(OPTIONS);
    t.after(() => llm.close());
    const never = { script: [['gate', 'never']] };
    await assert.rejects(llm.call('x', never, { timeout: 50 }), (error) => {
      assert.ok(error instanceof LiteLLMError);
      return error.code === 'ERR_TIMEOUT';
    });
    await assert.rejects(llm.call('x', never, { signal: AbortSignal.abort('why') }), {
      name: 'AbortError',
      cause: 'why',
    });
    await assert.rejects(llm.call('x', { script: [['kill']] }), {
      code: 'ERR_SERVER_EXITED',
      signal: 'SIGKILL',
    });
  });

  test(`${name}: the close of one leaves Python to the others, the last ends it`, TIMEOUT, async (t) => {
    const instances = [load(), load()].map(({ LiteLLM }) => new LiteLLM(OPTIONS));
    t.after(() => Promise.all(instances.map((llm) => llm.close())));
    const [first, second] = instances;
    await Promise.all([first.ready(), second.ready()]);
    const { pid } = first.status();
    await first.close();
    assert.equal(await textOf(second, REQUEST), 'hello small world');
    assert.equal(second.status().pid, pid);
    await second.close();
    assert.deepEqual(children(process.pid), []);
  });
}

test('a contradiction between registries is refused by the option’s name', TIMEOUT, async (t) => {
  const [one, two] = [makeRegistry()(LIB), requireAnew()];
  const llm = new one.LiteLLM(OPTIONS);
  t.after(() => llm.close());
  assert.throws(() => new two.LiteLLM({ ...OPTIONS, env: { A: '1' } }), {
    code: 'ERR_INVALID_ARGUMENT',
    message: /: env /,
  });
});
