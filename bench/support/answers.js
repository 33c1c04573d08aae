'use strict';

/**
 * The side of a competitor's program in Node: answers each line of standard input (JSON) with a
 * line on standard output. What is measured is measured in here; CPU by whoever asks.
 */

const { createHash } = require('node:crypto');
const readline = require('node:readline');

/** Made by LiteLLM anew for each stream. */
const VARYING = new Set(['id', 'created']);

/** @param {any} chunk @returns {string} keys in order, so that two of them compare */
function canonical(chunk) {
  const entries = Object.entries(chunk).filter(([key]) => !VARYING.has(key));
  return JSON.stringify(Object.fromEntries(entries.sort(([a], [b]) => (a < b ? -1 : 1))));
}

/** As a program would read it: for its text. @param {AsyncIterable<any>} chunks */
async function readText(chunks) {
  const begun = performance.now();
  let [count, characters, firstMs] = [0, 0, 0];
  for await (const chunk of chunks) {
    count++;
    const text = chunk.choices[0]?.delta?.content;
    if (!text) continue;
    characters += text.length;
    if (firstMs === 0) firstMs = performance.now() - begun;
  }
  return { count, characters, firstMs };
}

/** All of it, for comparisons. @param {AsyncIterable<any>} chunks */
async function digest(chunks) {
  const [hash, text] = [createHash('sha256'), createHash('sha256')];
  let count = 0;
  for await (const chunk of chunks) {
    count++;
    hash.update(`${canonical(chunk)}\n`);
    text.update(chunk.choices[0]?.delta?.content ?? '');
  }
  return { count, chunks: hash.digest('hex'), text: text.digest('hex') };
}

/** From the call to the first text, so many times one after another. */
async function firstTexts(open, { request, times }) {
  /** @type {number[]} */
  const waits = [];
  for (let i = 0; i < times; i++) {
    const begun = performance.now();
    let first = 0;
    for await (const chunk of await open(request)) {
      if (first === 0 && chunk.choices[0]?.delta?.content) first = performance.now() - begun;
    }
    waits.push(first);
  }
  return { waits };
}

/** So many at the same time. */
async function streams(open, { request, at_once }) {
  const one = async () => readText(await open(request));
  const begun = performance.now();
  const all = await Promise.all(Array.from({ length: at_once }, one));
  const ms = performance.now() - begun;
  return { ms, count: all.reduce((sum, { count }) => sum + count, 0), characters: all[0].characters };
}

/**
 * @param {(request: any) => PromiseLike<AsyncIterable<any>>} open begins a stream
 * @param {() => number[]} others processes whose CPU counts, too
 * @param {Record<string, (task: any) => Promise<any>>} [more] other kinds of tasks
 */
async function answer(open, others, more = {}) {
  const kinds = {
    streams: (/** @type {any} */ task) => streams(open, task),
    digest: async (/** @type {any} */ task) => digest(await open(task.request)),
    firstTexts: (/** @type {any} */ task) => firstTexts(open, task),
    ...more,
  };
  for await (const line of readline.createInterface({ input: process.stdin })) {
    const task = JSON.parse(line);
    const result = await kinds[task.kind](task);
    console.log(JSON.stringify({ ...result, pids: [process.pid, ...others()] }));
  }
}

module.exports = { answer };
