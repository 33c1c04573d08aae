'use strict';

/**
 * This thread's connection to the one Python process: starts it, sends calls, hands frames to
 * them. There is one for each loaded copy of this package, shared by all its instances.
 */

const { Audience } = require('./audience');
const { Deadline, now } = require('./clock');
const { LiteLLMError } = require('./errors');
const { LOG } = require('./frames');
const { Generation } = require('./generation');
const { fromFrame } = require('./log');
const { LoopHold } = require('./loop');
const native = require('./native');
const { Readiness } = require('./readiness');
const { claim, claimed, environmentBlock, resolveEnv, startArguments } = require('./shape');
const { isAhead } = require('./warmup');

/** Refusals of a call that say nothing about the channel. */
const NOT_THE_CHANNEL = new Set(['ERR_MEMORY', 'ERR_INVALID_ARGUMENT']);

/**
 * @typedef {import('node:events').EventEmitter} Client an instance, as somebody to tell things
 * @typedef {import('./call').Call} Call
 */

/** @param {any} info of a `down` event */
function downError({ code, detail, hint, exitCode, signal, pid }) {
  return Object.assign(new LiteLLMError(code, detail, { hint }), { exitCode, signal, pid });
}

const NO_GENERATION = { hello: null, ready: null, calls: new Map(), warming: 0, timings: null };

class Connection {
  #Port;
  /** @type {any} */
  #port = null;
  /** To be held while somebody waits for Python. */
  loop = new LoopHold();
  #audience = new Audience();
  /** Generations whose end was not seen yet. @type {Map<number, Generation>} */
  #generations = new Map();
  /** The one that calls go to. @type {Generation | null} */
  #current = null;
  /** A start that waits for something first. @type {object | null} */
  #opening = null;
  /** The end of the generation that was told to stop. @type {Promise<void> | null} */
  #stopping = null;
  /** Who waits for the end of a generation. @type {(() => void)[]} */
  #onDeath = [];
  /** Events that come while a start is being asked for. @type {[name: string, info: any][] | null} */
  #early = null;
  /** Calls that wait for a start. @type {Set<Call>} */
  #waiting = new Set();
  #readiness = new Readiness();
  /** How the last generation ended. @type {LiteLLMError | null} */
  #lastError = null;
  #onWarm;

  /**
   * @param {any} [Port] the addon's, but for a rehearsal
   * @param {() => void} [onWarm] after the first warm-up
   */
  constructor(Port = native.Port, onWarm = () => {}) {
    this.#Port = Port;
    this.#onWarm = onWarm;
  }

  // ---- instances

  /**
   * Counts an instance in.
   * @param {Client} client
   * @param {import('./options').ClientOptions} options
   * @throws {LiteLLMError} ERR_INVALID_ARGUMENT when it contradicts an earlier one
   */
  attach(client, options) {
    this.#port ??= this.#openPort();
    claim(this.#port, options.shape);
    this.#audience.add(client, options);
    const { prewarm } = options;
    if (this.#current?.ready && prewarm !== null) this.#warmUp(this.#current, prewarm);
  }

  #openPort() {
    const make = (/** @type {Uint32Array} */ numbers) =>
      new this.#Port(this.#onFrame, this.#onFrames, this.#onEvent, numbers);
    return this.loop.connect(make);
  }

  /**
   * Counts an instance out; the last one of the process ends Python.
   * @param {Client} client
   * @returns {Promise<void>} when Python is dead, if it was told to stop
   */
  async detach(client) {
    this.#audience.delete(client);
    if (this.#audience.size === 0) this.#opening = null; // nobody is left to start it for
    // Another thread's Python, or one that this thread never had a channel to, is not told of here.
    if (this.#port.unclaim() && this.#generations.size > 0) this.#stopping ??= this.#stopped();
    await this.#stopping; // an earlier instance may have begun it
    if (this.#audience.size === 0 && this.#stopping === null) this.#closePort(); // nor a later one
  }

  /** Waits for the end of what was told to stop. */
  async #stopped() {
    this.#current = null;
    this.loop.hold();
    await this.#death();
    this.loop.release();
    this.#stopping = null;
  }

  /** @returns {Promise<void>} at the next end of a generation */
  #death() {
    return new Promise((resolve) => {
      this.#onDeath.push(resolve);
    });
  }

  #closePort() {
    this.#port?.close();
    this.#port = this.#current = this.#opening = this.#lastError = null;
    this.#generations.clear();
  }

  // ---- starting

  /** A start that failed is told to those who wait for it; a Python that died gives way at once. */
  #isUsable() {
    return this.#current !== null && (this.#current.ready === null || this.#port.isLive());
  }

