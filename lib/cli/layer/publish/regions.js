'use strict';

/** The same in several regions at once. One that fails does not stop the others. */

const { createProgress } = require('../../progress');
const { explain } = require('./explain');

const AT_ONCE = 4; // each holds the zip in memory, encoded

/**
 * @template T
 * @typedef {object} Result
 * @property {string} region
 * @property {T} [value]
 * @property {import('../../error').CommandError} [error]
 */

/**
 * @template T
 * @param {string} region
 * @param {import('../../progress').Task} task
 * @param {(region: string, step: (text: string) => void) => Promise<T>} work
 * @param {(value: T) => string} summary
 * @returns {Promise<Result<T>>}
 */
async function runOne(region, task, work, summary) {
  try {
    const value = await work(region, task.step);
    task.end(summary(value));
    return { region, value };
  } catch (cause) {
    const error = explain(cause);
    task.end('failed');
    return { region, error };
  }
}

/**
 * @template T
 * @param {string[]} regions
 * @param {{ steps: number, summary: (value: T) => string }} options steps at most, for the bar
 * @param {(region: string, step: (text: string) => void) => Promise<T>} work
 * @returns {Promise<Result<T>[]>} in the order of the regions
 */
async function inRegions(regions, { steps, summary }, work) {
  const progress = createProgress();
  const width = Math.max(...regions.map((name) => name.length));
  const tasks = regions.map((region) => progress.task(region.padEnd(width), steps));
  const results = new Array(regions.length);
  let next = 0;
  const runner = async () => {
    for (let index = next++; index < regions.length; index = next++) {
      results[index] = await runOne(regions[index], tasks[index], work, summary);
    }
  };
  try {
    await Promise.all(Array.from({ length: AT_ONCE }, runner));
  } finally {
    progress.stop();
  }
  return results;
}

/**
 * What failed, once for all regions in which it is the same.
 * @param {Result<unknown>[]} results
 * @returns {string} empty: nothing did
 */
function failures(results) {
  const groups = new Map();
  for (const { region, error } of results) {
    if (!error) continue;
    const key = `${error.message.replace(/, request [\w-]+/, '')}\n${error.hint}`;
    const group = groups.get(key) ?? { regions: [], error };
    group.regions.push(region);
    groups.set(key, group);
  }
  const parts = [...groups.values()].map(
    ({ regions, error }) => `${regions.join(', ')}: ${error.message}\n  ${error.hint}`,
  );
  return parts.join('\n');
}

module.exports = { failures, inRegions };
