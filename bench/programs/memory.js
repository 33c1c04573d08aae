'use strict';

/**
 * Memory of a Node process with litellm-bridge, and of its Python: one JSON line for each stage.
 *   node --expose-gc memory.js URL CALLS…   the provider; how many mixed calls each stage has
 */

const fs = require('node:fs');
const { KEY, request } = require('../support/wire');

const [url, ...counts] = process.argv.slice(2);
const AT_A_TIME = 8;
const MESSAGES = [{ role: 'user', content: 'A question of a few words.' }];
const STREAMS = ['openai', 'anthropic', 'bedrock', 'gemini'];

/** MB (2^20 bytes) of a process, shared pages divided among those who share them. */
function pss(pid) {
  const text = fs.readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8');
  return Number(/^Pss:\s+(\d+)/m.exec(text)?.[1]) / 1024;
}

/** Without what the next collection would free. */
function ownPss() {
  for (let i = 0; i < 3; i++) globalThis.gc?.();
  return pss('self');
}

const settle = () => new Promise((done) => setTimeout(done, 300));

/** The kinds of calls, in turns. @param {any} llm @returns {(() => Promise<unknown>)[]} */
function kinds(llm) {
  const whole = (bytes) => ({
    model: 'openai/gpt-4o',
    messages: MESSAGES,
    api_key: KEY,
    api_base: `${url}/whole-${bytes}/v1`,
  });
  const stream = async (family) => {
    for await (const _ of await llm.chat.completions.create(request(family, `${url}/${family}-burst-20`)));
  };
  const vectors = { model: 'openai/text-embedding-3-small', input: ['one', 'two'], api_key: KEY };
  const refused = { ...whole(0), api_base: 'http://127.0.0.1:9/v1', max_retries: 0 };
  return [
    () => llm.chat.completions.create(whole(200)),
    () => llm.chat.completions.create(whole(20_000)),
    () => llm.embeddings.create({ ...vectors, api_base: `${url}/vectors-2/v1` }),
    () => llm.chat.completions.create(refused).catch(() => {}),
    ...STREAMS.map((family) => () => stream(family)),
  ];
}

async function mix(calls, count) {
  let next = 0;
  const lane = async () => {
    while (next < count) await calls[next++ % calls.length]();
  };
  await Promise.all(Array.from({ length: AT_A_TIME }, lane));
}

async function main() {
  require('node:worker_threads'); // what any application has loaded
  const before = ownPss();
  const { LiteLLM } = require('../..');
  const llm = new LiteLLM({ log: 'silent', startTimeout: 120_000, prewarm: ['openai'] });
  await llm.ready();
  const pid = Number(llm.status().pid);
  const show = (stage) => console.log(JSON.stringify({ stage, python: pss(pid), node: ownPss() - before }));
  await settle();
  show('ready');
  const calls = kinds(llm);
  for (const count of counts.map(Number)) {
    await mix(calls, count);
    await settle();
    show(`after ${count} mixed calls`);
  }
  for (const model of counts.length > 0 ? ['gpt-4', 'gpt-4o'] : []) {
    await llm.call('token_counter', { model, text: 'some words to count' });
    show(`tokenizer of ${model} loaded`);
  }
  await llm.close();
}

main();
