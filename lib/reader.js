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
 * Who reads: what becomes of a frame, of the end, and of an error of the end. What `frame` throws
 * is the read's error.
 * @template T
 * @typedef {{ frame: (type: number, payload: any) => T, end: () => T,
 *   failed: (error: unknown) => unknown }} Consumer
 */

/**
 * @template T
 * @typedef {{ consumer: Consumer<T>, resolve: (value: T) => void,
 *   reject: (error: unknown) => void, next: Waiter<any> | null }} Waiter
 */

/**
 * To V8 `[]` is an array of integers until something else is put in, and code that it compiled for
 * the one kind is thrown away at the first frame of the next stream.
 * @returns {any[]} empty
 */
function mixedArray() {
  /** @type {any[]} */
  const array = [null];
  array.length = 0;
  return array;
}

class FrameReader {
  /** Triples type, payload, cost: no object for a frame. */
  #queue = mixedArray();
  #head = 0;
  #due = 0;
  /** Who waits longest, and then the others. While anybody does, the queue is empty. @type {Waiter<any> | null} */
  #first = null;
  /** @type {Waiter<any> | null} */
  #last = null;
  #ended = false;
  /** @type {unknown} */
  #error = undefined;
  /** @type {Deadline | null} */
  #idle = null;
  #call;
  #loop;

  /**
   * @param {object} call
   * @param {(bytes: number) => void} call.consume
   * @param {Pick<import('./loop').LoopHold, 'hold' | 'release'>} call.loop held while somebody waits
   * @param {() => void} call.finish nothing is left to read
   */
  constructor(call) {
    this.#call = call;
    this.#loop = call.loop;
  }

  /**
   * A frame came.
   * @param {number} type
   * @param {any} payload
   * @param {number} cost bytes
   */
  push(type, payload, cost) {
    if (this.#first === null) this.#queue.push(type, payload, cost);
    else this.#hand(type, payload, cost);
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
    if (this.#queue.length === 0) this.#finish();
  }

  /**
   * Ends at once: what came is let go.
   * @param {unknown} [error]
   */
  discard(error) {
    this.#queue.length = this.#head = 0;
    this.#error = error;
    if (this.#ended) this.#finish();
    else this.end(error);
  }

  /**
   * The next frame, if it is here already.
   * @template T
   * @param {Consumer<T>} consumer
   * @returns {T | undefined} undefined: use `pull`
   */
  take(consumer) {
    return this.#queue.length === 0 ? undefined : this.#shift(consumer);
  }

  /**
   * The next frame, in the order of the calls; after the last what the consumer makes of the end.
   * @template T
   * @param {Consumer<T>} consumer
   * @returns {Promise<T>} rejects once with the error of the end
   */
  pull(consumer) {
    return new Promise((resolve, reject) => {
      if (this.#queue.length > 0) resolve(this.#shift(consumer));
      else this.#wait({ consumer, resolve, reject, next: null });
    });
  }

  /** @param {Waiter<any>} waiter */
  #wait(waiter) {
    this.#loop.hold();
    if (this.#last === null) this.#first = waiter;
    else this.#last.next = waiter;
    this.#last = waiter;
    if (this.#ended) this.#finish();
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
      if (this.#queue.length > 0) this.#idle?.refresh();
      else silent();
    };
    // After a freeze Python, which was frozen too, needs a moment to pass on what came.
    this.#idle = new Deadline(ms, expired, { awake: true });
  }

  /** @returns {Waiter<any>} who waited longest, and waits no more */
  #leave() {
    const waiter = /** @type {Waiter<any>} */ (this.#first);
    this.#first = waiter.next;
    if (waiter.next === null) this.#last = null;
    this.#loop.release();
    return waiter;
  }

  /** A frame past the queue. @param {number} type @param {any} payload @param {number} cost */
  #hand(type, payload, cost) {
    const { consumer, resolve, reject } = this.#leave();
    this.#consumed(cost);
    try {
      resolve(consumer.frame(type, payload));
    } catch (error) {
      reject(error);
    }
  }

  /** @template T @param {Consumer<T>} consumer */
  #shift(consumer) {
    const type = this.#queue[this.#head++];
    const payload = this.#queue[this.#head++];
    const cost = this.#queue[this.#head++];
    if (this.#head === this.#queue.length) this.#emptied();
    else if (this.#head >= COMPACT_AT) this.#compact();
    this.#consumed(cost);
    return consumer.frame(type, payload);
  }

  #emptied() {
    this.#queue.length = this.#head = 0;
    if (this.#ended) this.#call.finish();
  }

  #compact() {
    this.#queue.splice(0, this.#head);
    this.#head = 0;
  }

  /** @param {number} cost */
  #consumed(cost) {
    this.#idle?.refresh();
    this.#due += cost;
    if (this.#due < PORTION || this.#ended) return;
    this.#call.consume(this.#due);
    this.#due = 0;
  }

  #finish() {
    this.#call.finish();
    while (this.#first !== null) {
      const { consumer, resolve, reject } = this.#leave();
      const error = this.#error;
      this.#error = undefined;
      if (error === undefined) resolve(consumer.end());
      else reject(consumer.failed(error));
    }
  }
}

module.exports = { FrameReader, WHOLE_WINDOW, WINDOW };
