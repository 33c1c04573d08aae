'use strict';

/**
 * Starts Python once in a process of a given size, and prints the longest time (ms) for which
 * the event loop stood still: start-gap.js nothing|bridge|child_process MEGABYTES
 */

const { spawn } = require('node:child_process');
const { once } = require('node:events');
const { setTimeout: pause } = require('node:timers/promises');
const { LiteLLM } = require('../..');
const { privatePython } = require('../../lib/environment');

const MEGABYTE = 2 ** 20;
const SETTLE = 200; // ms before and after: what the process does by itself is not the start's

/** Turns the loop as fast as it can. The returned function tells its longest turn in ms. */
function watchLoop() {
  let longest = 0;
  let last = performance.now();
  const turn = () => {
    const now = performance.now();
    longest = Math.max(longest, now - last);
    last = now;
    next = setImmediate(turn);
  };
  let next = setImmediate(turn);
  return () => {
    clearImmediate(next);
    return longest;
  };
}

const STARTERS = {
  nothing: () => pause(SETTLE), // how long the loop stands still anyway, on this machine
  bridge: () => once(new LiteLLM({ log: 'silent' }), 'timing'),
  child_process: () => once(spawn(privatePython() ?? '', ['-c', '']), 'spawn'),
};

async function main(how, megabytes) {
  const ballast = Buffer.alloc(Number(megabytes) * MEGABYTE, 1); // every page is really there
  await pause(SETTLE);
  const stop = watchLoop();
  await STARTERS[how]();
  await pause(SETTLE);
  console.log(stop(), ballast.length);
  process.exit(); // takes Python with it
}

main(process.argv[2], process.argv[3]);
