'use strict';

/**
 * Starts Python with 0, 1, 2, ... descriptors left, until a start succeeds, and then with all of
 * them; prints each outcome. Argument: the instance's options.
 */

const fs = require('node:fs');
const { setImmediate: nextTurn } = require('node:timers/promises');
const { LiteLLM } = require('../../..');
const { children, countDescriptors, until } = require('../support/proc');

/** Takes every descriptor there is. */
function takeAll() {
  const taken = [];
  try {
    for (;;) taken.push(fs.openSync('/dev/null'));
  } catch ({ code }) {
    if (code !== 'EMFILE') throw new Error(code);
    return taken;
  }
}

async function attempt(options) {
  const llm = new LiteLLM({ log: 'silent', ...options });
  const outcome = await llm.call('x').then(
    () => ({ code: null }),
    ({ code, message }) => ({ code, message }),
  );
  await llm.close();
  return outcome;
}

async function withLeft(count, options) {
  for (let turn = 0; turn < 2; turn++) await nextTurn(); // what was closed is closed
  const taken = takeAll();
  for (const fd of taken.splice(0, count)) fs.closeSync(fd);
  const outcome = await attempt(options);
  for (const fd of taken) fs.closeSync(fd);
  return outcome;
}

async function main() {
  const options = JSON.parse(process.argv[2]);
  await attempt(options); // what Node itself opens once is open now
  const before = countDescriptors(process.pid);
  const outcomes = [];
  do outcomes.push(await withLeft(outcomes.length, options));
  while (outcomes.at(-1).code !== null);
  const after = await attempt(options);
  await until(() => countDescriptors(process.pid) === before && children(process.pid).length === 0);
  console.log(JSON.stringify({ outcomes, after }));
}

main();
