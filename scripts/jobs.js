'use strict';

/** Runs of test programs: how their results are counted, and what is said of them in the end. */

const { stripVTControlCharacters } = require('node:util');
const { run } = require('../lib/cli/process');
const { ROOT } = require('./paths');

/**
 * @typedef {object} Result
 * @property {string} name
 * @property {number | null} code exit status
 * @property {number} passed
 * @property {number} failed
 * @property {number} ms how long it took
 *
 * @typedef {object} Job one run of a test program
 * @property {string} name
 * @property {() => Promise<Result>} run
 *
 * @typedef {{ passed: RegExp, failed: RegExp }} Counts where its numbers are
 */

const C_COUNTS = { passed: /^(\d+) passed, \d+ failed$/gm, failed: /^\d+ passed, (\d+) failed$/gm };
const NODE_COUNTS = { passed: /^. pass (\d+)$/gm, failed: /^. (?:fail|cancelled) (\d+)$/gm };
const PYTEST_COUNTS = { passed: /(\d+) passed/g, failed: /(\d+) (?:failed|errors?)\b/g };

/** The sum of the numbers that a pattern finds. */
function total(text, pattern) {
  return [...text.matchAll(pattern)].reduce((sum, [, number]) => sum + Number(number), 0);
}

/**
 * @param {string} name
 * @param {Counts} counts
 * @param {string} file
 * @param {string[]} args
 * @param {NodeJS.ProcessEnv} [env] over this process's
 * @returns {Job}
 */
function job(name, counts, file, args, env = {}) {
  return {
    name,
    async run() {
      const show = (line) => console.log(line);
      const options = { cwd: ROOT, env: { ...process.env, ...env }, onLine: show, onErrorLine: show };
      const since = performance.now();
      const { code, out } = await run(file, args, options);
      const text = stripVTControlCharacters(out);
      const numbers = { passed: total(text, counts.passed), failed: total(text, counts.failed) };
      return { name, code, ...numbers, ms: performance.now() - since };
    },
  };
}

/** A group that ran nothing proves nothing: it fails. */
const isGood = ({ code, passed, failed }) => code === 0 && passed > 0 && failed === 0;

const duration = (ms) => (ms < 60_000 ? `${(ms / 1000).toFixed(0)} s` : `${(ms / 60_000).toFixed(1)} min`);

function summarise(results) {
  console.log('\n=== summary');
  for (const result of results) {
    const verdict = isGood(result) ? 'ok' : 'FAILED';
    const { name, code, passed, failed, ms } = result;
    const counts = `${passed} passed, ${failed} failed, exit status ${code}`;
    console.log(`${verdict.padEnd(7)} ${name}: ${counts}, ${duration(ms)}`);
  }
  const sum = (key) => results.reduce((total, result) => total + result[key], 0);
  console.log(`${sum('passed')} passed, ${sum('failed')} failed, ${duration(sum('ms'))}`);
}

/**
 * One after the other, all of them; the exit status tells whether all was well.
 * @param {Iterable<Job> | AsyncIterable<Job>} jobs
 */
async function runJobs(jobs) {
  const results = [];
  for await (const { name, run } of jobs) {
    console.log(`\n=== ${name}`);
    results.push(await run());
  }
  summarise(results);
  if (!results.every(isGood)) process.exitCode = 1;
}

module.exports = { C_COUNTS, NODE_COUNTS, PYTEST_COUNTS, job, runJobs };
