'use strict';

/** One life of the Python process, as this thread sees it. */

const { Deadline, now } = require('./clock');
const { END, ERROR, RESULT } = require('./frames');
const { readyRecord, spawnedRecord, startingRecord, warmRecord } = require('./log');
const { SCRIPT } = require('./shape');
const { WarmUp } = require('./warmup');

/**
 * How long each part of a start took, in ms.
 * @typedef {object} Timings
 * @property {number | null} spawn the system call that makes the process
 * @property {number | null} interpreter until the first line of ours runs
 * @property {number | null} bootstrap until the import of LiteLLM begins: archive, paths, hello
 * @property {number | null} import of LiteLLM
 * @property {number | null} ready from then on, until this thread knows
 * @property {number | null} warmUp after that, while nothing was asked
 */

class Generation {
  #begun;
  /** @type {Deadline | null} */
  #deadline = null;
  #isAnnounced = false;
  /** Calls in flight by id; each generation numbers anew. @type {Map<number, import('./call').Call>} */
  calls = new Map();
  isSpawned = false;
  /** What hello told. @type {any} */
  hello = null;
  /** What ready told. @type {any} */
  ready = null;
  /** ms; null: not known yet. @type {Timings} */
  timings = { spawn: null, interpreter: null, bootstrap: null, import: null, ready: null, warmUp: null };
  /** Warm-ups that have not ended. */
  warming = 0;
  /** The end of the last warm-up. @type {Promise<unknown>} */
  warm = Promise.resolve();

  /**
   * @param {number} number counts from 1 in a process
   * @param {boolean} isMine this thread started it, and reports on it
   * @param {number} [begun] when the start was asked for (`now()`)
   */
  constructor(number, isMine, begun = now()) {
    this.#begun = begun;
    this.number = number;
    this.isMine = isMine;
  }

  /** @param {number} ms 0: no limit @param {() => void} expired */
  limitStart(ms, expired) {
    if (ms > 0) this.#deadline = new Deadline(ms, expired, { awake: true });
  }

  /** @param {any} info */
  becomeReady(info) {
    this.ready = info;
    this.#deadline?.stop();
    this.#measure(info.timings);
    for (const call of this.calls.values()) call.ready();
  }

  /**
   * The worker counts from when this side began, where it knows that: with the spawn.
   * @param {{ interpreter: number, bootstrap: number, import: number }} told ms
   */
  #measure({ interpreter: begun, bootstrap, import: took }) {
    const { spawn } = this.timings;
    const interpreter = Math.max(0, begun - (spawn ?? 0));
    const ready = Math.max(0, now() - this.#begun - begun - bootstrap - took);
    Object.assign(this.timings, { interpreter, bootstrap, import: took, ready });
  }

  /**
   * Python warms up for these providers, when it has nothing else to do.
   * @param {any} port
   * @param {string[] | null} providers null: those that were used last time
   * @returns {Promise<import('./warmup').WarmUpResult | null>} null: it was cut short
   */
  async warmUp(port, providers) {
    const warmUp = new WarmUp();
    this.warming++;
    this.warm = warmUp.done;
    warmUp.begin(port, this, providers);
    const result = await warmUp.done;
    this.warming--;
    if (result !== null) this.timings.warmUp = (this.timings.warmUp ?? 0) + result.duration;
    return result;
  }

  /**
   * Hands a frame to its call; one that settles it is the last.
   * @param {number} type
   * @param {number} id
   * @param {any} payload
   * @param {number} cost bytes
   */
  deliver(type, id, payload, cost) {
    const call = this.calls.get(id);
    if (call === undefined) return;
    if (type === RESULT || type === END || type === ERROR) this.calls.delete(id);
    call.frame(type, payload, cost);
  }

  /** The process is gone: every call in flight fails. @param {() => Error} makeError */
  end(makeError) {
    this.#deadline?.stop();
    const lost = [...this.calls.values()];
    this.calls.clear();
    for (const call of lost) call.lost(makeError());
  }

  /**
   * The record of the beginning, once: due when the interpreter is known, or there is none.
   * @param {{ pythonPath?: string | null, platform: string }} info
   */
  *starting({ pythonPath, platform }) {
    if (!this.isMine || this.#isAnnounced) return;
    this.#isAnnounced = true;
    const isLambda = platform.startsWith('lambda');
    yield startingRecord({ pythonPath: pythonPath ?? '', isLambda, scriptPath: SCRIPT });
  }

  /** @param {any} info of the `spawned` event */
  *spawned(info) {
    this.isSpawned = true;
    yield* this.starting(info);
    const { spawnMs, pythonPath, pid } = info;
    this.timings.spawn = spawnMs;
    if (this.isMine) yield spawnedRecord({ spawnDuration: spawnMs, pythonPath, pid });
  }

  *started() {
    const startupDuration = now() - this.#begun;
    const { warmUp, ...parts } = this.timings;
    if (this.isMine) yield readyRecord({ startupDuration, memoryUsage: this.ready.memory, parts });
  }

  /** @param {import('./warmup').WarmUpResult} result */
  *warmed({ duration, providers }) {
    yield warmRecord({ warmUpDuration: duration, providers });
  }
}

module.exports = { Generation };
