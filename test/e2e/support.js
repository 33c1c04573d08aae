'use strict';
/** What the end-to-end suites share. */
const { spawn } = require('node:child_process');
const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');
const readline = require('node:readline');
const { text: readText } = require('node:stream/consumers');
const { after, before } = require('node:test');
const { setTimeout: pause } = require('node:timers/promises');
const { LiteLLM } = require('../..');
const { Provider } = require('../fixtures/provider');
const { Oracle } = require('../fixtures/provider/oracle.js');

const PROBE = path.join(__dirname, '../fixtures/provider/probe.py');
const MESSAGES = [{ role: 'user', content: 'hello' }];
const KEY = 'sk-fixture-0123456789abcdefghijklmnop';
const POLL = 5; // ms

/** An instance that closes after the test (or, without `t`, after the file). */
function openBridge(t, options) {
  const llm = new LiteLLM({ log: 'event', ...options });
  (t ? t.after.bind(t) : after)(() => llm.close());
  return llm;
}

/** A provider for the whole file. */
function sharedProvider() {
  const provider = new Provider();
  before(() => provider.listen());
  after(() => provider.close());
  return provider;
}

/** Plain LiteLLM, with the interpreter that the instance found, for the whole file. */
function sharedOracle(llm) {
  const started = llm.ready().then(() => new Oracle(llm.status().pythonPath));
  after(async () => (await started).close());
  return { call: async (name, args) => (await started).call(name, args) };
}

/** A request for a script of the fixture provider, over OpenAI's format. */
function request(provider, model, extra = {}) {
  return {
    model: `openai/${model}`,
    messages: MESSAGES,
    api_base: `${provider.url}/v1`,
    api_key: KEY,
    ...extra,
  };
}

/** How to reach a server (its base URL) with each wire format: arguments of `completion`. */
const routes = (url) => ({
  openai: { model: 'openai/gpt-4o', api_base: `${url}/v1`, api_key: KEY },
  azure: { model: 'azure/gpt-4o', api_base: url, api_version: '2024-10-21', api_key: KEY },
  anthropic: { model: 'anthropic/claude-sonnet-4-5-20250929', api_base: url, api_key: KEY },
  gemini: {
    model: 'gemini/gemini-2.5-pro',
    api_base: `${url}/v1beta/models/gemini-2.5-pro`,
    api_key: KEY,
  },
  bedrock: {
    model: 'bedrock/converse/anthropic.claude-3-5-sonnet-20240620-v1:0',
    aws_bedrock_runtime_endpoint: url,
    aws_access_key_id: 'AKIAFIXTURE',
    aws_secret_access_key: 'fixture-secret',
    aws_region_name: 'us-east-1',
  },
});

/** Reads a stream to its end: its chunks, and the error that it ended with, if any. */
async function read(promise) {
  const result = { chunks: [], stream: null, error: null };
  try {
    result.stream = await promise;
    for await (const chunk of result.stream) result.chunks.push(chunk);
  } catch (error) {
    result.error = error;
  }
  return result;
}

/** Streams a request to its end; an error is thrown. */
async function stream(llm, args, options) {
  const result = await read(llm.chat.completions.create({ ...args, stream: true }, options));
  if (result.error) throw result.error;
  return result;
}

const textOf = (chunks) => chunks.map((chunk) => chunk.choices[0]?.delta?.content ?? '').join('');

const RANDOM_ID = /^(chatcmpl-|call_)[0-9a-f-]{28,36}$/;

/** A value without what LiteLLM makes up anew each time: clock values and random ids. */
function comparable(value) {
  return JSON.parse(JSON.stringify(value), (key, inner) => {
    if (key === 'created' && typeof inner === 'number') return 0;
    return key === 'id' && RANDOM_ID.test(inner) ? 'random' : inner;
  });
}

/** Waits until `condition()` is true (or resolves to true). */
async function until(condition) {
  while (!(await condition())) await pause(POLL);
}

/** A process that is gone, or a zombie that only its parent could take away. */
function isGone(pid) {
  try {
    const stat = fs.readFileSync(`/proc/${pid}/stat`, 'latin1');
    return stat.slice(stat.lastIndexOf(')') + 2)[0] === 'Z';
  } catch (error) {
    if (error.code !== 'ENOENT' && error.code !== 'ESRCH') throw error;
    return true;
  }
}

const untilGone = (pid) => until(() => isGone(pid));

/** The next event of this name that `accept` takes. */
function nextEvent(emitter, name, accept = () => true) {
  return new Promise((resolve) => {
    emitter.on(name, function listener(value) {
      if (!accept(value)) return;
      emitter.off(name, listener);
      resolve(value);
    });
  });
}

/**
 * Starts a program of programs/ in a Node process of its own.
 * `lines`: what it prints, one by one; `ended`: `{ code, signal, stderr }`.
 */
function startProgram(t, name, args = [], { env = {} } = {}) {
  const script = path.join(__dirname, 'programs', name);
  const argv = [script, ...args.map((arg) => (typeof arg === 'string' ? arg : JSON.stringify(arg)))];
  const child = spawn(process.execPath, argv, { env: { ...process.env, ...env } });
  t.after(() => child.kill('SIGKILL'));
  const stderr = readText(child.stderr);
  const iterator = readline.createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const ended = new Promise((resolve) => {
    child.once('close', async (code, signal) => resolve({ code, signal, stderr: await stderr }));
  });
  const nextLine = async () => {
    const { value, done } = await iterator.next();
    if (done) throw new Error(`${name} ended: ${JSON.stringify(await ended)}`);
    return value;
  };
  return { child, nextLine, ended };
}

/** A folder that goes away with the test. */
function temporaryFolder(t) {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'bridge-e2e-'));
  t.after(() => fs.rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** An executable file with these bytes; its path. */
function executable(folder, content, { name = 'python3', mode = 0o755 } = {}) {
  const file = path.join(folder, name);
  fs.writeFileSync(file, content, { mode });
  return file;
}

module.exports = {
  KEY,
  MESSAGES,
  PROBE,
  LiteLLM,
  comparable,
  executable,
  isGone,
  nextEvent,
  openBridge,
  read,
  request,
  routes,
  sharedOracle,
  sharedProvider,
  startProgram,
  stream,
  temporaryFolder,
  textOf,
  until,
  untilGone,
};