  /**
   * Makes sure that a Python is running or starting. Cheap when it is.
   * @param {number} startTimeout ms, for a start that begins here
   * @throws {LiteLLMError} when the start is refused at once
   */
  start(startTimeout) {
    if (this.#opening !== null || this.#isUsable()) return;
    const { env } = this.#audience.shape;
    const isAsked = typeof env === 'function';
    const isBegun = !isAsked && this.#stopping === null && this.#begin(env ?? {}, startTimeout);
    if (!isBegun) this.#open(startTimeout, this.#stopping !== null || !isAsked);
  }

  /**
   * A start that has to wait: for the `env` function, or for the end of the one before.
   * @param {number} startTimeout ms
   * @param {boolean} isAfterDeath
   */
  async #open(startTimeout, isAfterDeath) {
    const attempt = {};
    this.#opening = attempt;
    const deadline = this.#limitOpening(attempt, startTimeout);
    try {
      if (isAfterDeath) await this.#death();
      const variables = await resolveEnv(this.#audience.shape.env);
      while (this.#opening === attempt && !this.#begin(variables, startTimeout)) await this.#death();
      if (this.#opening !== attempt) return;
      this.#opening = null;
      for (const call of this.#takeWaiting()) this.#send(call);
    } catch (error) {
      this.#openingFailed(attempt, error);
    } finally {
      deadline?.stop();
    }
  }

  /** @param {object} attempt @param {number} ms */
  #limitOpening(attempt, ms) {
    if (ms === 0) return null;
    const error = () => new LiteLLMError('ERR_START_TIMEOUT', `no start could begin in ${ms} ms`);
    return new Deadline(ms, () => this.#openingFailed(attempt, error()), { awake: true });
  }

  /** @param {object} attempt @param {unknown} error */
  #openingFailed(attempt, error) {
    if (this.#opening !== attempt) return;
    this.#opening = null;
    for (const call of this.#takeWaiting()) call.lost(error);
    this.#readiness.fail(error);
  }

  #takeWaiting() {
    const calls = [...this.#waiting];
    this.#waiting.clear();
    return calls;
  }

  /**
   * @param {Record<string, string | undefined>} variables
   * @param {number} startTimeout ms
   * @returns {boolean} false: the one before is on its way out, and its death comes first
   */
  #begin(variables, startTimeout) {
    this.#early = [];
    const begun = now();
    const started = this.#startPort(variables);
    const early = this.#takeEarly();
    if (started !== null) this.#enter({ ...started, begun }, startTimeout);
    // Whoever made the instance just now has had no chance to listen yet.
    process.nextTick(() => {
      const next = started?.generation ?? Number.POSITIVE_INFINITY;
      for (const [name, info] of early) if (info.generation < next) this.#onEvent(name, info);
      if (started?.created) this.#tellStart(next);
      for (const [name, info] of early) if (info.generation >= next) this.#onEvent(name, info);
    });
    return started !== null;
  }

  /** @param {number} generation */
  #tellStart(generation) {
    const reason = this.#lastError;
    if (reason !== null) this.#audience.tell('restart', { generation, reason });
    this.#audience.tell('state', { state: 'starting', generation });
  }

  #shape() {
    return { ...this.#audience.shape, ...claimed(this.#port) };
  }

  #takeEarly() {
    const early = this.#early ?? [];
    this.#early = null;
    return early;
  }

  /**
   * @param {Record<string, string | undefined>} variables
   * @returns {{ generation: number, created: boolean } | null}
   */
  #startPort(variables) {
    try {
      return this.#port.start(startArguments(this.#shape(), variables));
    } catch (error) {
      for (const [name, info] of this.#takeEarly()) this.#onEvent(name, info);
      throw this.#refusal(/** @type {any} */ (error));
    }
  }

  /**
   * From here on calls go to this generation.
   * @param {{ generation: number, created: boolean, begun: number }} started
   * @param {number} startTimeout ms
   */
  #enter({ generation: number, created, begun }, startTimeout) {
    const known = this.#generations.get(number);
    this.#current = known ?? new Generation(number, created, begun);
    if (known !== undefined) return;
    this.#generations.set(number, this.#current);
    this.#current.limitStart(startTimeout, () => this.#abortStart(number, startTimeout));
  }

  /** @param {number} number @param {number} ms */
  #abortStart(number, ms) {
    const generation = this.#generations.get(number);
    const where = generation?.isSpawned
      ? ''
      : '; it was not spawned yet: a disk does not answer, or the system';
    this.#port?.abort(number, 'ERR_START_TIMEOUT', `not ready within ${ms} ms${where}`);
  }

