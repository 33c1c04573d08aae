'use strict';

/**
 * Starts Python some times in a process of a given size, and prints as JSON, in ms: what the first
 * call took (`first`), what later ones took (`later`, their median), and all the time for which the
 * event loop was busy with a later start, until its process was there (`busy`).
 *   start-gap.js bridge|child_process MEGABYTES
 */

const { spawn } = require('node:child_process');
const { once } = require('node:events');
const { performance } = require('node:perf_hooks');
const { setImmediate: nextTurn, setTimeout: pause } = require('node:timers/promises');
const { LiteLLM } = require('../..');
const { privatePython } = require('../../lib/environment');
const { median } = require('../support/statistics');

const MEGABYTE = 2 ** 20;
const SETTLE = 50; // ms: what Node does by itself before is not the start's of Python
const LATER = 5;

/** Each begins a start, and gives what to wait for and how to end it. */
const STARTERS = {
  bridge() {
    const llm = new LiteLLM({ log: 'silent' });
    const isThere = () => once(llm, 'timing'); // the first record comes with the process
    return { isThere, end: () => llm.close() };
  },
  child_process() {
    const child = spawn(privatePython() ?? '', ['-c', 'import time; time.sleep(60)']);
    const exit = once(child, 'exit');
    const end = () => {
      child.kill('SIGKILL');
      return exit;
    };
    return { isThere: () => once(child, 'spawn'), end };
  },
};

/** One start and its end. */
async function measure(start) {
  await pause(SETTLE);
  const before = performance.eventLoopUtilization();
  const begun = performance.now();
  const { isThere, end } = start();
  const call = performance.now() - begun;
  await isThere();
  await nextTurn(); // what tells of the process is over, too
  const { active } = performance.eventLoopUtilization(before);
  await end();
  return { call, active };
}

async function main(how, megabytes) {
  const ballast = Buffer.alloc(Number(megabytes) * MEGABYTE, 1); // every page is really there
  const hold = setInterval(() => {}, 1000); // a start by itself does not hold the process
  const { call: first } = await measure(STARTERS[how]);
  const later = [];
  while (later.length < LATER) later.push(await measure(STARTERS[how]));
  const of = (/** @type {'call' | 'active'} */ key) => median(later.map((one) => one[key]));
  clearInterval(hold);
  console.log(JSON.stringify({ first, later: of('call'), busy: of('active'), ballast: ballast.length }));
}

main(process.argv[2], process.argv[3]);
