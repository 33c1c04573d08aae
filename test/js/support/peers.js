'use strict';

/** Instances on scripted workers (test/fixtures/workers). */

const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');

const { LiteLLM } = require('../../../lib');

const WORKERS = path.join(__dirname, '..', '..', 'fixtures', 'workers');

/** The smallest request that is valid. */
const REQUEST = Object.freeze({ model: 'gpt-4o', messages: [] });

/** @param {string} name */
const worker = (name) => path.join(WORKERS, `${name}.py`);

/** An instance that the test closes at its end. It asks for nothing by itself. */
function open(t, name = 'answers', options = {}) {
  const llm = new LiteLLM({ python: worker(name), log: 'silent', prewarm: [], ...options });
  t.after(() => llm.close());
  return llm;
}

/** A request whose script the worker follows. */
const scripted = (...script) => ({ ...REQUEST, script });

/** As `scripted`, for a stream. */
const streamed = (...script) => ({ ...scripted(...script), stream: true });

/** A chunk of text, as LiteLLM's OpenAI streams have them. */
function textChunk(content) {
  return {
    id: 'chatcmpl-1',
    created: 1760000000,
    model: 'gpt-4o',
    object: 'chat.completion.chunk',
    choices: [{ index: 0, delta: { content } }],
  };
}

const template = (text) => ['template', 1, textChunk(text)];

/** The texts of a stream, to its end. */
async function textsOf(stream) {
  const texts = [];
  for await (const chunk of stream) texts.push(chunk.choices[0].delta.content);
  return texts;
}

/** A folder that is gone after the test. */
function folder(t) {
  const made = fs.mkdtempSync(path.join(os.tmpdir(), 'litellm-bridge-test-'));
  t.after(() => fs.rmSync(made, { recursive: true, force: true }));
  return made;
}

/** Resolves once the condition holds. The test's own time limit is the limit. */
async function until(condition) {
  while (!(await condition())) await new Promise((resolve) => setTimeout(resolve, 5));
}

/** Whether a process runs. One that is dead and not reaped yet does not. */
function isAlive(pid) {
  try {
    process.kill(pid, 0);
  } catch {
    return false;
  }
  const status = `/proc/${pid}/status`; // Linux only
  return !fs.existsSync(status) || !/^State:\s+Z/m.test(readIfThere(status));
}

/** A process that went away in the meantime is as good as a zombie. */
function readIfThere(file) {
  try {
    return fs.readFileSync(file, 'utf8');
  } catch {
    return 'State:\tZ';
  }
}

module.exports = {
  REQUEST,
  folder,
  isAlive,
  open,
  scripted,
  streamed,
  template,
  textChunk,
  textsOf,
  until,
  worker,
};
