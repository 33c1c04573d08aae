'use strict';

/**
 * A streamed answer: an async iterable of chunks, read once. Names are those of the official
 * OpenAI client where it has them.
 */

const { AbortError, invalidArgument } = require('./errors');

const encoder = new TextEncoder();

/**
 * What becomes of a stream's frames for its iterator: one end. Methods, since V8 compiles anew what
 * calls a function that is another one in each stream.
 */
class Chunks {
  isDone = false;
  #source;
  #onEnd;

  /**
   * @param {import('./source').StreamSource} source
   * @param {(error?: unknown) => void} onEnd
   */
  constructor(source, onEnd) {
    this.#source = source;
    this.#onEnd = onEnd;
  }

  /** @param {number} type @param {any} payload @returns {IteratorResult<any, undefined>} */
  frame(type, payload) {
    try {
      return { value: this.#source.chunk(type, payload), done: false };
    } catch (error) {
      throw this.failed(error);
    }
  }

  /** @returns {IteratorResult<any, undefined>} */
  end() {
    this.failed(undefined);
    return { value: undefined, done: true };
  }

  /** @param {unknown} error undefined: it is over without one */
  failed(error) {
    if (!this.isDone) {
      this.isDone = true;
      this.#onEnd(error);
    }
    return error;
  }
}

/** The iterator of a stream: one reader. @implements {AsyncIterator<any>} */
class ChunkIterator {
  #source;
  #reader;
  #chunks;

  /**
   * @param {import('./source').StreamSource} source
   * @param {(error?: unknown) => void} onEnd
   */
  constructor(source, onEnd) {
    this.#source = source;
    this.#reader = source.reader;
    this.#chunks = new Chunks(source, onEnd);
  }

  /** @returns {Promise<IteratorResult<any, undefined>>} holds the event loop while it waits */
  next() {
    const chunks = this.#chunks;
    if (chunks.isDone) return Promise.resolve({ value: undefined, done: true });
    try {
      const result = this.#reader.take(chunks);
      // One promise for a chunk: the reader settles it with what the loop is waiting for.
      return result === undefined ? this.#reader.pull(chunks) : Promise.resolve(result);
    } catch (error) {
      return Promise.reject(error);
    }
  }

  /** @param {any} [value] @returns {Promise<IteratorResult<any, any>>} */
  async return(value) {
    if (!this.#chunks.isDone) {
      this.#chunks.failed(new AbortError('the reader left the stream'));
      this.#source.leave();
    }
    return { value, done: true };
  }

  [Symbol.asyncIterator]() {
    return this;
  }
}

class Stream {
  #source;
  /** @type {ChunkIterator | null} */
  #iterator = null;
  /** @type {AbortController | null} */
  #controller = null;
  /** How this side cut it short. @type {AbortError | null} */
  #abort = null;
  /** How the reading ended, or will. @type {{ error: unknown } | null} */
  #end = null;
  /** Who waits for that. @type {(() => void)[]} */
  #onEnd = [];
  #isHolding = false;

  /** @param {import('./source').StreamSource} source */
  constructor(source) {
    this.#source = source;
    source.onCut = (error) => {
      if (!(error instanceof AbortError)) return;
      this.#abort = error;
      this.#controller?.abort(error.cause);
    };
    // Who else reads may never come to an error that waits for it.
    source.onSettled = (error) => {
      this.#release();
      if (error !== undefined) this.#ended(error);
    };
  }

  get usage() {
    return this.#source.outcome?.usage ?? null;
  }

  get cost() {
    return this.#source.outcome?.cost ?? null;
  }

  get estimated() {
    return this.#source.outcome?.estimated ?? null;
  }

  get timings() {
    return this.#source.outcome?.timings ?? null;
  }

  get headers() {
    return this.#source.outcome?.headers ?? null;
  }

  get requestId() {
    return this.#source.outcome?.requestId ?? null;
  }

  /** Aborting it aborts the stream. Made when asked for: most streams need none. */
  get controller() {
    if (this.#controller === null) {
      this.#controller = new AbortController();
      const { signal } = this.#controller;
      if (this.#abort !== null) this.#controller.abort(this.#abort.cause);
      else signal.addEventListener('abort', () => this.abort(signal.reason), { once: true });
    }
    return this.#controller;
  }

  /** @param {unknown} [reason] */
  abort(reason) {
    this.#source.call.abort(reason);
  }

  [Symbol.asyncIterator]() {
    if (this.#iterator !== null) throw invalidArgument('a stream can be read only once');
    this.#iterator = new ChunkIterator(this.#source, (error) => this.#ended(error));
    return this.#iterator;
  }

  /** The first error counts: that a reader then leaves says nothing new. @param {unknown} error */
  #ended(error) {
    this.#end ??= { error };
    this.#release();
    for (const resolve of this.#onEnd.splice(0)) resolve();
  }

  async finalMessage() {
    if (this.#iterator === null) await this.#readAll();
    else await this.#untilEnd();
    if (this.#end?.error !== undefined) throw this.#end.error;
    return this.#source.message.result().message;
  }

  async #readAll() {
    const iterator = this[Symbol.asyncIterator]();
    while (!(await iterator.next()).done);
  }

  /**
   * Somebody else reads: wait for their end.
   * @returns {Promise<void>} holds the event loop while anything can come from the call
   */
  async #untilEnd() {
    if (this.#end !== null) return;
    if (!this.#source.call.isSettled) this.#hold();
    await new Promise((resolve) => {
      this.#onEnd.push(() => resolve(undefined));
    });
  }

  #hold() {
    if (!this.#isHolding) this.#source.call.loop.hold();
    this.#isHolding = true;
  }

  #release() {
    if (this.#isHolding) this.#source.call.loop.release();
    this.#isHolding = false;
  }

  toReadableStream() {
    const iterator = this[Symbol.asyncIterator]();
    return new ReadableStream(
      {
        async pull(controller) {
          const { value, done } = await iterator.next();
          if (done) controller.close();
          else controller.enqueue(encoder.encode(`${JSON.stringify(value)}\n`));
        },
        async cancel() {
          await iterator.return();
        },
      },
      // Nothing is read before somebody asks for it.
      { highWaterMark: 0 },
    );
  }
}

module.exports = { Stream };