  /** Starts that failed again and again are refused for a while. @param {any} error */
  #refusal({ code, detail, hint, backoff }) {
    if (!backoff) return new LiteLLMError(code, detail, { hint });
    return new LiteLLMError(code, detail, { hint, cause: this.#lastError ?? new LiteLLMError(code) });
  }

  /**
   * Waits until Python is ready.
   * @param {import('./call').Owner} owner
   * @returns {Promise<void>} holds the event loop
   */
  async ready({ operations, times }) {
    this.start(times.startTimeout);
    if (this.#current?.ready && !isAhead()) return;
    this.loop.hold();
    try {
      if (!this.#current?.ready) await this.#readiness.wait(operations);
      if (isAhead()) await this.#current?.warm;
    } finally {
      this.loop.release();
    }
  }

  // ---- calls

  /**
   * Sends a call, or keeps it until there is somebody to send it to.
   * @param {Call} call
   */
  submit(call) {
    try {
      this.start(call.owner.times.startTimeout);
    } catch (error) {
      return call.lost(error);
    }
    if (this.#current === null) this.#waiting.add(call);
    else this.#send(call);
  }

  /** @param {Call} call */
  #send(call) {
    const generation = /** @type {Generation} */ (this.#current);
    try {
      const id = this.#port.call(call.name, call.kind, call.body, call.window);
      call.sent({ generation, id });
    } catch (error) {
      return this.#sendAnew(call, /** @type {any} */ (error));
    }
    if (generation.ready !== null) call.ready();
  }

  /**
   * The process died unnoticed: its next life gets the call. Once: what fails again is an error.
   * @param {Call} call
   * @param {{ code: string, detail?: string }} error
   */
  #sendAnew(call, { code, detail }) {
    if (call.isSentAnew || NOT_THE_CHANNEL.has(code)) return call.lost(new LiteLLMError(code, detail));
    call.isSentAnew = true;
    this.#current = null;
    this.submit(call);
  }

  /** @param {Call} call */
  cancel(call) {
    this.#waiting.delete(call);
    if (call.link === null) return;
    const { generation, id } = call.link;
    if (generation.calls.delete(id) && generation === this.#current) this.#port.cancel(id);
  }

  /** @param {Call} call @param {number} bytes that its consumer took */
  consume({ link }, bytes) {
    if (link !== null && link.generation === this.#current) this.#port.consume(link.id, bytes);
  }

  /** What `setEnv` set is set again in the next generation. @param {Record<string, string>} variables */
  remember(variables) {
    for (const [name, value] of Object.entries(variables)) this.#port?.setVariable(`${name}=${value}`);
  }

  // ---- what the port reports

  /** One that came alone. @param {number} type @param {number} id @param {any} payload @param {number} cost */
  #onFrame = (type, id, payload, cost) => {
    if (type === LOG) this.#onLog(payload);
    else this.#current?.deliver(type, id, payload, cost);
  };

  /** @param {any[]} batch quads type, id, payload, cost */
  #onFrames = (batch) => {
    const generation = this.#current; // a callback may leave it, or begin the next
    for (let i = 0; i < batch.length; i += 4) {
      if (batch[i] === LOG) this.#onLog(batch[i + 2]);
      else generation?.deliver(batch[i], batch[i + 1], batch[i + 2], batch[i + 3]);
    }
  };

  /** @param {any} frame */
  #onLog(frame) {
    const write = () => this.#audience.log(fromFrame(frame));
    const call = frame.call ? this.#current?.calls.get(frame.call) : undefined;
    if (call === undefined) write();
    else call.inContext(write);
  }

  /** @param {string} name @param {any} info */
  #onEvent = (name, info) => {
    if (this.#early !== null) return void this.#early.push([name, info]);
    const generation = this.#generations.get(info.generation);
    if (generation === undefined) return;
    if (name === 'spawned') this.#audience.tellTimings(generation.spawned(info));
    else if (name === 'hello') generation.hello = info;
    else if (name === 'ready') this.#onReady(generation, info);
    else if (name === 'down') this.#onDown(generation, info);
  };

  /** @param {Generation} generation @param {any} info */
  #onReady(generation, info) {
    generation.becomeReady(info);
    if (generation === this.#current && generation.isMine) this.#warmUp(generation, this.#audience.prewarm);
    if (generation === this.#current) this.#readiness.reach();
    this.#audience.tellTimings(generation.started());
    this.#audience.tell('state', { state: 'running', generation: generation.number });
  }

  /** @param {Generation} generation @param {string[] | null} providers */
  async #warmUp(generation, providers) {
    if (providers?.length === 0) return;
    const result = await generation.warmUp(this.#port, providers);
    if (result === null) return;
    this.#audience.tellTimings(generation.warmed(result));
    this.#onWarm();
    this.#onWarm = () => {};
  }

  /** @param {Generation} generation @param {any} info */
  #onDown(generation, info) {
    const error = downError(info);
    this.#generations.delete(generation.number);
    this.#lastError = info.code === 'ERR_CLOSED' ? null : error;
    generation.end(() => downError(info));
    if (generation === this.#current) {
      this.#current = null;
      this.#readiness.fail(error);
    }
    this.#audience.tellTimings(generation.starting(this.#serverStatus()));
    this.#audience.tell('state', { state: 'idle', generation: generation.number });
    if (this.#lastError !== null && generation.isMine) this.#logEnd(error);
    for (const resolve of this.#onDeath.splice(0)) resolve();
  }

  /** @param {LiteLLMError} error */
  #logEnd({ message, hint }) {
    this.#audience.log({ level: 'ERROR', source: 'bridge', logger: '', message: `${message}. ${hint}` });
  }

  // ---- status

  /**
   * Every candidate for the interpreter, as a start that begins now would judge them. An `env`
   * function is asked once more.
   * @returns {Promise<{ platform: string, candidates: import('./verify').Verdict[], chosen: number | null }>}
   *   holds the event loop
   * @throws {LiteLLMError} ERR_CONFIG, ERR_MEMORY
   */
  async inspect() {
    const shape = this.#shape();
    this.loop.hold();
    try {
      const variables = await resolveEnv(shape.env);
      return await native.inspect(startArguments(shape, {}, { ...process.env, ...variables }));
    } finally {
      this.loop.release();
    }
  }

  #serverStatus() {
    const platform = native.platform(environmentBlock(process.env));
    const nothing = { generation: 0, state: 'idle', pid: null, pythonPath: null, ageMs: 0 };
    return { ...(this.#port?.status() ?? nothing), platform };
  }

  /** The process-wide server, and what this thread has going on. */
  status() {
    const { hello, ready, calls, warming, timings } = this.#current ?? NO_GENERATION;
    const inFlight = calls.size - warming + this.#waiting.size;
    return {
      ...this.#serverStatus(),
      ready: ready !== null,
      python: hello?.python ?? null,
      litellm: ready?.litellm ?? null,
      active: ready === null ? 0 : inFlight,
      pending: ready === null ? inFlight : 0,
      timings: timings === null ? null : { ...timings },
    };
  }
}

module.exports = { Connection };
