'use strict';

/**
 * One streamed call before anything is built of it: frames in, pieces and chunks out, and what
 * is known at its end. The iterator and the callbacks of `llm.stream()` both read from it.
 */

const { Call, STREAM } = require('./call');
const { ChunkDecoder } = require('./chunks');
const { LiteLLMError } = require('./errors');
const { DELTA, TEMPLATE } = require('./frames');
const { MessageBuilder, textOf } = require('./message');
const { FrameReader } = require('./reader');

/** @param {unknown} cause */
function protocolError(cause) {
  if (cause instanceof LiteLLMError) return cause;
  return new LiteLLMError('ERR_PROTOCOL', 'a chunk is not what it should be', { cause });
}

/**
 * @typedef {object} Piece one frame of a stream
 * @property {number} type
 * @property {any} payload
 * @property {string} text what it adds to the first choice's text
 * @property {any} chunk null where no object had to be built
 */

class StreamSource {
  decoder = new ChunkDecoder();
  message = new MessageBuilder();
  /** Known after the end. @type {import('./call').Outcome | null} */
  outcome = null;
  /** Called when this side cuts the call short. @type {(error: unknown) => void} */
  onCut = () => {};
  /** Called when nothing more comes from Python. @type {(error?: unknown) => void} */
  onSettled = () => {};
  /** Who waits for the first frame; null when nobody does. @type {((error?: unknown) => void) | null} */
  #onOpened = null;
  #isLeft = false;
  /** The deltas of the current template are text of the first choice. */
  #isText = false;
  #idleTimeout;

  /**
   * @param {import('./call').Owner} owner
   * @param {{ name: string, body: string }} request
   * @param {import('./options').CallOptions} options
   */
  constructor(owner, { name, body }, options) {
    this.#idleTimeout = options.idleTimeout;
    this.call = new Call(owner, { name, body, kind: STREAM }, options, this);
    this.reader = new FrameReader(this.call);
  }

  /**
   * Sends the call and waits until something came: a provider that refuses is then an error of
   * the call, not of the first read.
   * @returns {Promise<void>} holds the event loop
   */
  async open() {
    this.call.loop.hold();
    /** @type {Promise<void>} */
    const opened = new Promise((resolve, reject) => {
      this.#onOpened = (error) => (error === undefined ? resolve() : reject(error));
    });
    try {
      this.call.begin();
      await opened;
    } finally {
      this.call.loop.release();
    }
  }

  /** Once: to settle a promise anew costs more than all else that is done for a frame. */
  #opened(/** @type {unknown} */ error = undefined) {
    const onOpened = this.#onOpened;
    if (onOpened === null) return;
    this.#onOpened = null;
    onOpened(error);
  }

  // ---- what the call reports

  /** @param {number} type @param {any} payload @param {number} cost */
  frame(type, payload, cost) {
    if (this.#onOpened !== null) this.#opened();
    this.reader.push(type, payload, cost);
  }

  /** @param {import('./call').Outcome} outcome */
  succeeded(outcome) {
    this.outcome = outcome;
    this.#opened();
    this.reader.end();
    this.onSettled();
  }

  /** @param {unknown} error @param {import('./call').Outcome | null} outcome */
  failed(error, outcome) {
    this.outcome = outcome;
    this.#opened(error);
    this.reader.end(error);
    this.onSettled(error);
  }

  /** @param {unknown} error */
  cut(error) {
    this.#opened(error);
    this.reader.discard(this.#isLeft ? undefined : error);
    this.onCut(error);
    this.onSettled(error);
  }

  ready() {
    const ms = this.#idleTimeout;
    if (ms === 0) return;
    this.reader.watch(ms, () => this.call.fail(new LiteLLMError('ERR_IDLE_TIMEOUT', `${ms} ms`)));
  }

  // ---- what readers do

  /** The reader goes away: the call is cancelled, and no error is left behind. */
  leave() {
    this.#isLeft = true;
    this.call.abort('the reader left the stream');
  }

  /**
   * A frame as a chunk: the short way, for who needs no piece.
   * @param {number} type
   * @param {any} payload
   * @returns {any}
   */
  chunk(type, payload) {
    if (type !== DELTA) return this.piece(type, payload, true).chunk;
    try {
      const chunk = this.decoder.object(DELTA, payload);
      this.message.delta(payload);
      return chunk;
    } catch (cause) {
      throw this.#broken(cause);
    }
  }

  /**
   * A frame as a piece.
   * @param {number} type
   * @param {any} payload
   * @param {boolean} wantsChunk false: a chunk is built only where more than text came
   * @returns {Piece}
   */
  piece(type, payload, wantsChunk) {
    try {
      this.decoder.accept(type, payload);
      return type === DELTA ? this.#delta(payload, wantsChunk) : this.#whole(type, payload);
    } catch (cause) {
      throw this.#broken(cause);
    }
  }

  /** What came is no chunk: the call fails. @param {unknown} cause */
  #broken(cause) {
    const error = protocolError(cause);
    this.call.fail(error);
    return error;
  }

  /** @param {string} text @param {boolean} wantsChunk @returns {Piece} */
  #delta(text, wantsChunk) {
    this.message.delta(text);
    const chunk = wantsChunk ? this.decoder.object(DELTA, text) : null;
    return { type: DELTA, payload: text, text: this.#isText ? text : '', chunk };
  }

  /** @param {number} type @param {any} payload @returns {Piece} */
  #whole(type, payload) {
    const chunk = this.decoder.object(type, payload);
    if (type === TEMPLATE) {
      this.message.template(chunk, payload.slot);
      this.#isText = payload.slot === 1 && (chunk.choices[0].index ?? 0) === 0;
    } else {
      this.message.chunk(chunk);
    }
    return { type, payload, text: textOf(chunk), chunk };
  }
}

module.exports = { StreamSource };
