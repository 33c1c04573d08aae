'use strict';

/** What a start of the layer's Python takes, as a function starts it. */

const { CommandError } = require('../../error');
const { runNode } = require('../verify/runs');

const PROGRAM = 'lib/cli/layer/update/start-program.js';
const STARTS = 3; // the first one warms the disk's cache as well

/** @typedef {{ ms: number, rss: number, modules: number }} Start rss in bytes */

/** @param {string} root the folder with python/ in it @returns {Promise<Start>} */
async function startOnce(root, signal) {
  const { code, out, err } = await runNode(root, PROGRAM, { signal });
  if (code === 0) return JSON.parse(out.trim().split('\n').pop() ?? '');
  const hint = 'npx litellm-bridge layer verify tells what is wrong with it';
  throw new CommandError(`The layer in ${root} does not start: ${err.trim() || out.trim()}`, hint);
}

/**
 * The best of a few starts, in turns, so that what else the machine does meanwhile is shared.
 * @param {string[]} roots
 * @param {{ signal?: AbortSignal }} options
 * @returns {Promise<Start[]>} one for each root
 */
async function measure(roots, { signal }) {
  /** @type {Start[]} */
  const best = [];
  for (let count = 0; count < STARTS; count++) {
    for (const [index, root] of roots.entries()) {
      const start = await startOnce(root, signal);
      if (best[index] === undefined || start.ms < best[index].ms) best[index] = start;
    }
  }
  return best;
}

module.exports = { measure };
