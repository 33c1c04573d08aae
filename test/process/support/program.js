'use strict';

/** Programs of programs/, each in a Node process of its own. */

const { spawn } = require('node:child_process');
const path = require('node:path');
const readline = require('node:readline');
const { text } = require('node:stream/consumers');

const { descendants } = require('./proc');

const PROGRAMS = path.join(__dirname, '..', 'programs');
const WORKERS = path.join(__dirname, '..', 'workers');
const FIXTURES = path.join(__dirname, '..', '..', 'fixtures', 'workers');

/** A scripted Python of this folder. */
const worker = (name) => path.join(WORKERS, `${name}.py`);

/** A scripted Python that all suites share. */
const fixture = (name) => path.join(FIXTURES, `${name}.py`);

/** Nothing of a failed test stays behind. */
function killTree(child) {
  for (const pid of [...descendants(child.pid), child.pid]) {
    try {
      process.kill(pid, 'SIGKILL');
    } catch {
      // it ended meanwhile
    }
  }
}

/**
 * Starts a program. `args` are strings, or values that it gets as JSON.
 * @param {import('node:test').TestContext} t
 * @param {string} name
 * @param {unknown[]} [args]
 * @param {{ env?: object, under?: string[], stdio?: any[], options?: object }} [how]
 *   under: a command that starts Node, instead of Node itself
 * @returns {{ child, next(): Promise<any>, say(line: string): void, ended: Promise<{ code, signal, stderr }> }}
 *   next: its next line of output, parsed; ended: how it ended, Node's own words included
 */
function start(t, name, args = [], { env = {}, under = [], stdio = [], options = {} } = {}) {
  const given = args.map((arg) => (typeof arg === 'string' ? arg : JSON.stringify(arg)));
  const [file, ...argv] = [...under, process.execPath, path.join(PROGRAMS, name), ...given];
  const child = spawn(file, argv, {
    env: { ...process.env, ...env },
    stdio: ['pipe', 'pipe', 'pipe', ...stdio],
    ...options,
  });
  t.after(() => killTree(child));
  child.stdin.on('error', () => {}); // it may have ended before it listened
  const words = text(child.stderr);
  const lines = readline.createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const ended = new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', async (code, signal) => resolve({ code, signal, stderr: await words }));
  });
  const next = async () => {
    const { value, done } = await lines.next();
    if (done) throw new Error(`${name} ended: ${JSON.stringify(await ended)}`);
    return JSON.parse(value);
  };
  return { child, next, say: (line) => child.stdin.write(`${line}\n`), ended };
}

module.exports = { fixture, start, worker };
