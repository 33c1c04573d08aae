'use strict';

/** The open instances of this thread, and what they are told: events and log lines. */

const { formatLine, fromTiming } = require('./log');

/**
 * @typedef {import('node:events').EventEmitter} Emitter
 * @typedef {import('./options').ClientOptions} ClientOptions
 */

/**
 * A listener that throws is its owner's problem, and must not stop what is being done here.
 * @param {Emitter} emitter
 * @param {string} event
 * @param {unknown} payload
 */
function emit(emitter, event, payload) {
  try {
    emitter.emit(event, payload);
  } catch (error) {
    process.nextTick(() => {
      throw error;
    });
  }
}

class Audience {
  /** @type {Map<Emitter, ClientOptions>} */
  #clients = new Map();

  get size() {
    return this.#clients.size;
  }

  /** @param {Emitter} client @param {ClientOptions} options */
  add(client, options) {
    this.#clients.set(client, options);
  }

  /** @param {Emitter} client */
  delete(client) {
    this.#clients.delete(client);
  }

  /**
   * What shapes the server. Together, since whoever left an option out agreed to what others gave.
   * @returns {import('./shape').Shape}
   */
  get shape() {
    return Object.assign({}, ...[...this.#clients.values()].map(({ shape }) => shape));
  }

  /** Providers to warm up for; null where no instance named any. @returns {string[] | null} */
  get prewarm() {
    const named = [...this.#clients.values()].map(({ prewarm }) => prewarm).filter((one) => one !== null);
    return named.length === 0 ? null : [...new Set(named.flat())];
  }

  /** @param {string} event @param {unknown} payload */
  tell(event, payload) {
    for (const client of [...this.#clients.keys()]) emit(client, event, payload);
  }

  /** @param {Iterable<import('./log').TimingRecord & Record<string, unknown>>} records */
  tellTimings(records) {
    for (const record of records) {
      this.tell('timing', record);
      this.log(fromTiming(record));
    }
  }

  /** One line, however many instances want it. @param {import('./log').LogRecord} record */
  log(record) {
    const modes = new Set();
    for (const [client, { log }] of [...this.#clients]) {
      modes.add(log);
      if (log !== 'silent') emit(client, 'log', record);
    }
    const line = modes.has('stderr') ? formatLine(record) : null;
    if (line !== null) process.stderr.write(`${line}\n`);
  }
}

module.exports = { Audience };
