'use strict';

/** Runs the inner steps, and passes on what they say (layer/builder/progress.py). */

const { spawn } = require('node:child_process');
const { once } = require('node:events');
const fs = require('node:fs');
const readline = require('node:readline');
const { CommandError } = require('../../error');

const TAIL = 20; // lines of the log that are shown when a step does not say why it failed

/**
 * @typedef {object} Listener
 * @property {(name: string) => void} step
 * @property {(done: number, total: number) => void} count
 */

const GRACE = 5000; // ms, to remove drafts; a program that takes longer hangs

/** The program with all that it started. */
function signalTo(child, name) {
  try {
    process.kill(-child.pid, name);
  } catch {
    // it has ended
  }
}

/** Ends the program: as Ctrl-C does, so that it removes what it began, and then at any rate. */
function end(child, command) {
  const kill = async () => {
    await command.stop?.();
    signalTo(child, 'SIGKILL');
  };
  const timer = setTimeout(kill, GRACE);
  child.once('close', () => {
    clearTimeout(timer);
    kill();
  });
  signalTo(child, 'SIGINT');
}

function parse(line) {
  try {
    return JSON.parse(line);
  } catch {
    return {}; // a program's own words
  }
}

function tailOf(log) {
  const text = fs.existsSync(log) ? fs.readFileSync(log, 'utf8') : '';
  return text.trimEnd().split('\n').slice(-TAIL).join('\n');
}

/** @param {string} step @param {{ error?: string, hint?: string }} said */
function failure(step, said, { code, words, log, shown }) {
  if (said.error) return new CommandError(`${step}: ${said.error}`, `${said.hint}. The log: ${shown}`);
  const text = words.trim() || tailOf(log);
  const hint = /no space left/i.test(text)
    ? 'The disk is full: make room (1 GB), or choose other folders with XDG_CACHE_HOME and --out'
    : `The reason is in the words above, and in ${shown}`;
  return new CommandError(`${step} failed (exit status ${code}).\n${text}`, hint);
}

/**
 * @param {import('./ways').Command} command
 * @param {Listener} listener
 * @param {{ log: string, shown: string, signal?: AbortSignal }} options log: where the steps
 *   write; shown: where a person finds it afterwards
 * @returns {Promise<any>} the builder's report
 * @throws {CommandError} when a step fails
 */
async function runInner(command, listener, { log, shown, signal }) {
  signal?.throwIfAborted();
  // A group of its own: pip and strip end with it.
  const child = spawn(command.file, command.args, { stdio: ['ignore', 'pipe', 'pipe'], detached: true });
  const abort = () => end(child, command);
  signal?.addEventListener('abort', abort, { once: true });
  const heard = { step: 'Start', error: undefined, hint: undefined, report: undefined, words: '' };
  readline.createInterface({ input: child.stdout }).on('line', (line) => hear(parse(line), heard, listener));
  child.stderr.setEncoding('utf8').on('data', (text) => {
    heard.words = (heard.words + text).slice(-4096);
  });
  const [code] = await once(child, 'close').finally(() => signal?.removeEventListener('abort', abort));
  signal?.throwIfAborted();
  if (code === 0 && heard.report) return heard.report;
  throw failure(heard.step, heard, { code, words: heard.words, log, shown });
}

function hear(message, heard, listener) {
  Object.assign(heard, message);
  if (message.step) listener.step(message.step);
  if (message.of) listener.count(message.done, message.of);
}

module.exports = { runInner };
