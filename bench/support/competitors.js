'use strict';

/**
 * The programs that are compared: each runs as its users run it, in processes of its own that
 * live through all rounds.
 */

const { spawn } = require('node:child_process');
const { once } = require('node:events');
const path = require('node:path');
const readline = require('node:readline');
const { setTimeout: pause } = require('node:timers/promises');
const { cpuOf } = require('../../examples/demo/cpu');
const { privatePython } = require('../../lib/environment');

const PROGRAMS = path.join(__dirname, '..', 'programs');
const SETTLE = 100; // ms: what goes on after an answer (logging, garbage) is its competitor's, too

/** @type {Record<string, string>} */
const FILES = {
  bridge: 'bridge.js',
  'JSON lines': 'json-lines.js',
  'OpenAI client': 'openai-client.js',
  LiteLLM: 'plain_litellm.py',
};

/** A program that answers lines. */
class Competitor {
  /** @type {number[]} whose CPU counts: its own, then Python's, if that is another process */
  #pids = [];
  #child;
  #lines;

  /** @param {string} name of FILES */
  constructor(name) {
    this.name = name;
    const file = path.join(PROGRAMS, FILES[name]);
    const binary = file.endsWith('.py') ? (privatePython() ?? '') : process.execPath;
    this.#child = spawn(binary, [file], { stdio: ['pipe', 'pipe', 'inherit'] });
    const input = /** @type {import('node:stream').Readable} */ (this.#child.stdout);
    this.#lines = readline.createInterface({ input })[Symbol.asyncIterator]();
  }

  /** @param {object} task @returns {Promise<any>} */
  async ask(task) {
    this.#child.stdin?.write(`${JSON.stringify(task)}\n`);
    const { value, done } = await this.#lines.next();
    if (done) throw new Error(`${this.name} ended`);
    const answer = JSON.parse(value);
    this.#pids = answer.pids;
    return answer;
  }

  /**
   * After it was asked at least once.
   * @param {object} task
   * @returns {Promise<any>} its answer, and `cpu`: µs in its own process and in Python's
   */
  async measure(task) {
    const before = this.#pids.map(cpuOf);
    const answer = await this.ask(task);
    await pause(SETTLE);
    const [own, python = 0] = this.#pids.map((pid, i) => Number(cpuOf(pid)) - Number(before[i]));
    return { ...answer, cpu: { own, python } };
  }

  async close() {
    this.#child.stdin?.end();
    await once(this.#child, 'exit');
  }
}

/** @returns {Promise<{ url: string, close(): Promise<void> }>} */
async function startProvider() {
  const child = spawn(process.execPath, [path.join(PROGRAMS, 'provider.js')], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const [url] = await once(readline.createInterface({ input: child.stdout }), 'line');
  const close = async () => {
    child.stdin.end();
    await once(child, 'exit');
  };
  return { url, close };
}

/**
 * Runs with the provider and competitors of these names, which end with it.
 * @template T
 * @param {string[]} names
 * @param {(url: string, competitors: Competitor[]) => Promise<T>} run
 * @returns {Promise<T>}
 */
async function withCompetitors(names, run) {
  const provider = await startProvider();
  const competitors = names.map((name) => new Competitor(name));
  try {
    return await run(provider.url, competitors);
  } finally {
    await Promise.all([...competitors, provider].map((one) => one.close()));
  }
}

module.exports = { startProvider, withCompetitors };
