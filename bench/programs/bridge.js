'use strict';

/** litellm-bridge, as a competitor of the others in this folder. */

const { LiteLLM } = require('../..');
const { answer } = require('../support/answers');

const llm = new LiteLLM({ log: 'silent' });

/** One after another. @param {any} task */
async function whole({ name, request, times }) {
  const begun = performance.now();
  for (let i = 0; i < times; i++) await llm.call(name, request);
  return { ms: performance.now() - begun };
}

/** The times of a stream's chunks. @param {any} request @param {() => void} onFirst */
async function times(request, onFirst) {
  /** @type {number[]} */
  const seen = [];
  for await (const _ of await llm.chat.completions.create(request)) {
    if (seen.push(performance.now()) === 1) onFirst();
  }
  return seen;
}

/** Between those that came while all were running. @param {number[][]} all @returns {number[]} ms */
function gapsOf(all) {
  const from = Math.max(...all.map((seen) => seen[0]));
  const to = Math.min(...all.map((seen) => seen[seen.length - 1]));
  return all.flatMap((seen) => {
    const within = seen.filter((time) => time >= from && time <= to);
    return within.slice(1).map((time, i) => time - within[i]);
  });
}

/** `count` paced streams; while all of them run, `full`, if there is one. @param {any} task */
async function gaps({ paced, full, count }) {
  let [begun, isOver, chunks] = [0, false, 0];
  const beside = async () => {
    for await (const _ of await llm.chat.completions.create(full)) {
      chunks++;
      if (isOver) break;
    }
  };
  /** @type {Promise<void> | null} */
  let other = null;
  const onFirst = () => {
    if (++begun === count && full !== null) other = beside();
  };
  const all = await Promise.all(Array.from({ length: count }, () => times(paced, onFirst)));
  isOver = true;
  await other;
  return { gaps: gapsOf(all), chunks };
}

answer(
  (request) => llm.chat.completions.create(request),
  () => [Number(llm.status().pid)],
  { whole, gaps },
).then(() => llm.close());
