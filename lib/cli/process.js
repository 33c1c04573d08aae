'use strict';

const { spawn } = require('node:child_process');
const { once } = require('node:events');

const TAIL = 64 * 1024; // characters kept of each output

/** Keeps the end of what a stream says, and passes each whole line on. */
function collect(stream, onLine) {
  const kept = { text: '' };
  let rest = '';
  stream?.setEncoding('utf8').on('data', (data) => {
    kept.text = (kept.text + data).slice(-TAIL);
    const lines = (rest + data).split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) onLine?.(line);
  });
  stream?.on('end', () => rest && onLine?.(rest));
  return kept;
}

/**
 * Runs a program to its end.
 * @param {string} file
 * @param {string[]} args
 * @param {object} [options]
 * @param {NodeJS.ProcessEnv} [options.env]
 * @param {string} [options.cwd]
 * @param {AbortSignal} [options.signal] ends the program
 * @param {number} [options.timeout] ms; then it is killed
 * @param {boolean} [options.show] its standard output goes to ours
 * @param {(line: string) => void} [options.onLine] each line of standard output
 * @param {(line: string) => void} [options.onErrorLine] each line of standard error
 * @returns {Promise<{code: number | null, out: string, err: string}>} code is null when a
 *   signal ended it; out and err are the last 64 Ki characters
 * @throws {Error} when it can't be started (`code` is the errno name), or AbortError
 */
async function run(file, args, options = {}) {
  const { env, cwd, signal, timeout, show, onLine, onErrorLine } = options;
  /** @type {import('node:child_process').StdioOptions} */
  const stdio = ['ignore', show ? 'inherit' : 'pipe', 'pipe'];
  /** @type {import('node:child_process').ChildProcess} */
  const child = spawn(file, args, { env, cwd, signal, stdio, killSignal: 'SIGKILL' });
  const out = collect(child.stdout, onLine);
  const err = collect(child.stderr, onErrorLine);
  // Not spawn's own `timeout`: its timer holds the loop when the program can't be started.
  const timer = timeout && setTimeout(() => child.kill('SIGKILL'), timeout);
  const [code] = await once(child, 'close').finally(() => clearTimeout(timer));
  signal?.throwIfAborted(); // Ctrl-C reaches the program too, perhaps first
  return { code, out: out.text, err: err.text };
}

module.exports = { run };
