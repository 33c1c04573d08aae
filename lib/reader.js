'use strict';

/**
 * The raw frames of one stream, between the connection and whoever reads them. Chunks are built
 * when they are pulled, and only what was pulled is granted again to the provider's side.
 */

const { Deadline } = require('./clock');

/**
 * Bytes of credit of a stream: what it may have waiting here, some 450 deltas. All that a call
 * reads in a turn of the loop comes before what the others get next: with 256 KiB, 4 ms of a
 * stream at full speed. One frame may come on top (256 KiB).
 */
const WINDOW = 32 * 1024;

/** The same of a whole answer, which waits in parts, as bytes: here it has no reader yet. */
const WHOLE_WINDOW = 512 * 1024;

/** Consumption is told to the addon in portions: a crossing for each frame would cost more. */
const PORTION = WINDOW / 8;

/** Where the head of the queue has moved so far, the frames before it are let go. */
const COMPACT_AT = 3 * 1024;

/**
 * @template T
 * @typedef {{ convert: (type: number, payload: any) => T, resolve: (value: T | null) => void,
 *   reject: (error: unknown) => void }} Waiter
 */

class FrameReader {
  /** Triples type, payload, cost: no object for a frame. @type {any[]} */
  #queue = [];
  #head = 0;
  #due = 0;
  /** @type {Waiter<any>[]} */
  #waiters = [];
  #ended = false;
  /** @type {unknown} */
  #error = undefined;
  /** @type {Deadline | null} */
  #idle = null;
  #call;

  /**
   * @param {object} call
   * @param {(bytes: number) => void} call.consume
   * @param {() => void} call.hold keep the event loop, while somebody waits
   * @param {() => void} call.release
   * @param {() => void} call.drained nothing is left to read
   */
  constructor(call) {
    this.#call = call;
  }

  get #isEmpty() {
    return this.#head === this.#queue.length;
  }

  /**
   * A frame came.
   * @param {number} type
   * @param {any} payload
   * @param {number} cost bytes
   */
  push(type, payload, cost) {
    this.#idle?.refresh();
    this.#queue.push(type, payload, cost);
    if (this.#waiters.length > 0) this.#serve();
  }

  /**
   * No frame follows; what came can still be read, then `error`, if there is one.
   * @param {unknown} [error]
   */
  end(error) {
    if (this.#ended) return;
    this.#ended = true;
    this.#error = error;
    this.#idle?.stop();
    this.#serve();
  }

  /**
   * Ends at once: what came is let go.
   * @param {unknown} [error]
   */
  discard(error) {
    this.#queue.length = this.#head = 0;
    this.#error = error;
    if (this.#ended) this.#finishWaiters();
    else this.end(error);
  }

  /**
   * The next frame, through `convert`, if it is here already and nobody waits for one.
   * @template T
   * @param {(type: number, payload: any) => T} convert
   * @returns {T | undefined} undefined: use `pull`
   */
  take(convert) {
    return this.#isEmpty || this.#waiters.length > 0 ? undefined : this.#shift(convert);
  }

  /**
   * The next frame, through `convert`, in the order of the calls; null after the last.
   * @template T
   * @param {(type: number, payload: any) => T} convert
   * @returns {Promise<T | null>} rejects once with the error of the end
   */
  pull(convert) {
    return new Promise((resolve, reject) => this.wait({ convert, resolve, reject }));
  }

  /**
   * The same without a promise of its own.
   * @template T
   * @param {Waiter<T>} waiter
   */
  wait(waiter) {
    this.#call.hold();
    this.#waiters.push(waiter);
    this.#serve();
  }

  /**
   * From now on a silence of `ms` is reported, but not while the reader is the slow one; a freeze
   * counts for an eighth at most.
   * @param {number} ms
   * @param {() => void} silent
   */
  watch(ms, silent) {
    if (this.#ended) return;
    const expired = () => {
      if (this.#isEmpty && !this.#ended) silent();
    };
    // After a freeze Python, which was frozen too, needs a moment to pass on what came.
    this.#idle = new Deadline(ms, expired, { awake: true });
  }

  /** @template T @param {(type: number, payload: any) => T} convert */
  #shift(convert) {
    const type = this.#queue[this.#head++];
    const payload = this.#queue[this.#head++];
    const cost = this.#queue[this.#head++];
    if (this.#isEmpty) this.#emptied();
    else if (this.#head >= COMPACT_AT) this.#compact();
    this.#consumed(cost);
    return convert(type, payload);
  }

  #emptied() {
    this.#queue.length = this.#head = 0;
    if (this.#ended) this.#drained();
    else this.#idle?.refresh();
  }

  #compact() {
    this.#queue.splice(0, this.#head);
    this.#head = 0;
  }

  /** @param {number} cost */
  #consumed(cost) {
    this.#due += cost;
    if (this.#due < PORTION || this.#ended) return;
    this.#call.consume(this.#due);
    this.#due = 0;
  }

  #serve() {
    while (this.#waiters.length > 0 && !this.#isEmpty) {
      const { convert, resolve, reject } = /** @type {Waiter<any>} */ (this.#waiters.shift());
      this.#call.release();
      try {
        resolve(this.#shift(convert));
      } catch (error) {
        reject(error);
      }
    }
    if (this.#ended && this.#isEmpty) this.#finishWaiters();
  }

  #finishWaiters() {
    this.#drained();
    for (const { resolve, reject } of this.#waiters.splice(0)) {
      this.#call.release();
      const error = this.#error;
      this.#error = undefined;
      if (error === undefined) resolve(null);
      else reject(error);
    }
  }

  #drained() {
    this.#call.drained();
  }
}

module.exports = { FrameReader, WHOLE_WINDOW, WINDOW };
