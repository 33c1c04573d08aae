'use strict';

/** The public class. It checks what it is given, and hands it on. */

const { EventEmitter } = require('node:events');

const { Connection } = require('./connection');
const { LiteLLMError, invalidArgument } = require('./errors');
const { callOptions, checkText, checkTexts, clientOptions, streamOptions } = require('./options');
const { Prop } = require('./prop');
const { asStream, checkArguments, checkChat, checkModel, serialize } = require('./request');
const { runStream } = require('./run');
const { digest } = require('./shape');
const { StreamSource } = require('./source');
const { Stream } = require('./stream');
const { verify } = require('./verify');
const { callWhole } = require('./whole');

/** One for this copy of the package, in this thread. */
let connection = new Connection(undefined, () => rehearseStream());

/** @type {LiteLLM | null} */
let sharedInstance = null;

const UNSET = { hint: 'Unset LITELLM_BRIDGE_DISABLE, or set it to 0; this instance then works.' };

/** The kill switch. */
function isDisabled() {
  return !['', '0', 'false', undefined].includes(process.env.LITELLM_BRIDGE_DISABLE);
}

/**
 * A resource with one `create`, as the OpenAI client has them.
 * @param {(args: any, options: any) => Promise<any>} create
 */
const resource = (create) => Object.freeze({ create });

/**
 * What options mean, however they are written.
 * @param {import('./options').ClientOptions} options
 * @returns {Record<string, unknown>}
 */
function settings({ shape, times, log }) {
  return { corrections: true, ...shape, ...times, log };
}

class LiteLLM extends EventEmitter {
  #options;
  #isAttached = false;
  /** @type {Promise<void> | null} */
  #closing = null;
  /** @type {import('./call').Owner} */
  #owner;

