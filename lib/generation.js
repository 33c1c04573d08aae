'use strict';

/** One life of the Python process, as this thread sees it. */

const { Deadline, now } = require('./clock');
const { END, ERROR, RESULT } = require('./frames');
const { readyRecord, spawnedRecord, startingRecord } = require('./log');
const { SCRIPT } = require('./shape');

class Generation {
  #begun = now();
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

  /**
   * @param {number} number counts from 1 in a process
   * @param {boolean} isMine this thread started it, and reports on it
   */
  constructor(number, isMine) {
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
    for (const call of this.calls.values()) call.ready();
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
    if (this.isMine) yield spawnedRecord({ spawnDuration: spawnMs, pythonPath, pid });
  }

  *started() {
    const startupDuration = now() - this.#begun;
    if (this.isMine) yield readyRecord({ startupDuration, memoryUsage: this.ready.memory });
  }
}

module.exports = { Generation };
