'use strict';

/**
 * Writes a stream to a Writable, such as a Lambda responseStream, at the speed at which it takes
 * it, and notices when the client behind it is gone.
 */

const { AbortError, LiteLLMError } = require('./errors');

/**
 * @typedef {object} Format
 * @property {(piece: import('./source').Piece, json: () => string) => string} piece
 * @property {string} end written after the last chunk
 * @property {((json: string) => string) | null} error an error after the first chunk; null: none
 */

/** @type {Record<string, Format>} */
const FORMATS = {
  text: { piece: ({ text }) => text, end: '', error: null },
  sse: {
    piece: (_, json) => `data: ${json()}\n\n`,
    end: 'data: [DONE]\n\n',
    error: (json) => `data: ${json}\n\n`,
  },
  ndjson: { piece: (_, json) => `${json()}\n`, end: '', error: (json) => `${json}\n` },
};

/**
 * An error as OpenAI's API words it. What is not ours may hold anything, and stays inside.
 * @param {any} error
 */
function errorJson(error) {
  const own = error instanceof LiteLLMError || error instanceof AbortError;
  const { message, name, type, param, providerCode, code } = /** @type {any} */ (own ? error : {});
  return JSON.stringify({
    error: {
      message: message ?? 'the stream was cut short',
      type: type ?? name ?? 'Error',
      param: param ?? null,
      code: providerCode ?? code ?? null,
    },
  });
}

/**
 * Whether nobody takes it any more. Node's HTTP/2 responses have no `destroyed`: their stream has.
 * @param {any} stream
 */
function isOver(stream) {
  return stream.destroyed === true || stream.writableEnded === true || stream.stream?.destroyed === true;
}

/** The caller owns the Writable: it is not ended here. */
class ResponseSink {
  #stream;
  #format;
  /** @type {(cause: Error) => void} */
  #gone = () => {};
  #isGone = false;
  #hasWritten = false;
  /** Nothing more is written: it has all of it, or the run is over. */
  #isDone = false;
  /** @type {(() => void) | null} */
  #drained = null;

  /**
   * @param {import('node:stream').Writable} stream
   * @param {string} format 'text', 'sse' or 'ndjson'
   */
  constructor(stream, format) {
    this.#stream = stream;
    this.#format = FORMATS[format];
  }

  /**
   * Watches the stream. Once, before the first write.
   * @param {(cause: Error) => void} gone called once, when nobody takes it any more
   */
  open(gone) {
    this.#gone = gone;
    if (isOver(this.#stream)) return this.#onGone(this.#stream.errored);
    this.#stream.on('drain', this.#onDrain).on('close', this.#onGone).on('error', this.#onGone);
  }

  /** It has all of it: whoever goes now has missed nothing. Its errors are still heard. */
  done() {
    this.#isDone = true;
  }

  /** The stream is the caller's alone again. */
  close() {
    this.#isDone = true;
    this.#onDrain();
    for (const [event, listener] of this.#listeners()) this.#stream.removeListener(event, listener);
  }

  /** @returns {[string, (...args: any[]) => void][]} */
  #listeners() {
    return [
      ['drain', this.#onDrain],
      ['close', this.#onGone],
      ['error', this.#onGone],
    ];
  }

  #onDrain = () => {
    this.#drained?.();
    this.#drained = null;
  };

  #onGone = (/** @type {unknown} */ cause) => {
    if (this.#isGone || this.#isDone) return;
    this.#isGone = true;
    this.#onDrain();
    // A socket tells at its 'close' whether there was an error, in place of it.
    this.#gone(cause instanceof Error ? cause : new Error('the response stream was closed'));
  };

  /**
   * @param {import('./source').Piece} piece
   * @param {() => string} json the piece's chunk as JSON
   * @returns {Promise<void> | undefined} pending while the stream is full
   */
  piece(piece, json) {
    return this.#write(this.#format.piece(piece, json));
  }

  /** After the last piece. */
  end() {
    return this.#write(this.#format.end);
  }

  /**
   * Tells the client that the answer is not whole; many take an early end for a success. Before
   * the first write there is no answer yet, and the caller may still choose another one.
   * @param {unknown} error
   */
  error(error) {
    if (this.#hasWritten && this.#format.error) this.#write(this.#format.error(errorJson(error)));
  }

  /** @param {string} text */
  #write(text) {
    if (this.#isDone) return undefined;
    if (isOver(this.#stream)) this.#onGone(this.#stream.errored);
    if (text === '' || this.#isGone) return undefined;
    this.#hasWritten = true;
    if (this.#stream.write(text)) return undefined;
    /** @type {Promise<void>} */
    const drained = new Promise((resolve) => {
      this.#drained = resolve;
    });
    return drained;
  }
}

module.exports = { ResponseSink };
