'use strict';

/**
 * The warm-up: a call that asks Python to import and build, while nothing else is asked of it,
 * what the first request will need. Nobody waits for it, so it holds no event loop; where an
 * environment is made ready before there is a request, ready() does wait.
 */

const { now } = require('./clock');
const { RESULT } = require('./frames');
const { WHOLE_WINDOW } = require('./reader');

const NAME = 'bridge.warm_up';
const WHOLE = 0;

/** Lambda's ways to initialise before there is a request: what is not done then is done too late. */
const AHEAD = new Set(['provisioned-concurrency', 'lambda-managed-instances']);

/** @param {NodeJS.ProcessEnv} [env] */
function isAhead(env = process.env) {
  return AHEAD.has(env.AWS_LAMBDA_INITIALIZATION_TYPE ?? '');
}

/**
 * @typedef {object} WarmUpResult
 * @property {number} duration ms, from here
 * @property {string[]} providers
 */

/** Stands among the calls of its generation, where frames are handed out. */
class WarmUp {
  #begun = now();
  #done;
  /** @type {(value: WarmUpResult | null) => void} */
  #resolve = () => {};

  constructor() {
    this.#done = new Promise((resolve) => {
      this.#resolve = resolve;
    });
  }

  /** @returns {Promise<WarmUpResult | null>} null: it did not come to an end; never rejects */
  get done() {
    return this.#done;
  }

  /**
   * @param {{ call(name: string, kind: number, body: string, window: number): number }} port
   * @param {import('./generation').Generation} generation
   * @param {string[] | null} providers null: Python knows
   */
  begin(port, generation, providers) {
    try {
      const id = port.call(NAME, WHOLE, JSON.stringify({ providers }), WHOLE_WINDOW);
      generation.calls.set(id, /** @type {any} */ (this));
    } catch {
      this.#resolve(null); // the process died just now; its end is told elsewhere
    }
  }

  /** @param {number} type @param {any} settlement */
  frame(type, settlement) {
    this.#resolve(type === RESULT ? this.#read(settlement.body) : null);
  }

  /** @param {string} body */
  #read(body) {
    const { providers } = JSON.parse(body);
    return { duration: now() - this.#begun, providers };
  }

  lost() {
    this.#resolve(null);
  }

  ready() {}

  /** @param {() => void} callback */
  inContext(callback) {
    callback();
  }
}

module.exports = { WarmUp, isAhead };
