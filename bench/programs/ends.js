'use strict';

/**
 * A process to be ended. Prints as JSON, on a line, the time (ns, monotonic) and Python's pid once
 * it is as far as it is meant to be.
 *   ends.js bare            never has this package; ends by itself
 *   ends.js last-call       its last promise has settled; ends by itself
 *   ends.js starting|idle   Python imports LiteLLM, or is ready; stays
 *   ends.js holds-gil FILE  Python holds its GIL, in a preload that makes FILE; stays
 */

const fs = require('node:fs');
const path = require('node:path');
const { setTimeout: pause } = require('node:timers/promises');
const { LiteLLM } = require('../..');

const PRELOAD = path.join(__dirname, 'holds_gil.py');
const LOOK = 2; // ms

const tell = (pid) => fs.writeSync(1, `${JSON.stringify({ at: `${process.hrtime.bigint()}`, pid })}\n`);

function stay() {
  setInterval(() => {}, 1000);
}

async function until(condition) {
  while (!condition()) await pause(LOOK);
}

async function main(how, file) {
  if (how === 'bare') return tell(null);
  const options = how === 'holds-gil' ? { preload: PRELOAD, env: { HOLDS: file } } : {};
  const llm = new LiteLLM({ log: 'silent', ...options });
  if (how === 'holds-gil') await until(() => fs.existsSync(file));
  else if (how === 'starting') await until(() => llm.status().pid !== null);
  else await llm.ready();
  if (how !== 'last-call') stay();
  tell(llm.status().pid);
}

main(process.argv[2], process.argv[3]);
