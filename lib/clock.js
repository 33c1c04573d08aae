'use strict';

/**
 * Time of this package: ms on the monotonic clock that the worker's frames use, too, and
 * deadlines that are fair to a process that was frozen or blocked.
 */

/** The longest delay that a timer of Node takes; above it, it would fire at once. */
const MAX_DELAY_MS = 2 ** 31 - 1;

/** A deadline of awake time counts in this many parts, so that a freeze costs one part at most. */
const PARTS = 8;

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
  /** Of the timer that runs; 0: none. */
  #delay = 0;
  #expired;

  /**
   * @param {number} ms
   * @param {() => void} expired
   * @param {{ awake?: boolean }} [options] awake: count only time in which this process ran
   *   (a freeze costs an eighth of `ms` at most)
   */
  constructor(ms, expired, { awake = false } = {}) {
    this.#whole = this.#left = ms;
    this.#part = awake ? Math.ceil(ms / PARTS) : ms;
    this.#expired = expired;
    this.#wait();
  }

  #wait() {
    this.#delay = Math.min(this.#left, this.#part);
    this.#timer = setTimeout(this.#onTimer, this.#delay);
    this.#timer.unref();
  }

  #onTimer = () => {
    this.#left -= this.#delay;
    this.#delay = 0;
    if (this.#left > 0) this.#wait();
    else this.#look = setImmediate(this.#onLook);
  };

  #onLook = () => {
    if (this.#left <= 0) this.#expired();
    if (this.#left > 0) this.#wait();
  };

  /**
   * Starts the whole time anew, with the next part: for each chunk a timer would cost more than
   * the rest of its way. So one of awake time is late by an eighth at most, any other by the whole.
   * No effect once it has expired or was stopped, but for the call that tells that it has.
   */
  refresh() {
    this.#left = this.#whole + this.#delay;
  }

  stop() {
    this.#left = 0;
    clearTimeout(this.#timer);
    clearImmediate(this.#look);
  }
}

module.exports = { Deadline, MAX_DELAY_MS, now };
