'use strict';

/** Each start is measured in a process of its own; the starters take turns. */

const { execFileSync } = require('node:child_process');
const path = require('node:path');

const PROGRAM = path.join(__dirname, 'programs', 'start-gap.js');
const MEGABYTES = [50, 500, 1000];
const ROUNDS = 7;

function measure(how, megabytes) {
  return Number.parseFloat(
    execFileSync(process.execPath, [PROGRAM, how, String(megabytes)], { encoding: 'utf8' }),
  );
}

function median(numbers) {
  return [...numbers].sort((one, other) => one - other)[Math.floor(numbers.length / 2)];
}

function compare(megabytes) {
  /** @type {Record<string, number[]>} */
  const times = { nothing: [], bridge: [], child_process: [] };
  for (let round = 0; round < ROUNDS; round++) {
    for (const [how, list] of Object.entries(times)) list.push(measure(how, megabytes));
  }
  const [nothing, bridge, childProcess] = Object.values(times).map(median);
  return { megabytes, nothing, bridge, childProcess, ratio: childProcess / bridge };
}

module.exports = {
  question:
    'For how long does starting Python stop the event loop (ms, median), by the size of the Node process?',
  run: () => MEGABYTES.map(compare),
};
