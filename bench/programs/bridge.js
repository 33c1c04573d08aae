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

/** The time between a stream's chunks. @param {any} request @param {number[]} into ms */
async function timed(request, into) {
  let last = 0;
  for await (const _ of await llm.chat.completions.create(request)) {
    const now = performance.now();
    if (last > 0) into.push(now - last);
    last = now;
  }
}

/** `count` paced streams; meanwhile, if there is one, `full` over and over. @param {any} task */
async function gaps({ paced, full, count }) {
  /** @type {number[]} */
  const seen = [];
  let [isOver, chunks] = [false, 0];
  const beside = async () => {
    while (full !== null && !isOver) {
      for await (const _ of await llm.chat.completions.create(full)) {
        chunks++;
        if (isOver) break;
      }
    }
  };
  const others = beside();
  await Promise.all(Array.from({ length: count }, () => timed(paced, seen)));
  isOver = true;
  await others;
  return { gaps: seen, chunks };
}

answer(
  (request) => llm.chat.completions.create(request),
  () => [Number(llm.status().pid)],
  { whole, gaps },
).then(() => llm.close());
