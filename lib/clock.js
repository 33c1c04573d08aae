'use strict';

/**
 * Time of this package: ms on the monotonic clock that the worker's frames use, too, and
 * deadlines that are fair to a process that was frozen or blocked.
 */

/** The longest delay that a timer of Node takes; above it, it would fire at once. */
const MAX_DELAY_MS = 2 ** 31 - 1;

/** A long deadline counts in this many parts, so that a freeze costs one part at most. */
const PARTS = 8;

/** Below this a deadline is not cut into parts: rounding would make it late. */
const MIN_CUT_MS = 1000;

/** ms, fractional, on the clock of `process.hrtime()`. */
function now() {
  const [seconds, nanoseconds] = process.hrtime();
  return seconds * 1e3 + nanoseconds / 1e6;
}

/**
 * Calls `expired` once, `ms` from now, unless it is stopped. It never holds the event loop.
 *
 * When a frozen function thaws or a blocked loop goes on, every timer is due at once, while
 * what came in the meantime is still unread. So a deadline lets the loop read once more before
 * it expires.
 */
class Deadline {
  /** @type {NodeJS.Timeout | undefined} */
  #timer;
  /** @type {NodeJS.Immediate | undefined} */
  #look;
  #whole;
  #left;
  #part;
  #expired;

  /**
   * @param {number} ms
   * @param {() => void} expired
   * @param {{ awake?: boolean }} [options] awake: count only time in which this process ran
   *   (a freeze costs an eighth of `ms` at most)
   */
  constructor(ms, expired, { awake = false } = {}) {
    this.#whole = this.#left = ms;
    this.#part = awake && ms >= MIN_CUT_MS ? Math.ceil(ms / PARTS) : ms;
    this.#expired = expired;
    this.#wait();
  }

  #wait() {
    const delay = Math.min(this.#left, this.#part);
    this.#timer = setTimeout(() => {
      this.#left -= delay;
      if (this.#left > 0) this.#wait();
      else this.#look = setImmediate(this.#expired);
    }, delay);
    this.#timer.unref();
  }

  /** Starts the whole time anew. */
  refresh() {
    clearImmediate(this.#look);
    this.#left = this.#whole;
    this.#timer?.refresh();
  }

  stop() {
    clearTimeout(this.#timer);
    clearImmediate(this.#look);
  }
}

module.exports = { Deadline, MAX_DELAY_MS, now };