  /** @param {unknown} [options] */
  constructor(options) {
    super();
    this.#options = clientOptions(options);
    this.#owner = { connection, operations: new Set(), times: this.#options.times };
    this.chat = Object.freeze({
      completions: resource((args, rest) => this.#create('completion', checkChat, args, rest)),
    });
    this.completions = resource((args, rest) => this.#create('text_completion', checkModel, args, rest));
    this.embeddings = resource((args, rest) => this.#create('embedding', checkModel, args, rest));
    if (!isDisabled()) this.#attach();
  }

  #attach() {
    connection.attach(this, this.#options);
    this.#isAttached = true;
    try {
      connection.start(this.#owner.times.startTimeout);
    } catch {
      // The next call tries again, and has the error. A constructor may be nobody's to catch.
    }
  }

  /**
   * The instance of this thread.
   * @param {unknown} [options] for the first; later they must say the same
   */
  static shared(options) {
    if (sharedInstance === null || sharedInstance.#closing !== null) {
      sharedInstance = new LiteLLM(options);
    } else {
      sharedInstance.#agree(clientOptions(options));
    }
    return sharedInstance;
  }

  /** @param {import('./options').ClientOptions} later */
  #agree(later) {
    const [asked, own] = [settings(later), settings(this.#options)];
    for (const name of Object.keys(later.given)) {
      if (name in asked && digest(asked[name]) !== digest(own[name])) {
        throw invalidArgument(`${name} contradicts the shared instance of this thread`);
      }
    }
  }

  #checkOpen() {
    if (this.#closing !== null) throw new LiteLLMError('ERR_CLOSED');
    if (isDisabled()) throw new LiteLLMError('ERR_CLOSED', 'LITELLM_BRIDGE_DISABLE is set', UNSET);
    if (!this.#isAttached) this.#attach(); // it was made while the kill switch was on
  }

  /**
   * @param {string} name LiteLLM's
   * @param {(args: any) => void} check
   * @param {any} args
   * @param {unknown} options
   */
  async #create(name, check, args, options) {
    this.#checkOpen();
    const settled = callOptions(options, this.#owner.times);
    check(args);
    const request = { name, body: serialize(args) };
    if (args.stream !== true) return callWhole(this.#owner, request, settled);
    const source = new StreamSource(this.#owner, request, settled);
    const stream = new Stream(source);
    await source.open();
    return stream;
  }

  /**
   * @param {string} name
   * @param {any} [args]
   * @param {unknown} [options]
   */
  async call(name, args = {}, options = undefined) {
    if (typeof name !== 'string' || name === '') {
      throw invalidArgument('the function must be named by a string that is not empty');
    }
    return this.#create(name, checkArguments, args, options);
  }

  /**
   * @param {any} args
   * @param {unknown} [options]
   */
  async stream(args, options) {
    this.#checkOpen();
    const settled = streamOptions(options, this.#owner.times);
    checkChat(args);
    if (args.stream === false) throw invalidArgument('stream is false; use chat.completions.create');
    const body = serialize(asStream(args));
    return runStream(new StreamSource(this.#owner, { name: 'completion', body }, settled), settled);
  }

  async ready() {
    this.#checkOpen();
    await connection.ready(this.#owner);
  }

  /**
   * @param {Record<string, string>} variables
   * @param {unknown} [options]
   */
  async setEnv(variables, options) {
    this.#checkOpen();
    checkTexts('variables', variables);
    const request = { name: 'bridge.set_env', body: serialize(variables) };
    await callWhole(this.#owner, request, callOptions(options, this.#owner.times));
    connection.remember(variables);
  }

  /**
   * Starts Python as any call would, and tells what it is, or what keeps it from starting.
   * @param {unknown} [options]
   * @returns {Promise<import('./verify').Report>} rejects only with ERR_CLOSED,
   *   ERR_INVALID_ARGUMENT or an abort
   */
  async verify(options) {
    this.#checkOpen();
    return verify(this.#owner, callOptions(options, this.#owner.times));
  }

  /**
   * Runs a program with the interpreter, environment and `sys.path` of the server, in a process
   * of its own. A time limit or an abort kills that process and those that it started.
   * @param {string} code goes in by stdin
   * @param {unknown} [options]
   * @returns {Promise<{ stdout: string, stderr: string, exitCode: number | null, signal: string | null }>}
   *   exitCode is null when a signal ended it
   */
  async runPython(code, options) {
    this.#checkOpen();
    checkText('code', code);
    const request = { name: 'bridge.run_python', body: serialize({ code }) };
    return callWhole(this.#owner, request, callOptions(options, this.#owner.times));
  }

  status() {
    return connection.status();
  }

  close() {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close() {
    for (const operation of [...this.#owner.operations]) operation.fail(new LiteLLMError('ERR_CLOSED'));
    if (this.#isAttached) await connection.detach(this);
  }

  [Symbol.asyncDispose]() {
    return this.close();
  }
}

/** @template T @param {Connection} stage @param {() => T} act what it does goes to `stage` */
function on(stage, act) {
  const real = connection;
  connection = stage;
  try {
    return act();
  } finally {
    connection = real;
  }
}

/**
 * V8 compiles a function when it is first called. For the some fifty on the way of a start that is
 * more than a millisecond, which a server would feel at its first `new LiteLLM()`: so they run once,
 * to no effect, while the package is loaded.
 */
function rehearseStart() {
  try {
    on(new Connection(Prop), () => new LiteLLM({ log: 'silent' }).close());
  } catch {
    // a variable is not valid: the first instance says so
  }
}

/** The same with what a stream runs through, when Python has warmed up for the first request. */
async function rehearseStream() {
  const stage = new Connection(Prop);
  try {
    const llm = on(stage, () => new LiteLLM({ log: 'silent' }));
    const request = { model: 'a', messages: [{ role: 'user', content: 'a' }], stream: true };
    for await (const _ of await llm.chat.completions.create(request, undefined));
    await on(stage, () => llm.close());
  } catch {
    // nobody asked for it
  }
}

rehearseStart();

module.exports = { LiteLLM };
