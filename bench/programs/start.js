'use strict';

/**
 * One start, as an application has it; prints what it took in ms.
 *   start.js ready          from new LiteLLM() to ready
 *   start.js first URL      the first request after ready and 2 s of silence, and warm ones
 *   start.js warmed URL     the same, after the warm-up, however long that takes
 *   start.js token URL      from new LiteLLM() to the first text of a request made at once
 *   start.js usual URL      the same with child_process and a script
 */

const { spawn } = require('node:child_process');
const path = require('node:path');
const readline = require('node:readline');
const { setTimeout: pause } = require('node:timers/promises');
const { request } = require('../support/wire');

const [what, url] = process.argv.slice(2);
const IDLE = 2000; // ms
const WARM = 15; // requests
const SCRIPT = path.join(__dirname, 'json_lines.py');

/** What is warmed up for is named: what this machine used last would be another thing each time. */
function open() {
  const { LiteLLM } = require('../../lib');
  return new LiteLLM({ log: 'silent', prewarm: ['openai'] });
}

const task = () => request('openai', `${url}/openai-burst-3`);

/** @param {any} llm @returns {Promise<number>} ms to the first text */
async function firstText(llm) {
  const begun = performance.now();
  let first = 0;
  for await (const chunk of await llm.chat.completions.create(task()))
    if (chunk.choices[0]?.delta?.content) first ||= performance.now() - begun;
  return first;
}

async function ready() {
  const begun = performance.now();
  const llm = open();
  await llm.ready();
  const ms = performance.now() - begun;
  return { llm, told: { ready: ms, parts: llm.status().timings } };
}

/** @param {(llm: any) => Promise<unknown>} [wait] */
async function first(wait = () => pause(IDLE)) {
  const { llm } = await ready();
  await wait(llm);
  const cold = await firstText(llm);
  const warm = [];
  for (let i = 0; i < WARM; i++) warm.push(await firstText(llm));
  return { llm, told: { first: cold, warm } };
}

/** The warm-up began at ready: its end can't be missed. @param {any} llm */
function warmUp(llm) {
  const hold = setInterval(() => {}, 1000); // an idle Python holds no process
  return new Promise((resolve) => {
    llm.on('timing', ({ message }) => message.endsWith('warmed up') && resolve(clearInterval(hold)));
  });
}

async function token() {
  const begun = performance.now();
  const llm = open();
  for await (const chunk of await llm.chat.completions.create(task()))
    if (chunk.choices[0]?.delta?.content) break;
  return { llm, told: { token: performance.now() - begun } };
}

async function usual() {
  const begun = performance.now();
  const python = spawn(process.env.LITELLM_BRIDGE_PYTHON ?? '', [SCRIPT], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  python.stdin.write(`${JSON.stringify({ id: 1, request: task() })}\n`);
  for await (const line of readline.createInterface({ input: python.stdout }))
    if (JSON.parse(line).chunk?.choices[0]?.delta?.content) break;
  python.kill();
  return { llm: null, told: { token: performance.now() - begun } };
}

const WAYS = { ready, first, warmed: () => first(warmUp), token, usual };

WAYS[what]().then(async ({ llm, told }) => {
  console.log(JSON.stringify(told));
  await llm?.close();
});
