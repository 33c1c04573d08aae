'use strict';
/** Python modules of the application, and what a library may do inside the process. */
const assert = require('node:assert/strict');
const fs = require('node:fs');
const path = require('node:path');
const test = require('node:test');
const { startProvider, steps, openai } = require('../fixtures/provider');
const support = require('./support.js');

const { MESSAGES, PROBE } = support;
const ROUTER = path.join(__dirname, '../fixtures/router.py');
const TOKENS = Array.from({ length: 50 }, (_, i) => `token${i} `);

/** One instance for the tests that need only the probe; the others come after it. */
let llm;
test.before(() => {
  llm = new support.LiteLLM({ log: 'event', preload: PROBE });
});
test.after(() => llm.close());

/** Closes the one before: what shapes the server can differ then. */
async function alone(options) {
  await llm.close();
  llm = new support.LiteLLM({ log: 'event', ...options });
}

const logsOf = () => {
  const logs = [];
  llm.on('log', (record) => logs.push(record));
  return logs;
};

const ask = (command) => llm.chat.completions.create({ model: `probe/${command}`, messages: MESSAGES });

const answerOf = async (command) => (await ask(command)).choices[0].message.content;

test('preload: a file registers a provider that answers', async () => {
  assert.equal(await answerOf('env:NO_SUCH_VARIABLE'), '(unset)');
});

test('preload: prints of a library become log lines, and no token is lost', async () => {
  const logs = logsOf();
  const { chunks } = await support.stream(llm, { model: 'probe/anything', messages: MESSAGES });
  assert.equal(support.textOf(chunks), TOKENS.join(''));
  const texts = () => logs.filter(({ source }) => source === 'stdout').map(({ message }) => message);
  for (const token of TOKENS) {
    await support.until(() => texts().some((text) => text.includes(`noise before ${token.trim()}`)));
  }
});

test('preload: stdout, stderr and logging are told apart', async () => {
  const logs = logsOf();
  assert.equal(await answerOf('noise'), 'quiet');
  const has = (source, text) => logs.find((log) => log.source === source && log.message.includes(text));
  await support.until(() => has('stdout', 'noise on stdout') && has('stderr', 'noise on stderr'));
  await support.until(() => has('logging', 'noise in logging'));
  const { level, logger } = has('logging', 'noise in logging');
  assert.equal(level, 'WARN');
  assert.equal(logger, 'probe');
});

test('preload: Python runs isolated and without site', async () => {
  assert.deepEqual(JSON.parse(await answerOf('flags')), { isolated: 1, no_site: 1 });
});

test('preload: the env option and setEnv reach Python; the process’s own environment stays', async () => {
  await alone({ preload: PROBE, env: { FROM_OPTION: 'öption' } });
  assert.equal(await answerOf('env:FROM_OPTION'), 'öption');
  await llm.setEnv({ FROM_SET_ENV: 'later', FROM_OPTION: 'changed' });
  assert.equal(await answerOf('env:FROM_SET_ENV'), 'later');
  assert.equal(await answerOf('env:FROM_OPTION'), 'changed');
  assert.equal(process.env.FROM_SET_ENV, undefined);
});

test('preload: env as an async function is asked when Python starts', async () => {
  let asked = 0;
  const env = async () => {
    asked += 1;
    return { FETCHED: 'from a vault' };
  };
  await alone({ preload: PROBE, env });
  assert.equal(await answerOf('env:FETCHED'), 'from a vault');
  assert.equal(asked, 1);
});

test('preload: our own variables are not Python’s to see', async () => {
  assert.equal(await answerOf('env:LITELLM_BRIDGE_OPTIONS'), '(unset)');
});

test('preload: a Python that leaves takes its words into the error', async () => {
  const error = await ask('exit:7').catch((caught) => caught);
  assert.equal(error.code, 'ERR_SERVER_EXITED');
  assert.equal(error.exitCode, 7);
  assert.match(error.message, /last words/);
  assert.equal(await answerOf('env:NO_SUCH_VARIABLE'), '(unset)');
});

test('preload: several modules, in order, relative paths from here', async (t) => {
  const folder = support.temporaryFolder(t);
  const second = path.join(folder, 'second.py');
  fs.writeFileSync(second, 'import os\nos.environ["ORDER"] = os.environ.get("ORDER", "") + "second"\n');
  const first = path.join(folder, 'first.py');
  fs.writeFileSync(first, 'import os\nos.environ["ORDER"] = "first,"\n');
  const preload = [first, path.relative(process.cwd(), second), PROBE];
  await alone({ preload });
  assert.equal(await answerOf('env:ORDER'), 'first,second');
});

test('preload: a Router, whose stream falls back in mid-stream', async (t) => {
  const provider = await startProvider(t);
  const good = openai.stream(openai.text(TOKENS));
  const bad = [
    steps.status(200, openai.SSE_HEADERS),
    ...openai
      .text(['said '])
      .slice(0, 2)
      .map((chunk) => steps.write(openai.event(chunk))),
    steps.write(openai.event({ error: { message: 'the model fell over', code: 500 } })),
    steps.end(),
  ];
  provider.route('router-one', good);
  provider.route('router-two', good);
  await alone({ preload: ROUTER, env: { ROUTER_PROVIDER: provider.url } });
  const ask = () => support.stream(llm, { model: 'router-one', messages: MESSAGES });
  assert.equal(support.textOf((await ask()).chunks), TOKENS.join(''));
  provider.route('router-one', bad);
  const { chunks, stream } = await ask();
  assert.equal(support.textOf(chunks), `said ${TOKENS.join('')}`);
  assert.equal(chunks.at(-1).choices[0].finish_reason, 'stop');
  assert.ok(stream.usage.completion_tokens > 0);
  const asked = provider.exchanges.map(({ model }) => model);
  assert.deepEqual(asked, ['router-one', 'router-one', 'router-two']);
});

const FAILURES = {
  'raises an exception': ['raise ValueError("my own words")', /my own words/],
  'has a syntax error': ['def broken(:\n', /SyntaxError|invalid syntax/],
  'imports what is not there': ['import no_such_module_anywhere', /no_such_module_anywhere/],
  'leaves with sys.exit': ['import sys\nsys.exit("leaving now")', /leaving now/],
};

for (const [what, [source, words]] of Object.entries(FAILURES)) {
  test(`preload: a module that ${what} is ERR_PRELOAD with its own words`, async (t) => {
    const file = path.join(support.temporaryFolder(t), 'failing.py');
    fs.writeFileSync(file, source);
    await alone({ preload: file });
    await assert.rejects(llm.ready(), (error) => {
      assert.equal(error.code, 'ERR_PRELOAD');
      assert.match(error.message, words);
      assert.match(error.message, /failing/);
      return true;
    });
  });
}

test('preload: a file that is not there is ERR_PRELOAD and named', async () => {
  await alone({ preload: '/no/such/preload.py' });
  await assert.rejects(llm.ready(), { code: 'ERR_PRELOAD', message: /\/no\/such\/preload\.py/ });
});

test('preload: after a failure and a close the next instance works', async (t) => {
  const provider = await startProvider(t);
  provider.route('good', steps.json(openai.completion('fine')));
  await alone();
  const response = await llm.chat.completions.create(support.request(provider, 'good'));
  assert.equal(response.choices[0].message.content, 'fine');
});
