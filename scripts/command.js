'use strict';

const { CommandError } = require('../lib/cli/error');
const { run } = require('../lib/cli/process');
const { ROOT } = require('./paths');

/** Whether a program runs and says that all is well. */
async function succeeds(file, args) {
  try {
    return (await run(file, args)).code === 0;
  } catch {
    return false;
  }
}

/**
 * Runs a program in the project's folder; what it says is shown only when it fails.
 * @param {string} what names it for people
 * @param {string} hint what to do when it fails
 * @throws {CommandError} with the end of the program's output
 */
async function must(what, hint, file, args, options = {}) {
  const { code, out, err } = await run(file, args, { cwd: ROOT, ...options });
  if (code === 0) return;
  throw new CommandError(`${what} failed (exit status ${code}).\n${out}${err}`, hint);
}

module.exports = { must, succeeds };
