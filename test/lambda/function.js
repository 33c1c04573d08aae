'use strict';

/** A Lambda environment: the real runtime client in a process of its own, over the stand-in. */

const { spawn } = require('node:child_process');
const path = require('node:path');
const readline = require('node:readline');
const { after, before } = require('node:test');
const { setTimeout: pause } = require('node:timers/promises');
const { privatePython } = require('../../lib/environment');
const { clientFolder } = require('../../scripts/steps/lambda-clients');
const { Provider } = require('../fixtures/provider');
const { lambdaEnvironment } = require('./environment');
const { childrenOf, isGone, isStopped } = require('./processes');
const { RuntimeApi } = require('./runtime-api');

const HANDLERS = path.join(__dirname, 'handlers');
const MAJOR = Number(process.versions.node.split('.')[0]);
const POLL = 5; // ms

/** The clients that Lambda has for this Node: nodejs24.x has the fourth only. */
const CLIENTS = { 20: ['3.3'], 22: ['3.3', '4.0'], 24: ['4.0'] }[MAJOR] ?? [];

function environment(api, handler) {
  return {
    ...lambdaEnvironment({ address: api.address, handler, task: HANDLERS, node: MAJOR }),
    // No layer is attached here; named, it is the layer's part that is played.
    LITELLM_BRIDGE_PYTHON: privatePython() ?? '',
  };
}

/** The script of a client, and its arguments. */
function programOf(client) {
  if (client === '4.0') return [path.join(clientFolder('ric-4'), 'index.mjs')];
  return [path.join(__dirname, 'run-client-3.mjs'), path.join(clientFolder('ric-3'), 'dist', 'index.mjs')];
}

/** Waits until `condition()` is true. */
async function until(condition) {
  while (!condition()) await pause(POLL);
}

class Environment {
  /** Lines of standard output and error, in the order in which they came. @type {string[]} */
  lines = [];
  #child;
  #hasEnded = false;

  /** @param {RuntimeApi} api @param {string} client @param {NodeJS.ProcessEnv} env */
  constructor(api, client, env) {
    this.api = api;
    // Lambda stops and kills the whole process group.
    this.#child = spawn(process.execPath, programOf(client), { env, detached: true, cwd: HANDLERS });
    for (const stream of [this.#child.stdout, this.#child.stderr]) {
      readline.createInterface({ input: stream }).on('line', (line) => this.lines.push(line));
    }
    this.ended = new Promise((resolve) => {
      this.#child.once('close', (code, signal) => {
        this.#hasEnded = true;
        resolve({ code, signal });
      });
    });
  }

  get pid() {
    return /** @type {number} */ (this.#child.pid);
  }

  /** Processes whose parent is the runtime: Python. */
  children() {
    return childrenOf(this.pid);
  }

  /** What comes of a promise, unless the runtime ends first. */
  async #unlessEnded(promise) {
    const ended = this.ended.then(({ code, signal }) => {
      const log = this.lines.join('\n');
      throw new Error(`the runtime ended (exit status ${code}, signal ${signal})\n${log}`);
    });
    return Promise.race([promise, ended]);
  }

  /** When the next invocation is asked for, by so many threads. */
  async idle(threads = 1) {
    await this.#unlessEnded(until(() => this.api.waiting >= threads || this.#hasEnded));
  }

  /**
   * One invocation, from the asking for it to the asking for the next.
   * @param {object} event
   * @param {{ deadlineMs?: number }} [options]
   * @returns {Promise<import('./runtime-api').Outcome & { id: string, json: any }>}
   */
  async invoke(event, options) {
    await this.idle();
    const invocation = this.api.invoke(event, options);
    const outcome = await this.outcome(invocation);
    await this.idle();
    return outcome;
  }

  /** The outcome of an invocation that is under way. */
  async outcome(invocation) {
    const outcome = await this.#unlessEnded(invocation.outcome);
    return { ...outcome, id: invocation.id, json: parse(outcome.text) };
  }

  /** What was asked for while the invocation is under way. */
  whileRunning(promise) {
    return this.#unlessEnded(promise);
  }

  /** The lines that match, once there is one. @param {RegExp} pattern */
  async logged(pattern) {
    await this.#unlessEnded(until(() => this.lines.some((line) => pattern.test(line)) || this.#hasEnded));
    return this.lines.filter((line) => pattern.test(line));
  }

  /** Freezes all, as between two invocations. */
  async freeze() {
    const frozen = [this.pid, ...this.children()];
    for (const pid of frozen) process.kill(-pid, 'SIGSTOP');
    await until(() => frozen.every(isStopped));
    return frozen;
  }

  /** @param {number[]} frozen in the order in which they are to thaw */
  thaw(frozen) {
    for (const pid of frozen) if (!isGone(pid)) process.kill(-pid, 'SIGCONT');
  }

  /** Ends the environment as Lambda does: with no warning. */
  async kill() {
    if (!this.#hasEnded) process.kill(-this.pid, 'SIGKILL');
    await this.ended;
  }
}

function parse(text) {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/**
 * Starts a function.
 * @param {string} client '3.3' or '4.0'
 * @param {string} handler such as 'chat.handler', of handlers/
 * @param {NodeJS.ProcessEnv} [env] more variables; undefined takes one away
 */
async function start(client, handler, env = {}) {
  const api = await new RuntimeApi().listen();
  return new Environment(api, client, { ...environment(api, handler), ...env });
}

async function stop(lambda) {
  await lambda.kill();
  await lambda.api.close();
}

/**
 * A function of its own for a test.
 * @param {import('node:test').TestContext} t
 * @param {Parameters<typeof start>} what
 */
async function startFunction(t, ...what) {
  const lambda = await start(...what);
  t.after(() => stop(lambda));
  return lambda;
}

/**
 * One function for the suite around it.
 * @param {Parameters<typeof start>} what
 * @returns {{ lambda: Environment }} `lambda` is there when tests run
 */
function sharedFunction(...what) {
  const shared = /** @type {{ lambda: Environment }} */ ({});
  before(async () => {
    shared.lambda = await start(...what);
  });
  after(() => stop(shared.lambda));
  return shared;
}

/** One provider for the suite around it. */
function sharedProvider() {
  const provider = new Provider();
  before(() => provider.listen());
  after(() => provider.close());
  return provider;
}

module.exports = { CLIENTS, sharedFunction, sharedProvider, startFunction, until };
