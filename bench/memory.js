'use strict';

/**
 * PSS: the memory of a process, shared pages divided among those who share them. Python's is
 * another process's, which only root may read (it keeps its memory from others of its user).
 */

const { execFileSync } = require('node:child_process');
const path = require('node:path');
const { privatePython } = require('../lib/environment');
const { startProvider } = require('./support/competitors');
const { median } = require('./support/statistics');

const PROGRAM = path.join(__dirname, 'programs', 'memory.js');
const PLAIN = `
import litellm
print(next(line.split()[1] for line in open("/proc/self/smaps_rollup") if line.startswith("Pss:")))
`;
const SMALL_NURSERY = '--max-semi-space-size=1'; // MB: V8's grows to 32 in any program that allocates
const ROUNDS = 5; // of starts
const CALLS = [8, 5000, 10_000, 30_000]; // of one process: first of each kind, then in stages

/** MB of a Python that has imported litellm, and nothing else. */
function plainImport() {
  const env = { ...process.env, LITELLM_LOCAL_MODEL_COST_MAP: 'True' };
  return Number(execFileSync(privatePython() ?? 'python3', ['-c', PLAIN], { env, encoding: 'utf8' })) / 1024;
}

/** What the program tells, stage by stage. @param {string} url @param {number[]} counts */
function stages(url, counts) {
  const args = ['--expose-gc', SMALL_NURSERY, PROGRAM, url, ...counts.map(String)];
  const lines = execFileSync(process.execPath, args, { encoding: 'utf8' }).trim().split('\n');
  return lines.map((line) => JSON.parse(line));
}

async function run() {
  const provider = await startProvider();
  try {
    const plain = [];
    const starts = [];
    for (let round = 0; round < ROUNDS; round++) {
      plain.push(plainImport());
      starts.push(stages(provider.url, [])[0]);
    }
    const of = (/** @type {string} */ key) => median(starts.map((one) => one[key]));
    const base = median(plain);
    const ready = { stage: `ready, median of ${ROUNDS}`, python: of('python'), node: of('node') };
    const [, ...later] = stages(provider.url, CALLS);
    return [
      { stage: 'plain import litellm', python: base },
      { ...ready, 'of plain import': ready.python / base },
      ...later.map((row) => ({ ...row, 'more than ready': row.python - ready.python })),
    ];
  } finally {
    await provider.close();
  }
}

module.exports = {
  question: "How much memory (PSS, MB of 2^20 bytes) do Python and Node's side take?",
  run,
};
