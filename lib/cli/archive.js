'use strict';

/** Makes the start archive of an environment (docs/start.md). */

const path = require('node:path');
const { run } = require('./process');

const BUILDER = path.join(__dirname, '..', 'python', 'litellm_bridge', 'archive', 'build.py');

/**
 * Without an archive all works, but each start takes longer: a failure is reported, not thrown.
 * @param {string} home the environment
 * @param {object} options
 * @param {string} [options.at] where it will be moved
 * @param {boolean} [options.ifNeeded] unless there is one that fits
 * @param {(line: string) => void} options.report
 * @param {AbortSignal} [options.signal]
 */
async function buildArchive(home, { at, ifNeeded, report, signal }) {
  const python = path.join(home, 'bin', 'python3');
  const args = ['-I', '-S', '-X', 'utf8', BUILDER, '--home', home];
  if (at) args.push('--at', at);
  if (ifNeeded) args.push('--if-needed');
  const { code, out, err } = await run(python, args, { signal });
  if (code !== 0) report(`No start archive could be made:\n${err.trim()}`);
  else if (out) report(`Start archive: ${Math.round(JSON.parse(out).bytes / 1e6)} MB`);
}

module.exports = { buildArchive };
