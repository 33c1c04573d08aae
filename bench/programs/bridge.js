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

answer(
  (request) => llm.chat.completions.create(request),
  () => [Number(llm.status().pid)],
  { whole },
).then(() => llm.close());
