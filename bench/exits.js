'use strict';

/** Each figure is the median of some processes, which take turns. */

const { spawn } = require('node:child_process');
const { once } = require('node:events');
const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');
const readline = require('node:readline');
const { setImmediate: nextTurn } = require('node:timers/promises');
const { median } = require('./support/statistics');

const PROGRAM = path.join(__dirname, 'programs', 'ends.js');
const ROUNDS = 7;

/** Starts a program; resolves once it is as far as it is meant to be. */
async function begin(...args) {
  const child = spawn(process.execPath, [PROGRAM, ...args], { stdio: ['ignore', 'pipe', 'inherit'] });
  const ended = new Promise((resolve) => child.once('exit', () => resolve(process.hrtime.bigint())));
  const [line] = await once(readline.createInterface({ input: child.stdout }), 'line');
  const { at, pid } = JSON.parse(line);
  return { child, ended, at: BigInt(at), pid };
}

const ms = (/** @type {bigint} */ from, /** @type {bigint} */ to) => Number(to - from) / 1e6;

/** How long a process stays once nothing is left to do. */
async function lingers(how) {
  const { ended, at } = await begin(how);
  return ms(at, await ended);
}

function isGone(pid) {
  try {
    const stat = fs.readFileSync(`/proc/${pid}/stat`, 'latin1');
    return 'ZX'.includes(stat[stat.lastIndexOf(')') + 2]);
  } catch {
    return true;
  }
}

/** How long Python outlives a Node that is killed. */
async function outlives(how) {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'litellm-bridge-bench-'));
  const { child, ended, pid } = await begin(how, path.join(folder, 'holds'));
  const killed = process.hrtime.bigint();
  child.kill('SIGKILL');
  while (!isGone(pid)) await nextTurn();
  const took = ms(killed, process.hrtime.bigint());
  await ended;
  fs.rmSync(folder, { recursive: true });
  return took;
}

const ROWS = [
  { what: 'a process without this package ends by itself', measure: () => lingers('bare') },
  { what: 'after its last call a process ends by itself', measure: () => lingers('last-call') },
  { what: 'Python is gone after SIGKILL of Node, while it imports', measure: () => outlives('starting') },
  { what: 'Python is gone after SIGKILL of Node, when idle', measure: () => outlives('idle') },
  {
    what: 'Python is gone after SIGKILL of Node, while it holds the GIL',
    measure: () => outlives('holds-gil'),
  },
];

async function run() {
  /** @type {number[][]} */
  const times = ROWS.map(() => []);
  for (let round = 0; round < ROUNDS; round++) {
    for (const [i, { measure }] of ROWS.entries()) times[i].push(await measure());
  }
  return ROWS.map(({ what }, i) => ({ what, median: median(times[i]), most: Math.max(...times[i]) }));
}

module.exports = { question: 'How long does an end take (ms)?', run };
