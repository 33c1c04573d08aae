'use strict';

/**
 * One call, from its making to its one settlement, whatever comes first: the answer, an error,
 * the death of Python, a time limit, an abort, `close()`.
 */

const { AsyncResource } = require('node:async_hooks');

const { Deadline, now } = require('./clock');
const { AbortError, LiteLLMError, fromMeta } = require('./errors');
const { END, ERROR, RESULT } = require('./frames');
const { WHOLE_WINDOW, WINDOW } = require('./reader');
const { listen, unlisten } = require('./signals');

const WHOLE = 0;
const STREAM = 1;

/**
 * @typedef {object} Outcome what is known about a call that has ended
 * @property {any} usage LiteLLM's figures, or null
 * @property {number | null} cost USD
 * @property {boolean | null} estimated LiteLLM counted the usage itself; null: unknown
 * @property {Record<string, string>} headers the provider's
 * @property {string | null} requestId
 * @property {{ queued: number, ttft: number, total: number, server: number }} timings ms
 */

/**
 * @typedef {object} Owner what a call needs of the instance that made it
 * @property {import('./connection').Connection} connection
 * @property {Set<{ fail(error: unknown): void }>} operations what its `close()` has to end
 * @property {import('./options').ClientOptions['times']} times ms
 */

/**
 * @typedef {object} Receiver who made the call
 * @property {(type: number, payload: any, cost: number) => void} frame
 * @property {(outcome: Outcome, body: string | Buffer | null) => void} succeeded
 * @property {(error: unknown, outcome: Outcome | null) => void} failed on the wire; what came
 *   before still counts. null: nothing is known, not even that Python has ended it
 * @property {(error: unknown) => void} cut by this side; at once
 * @property {() => void} [ready] Python is ready; the silence that follows is the provider's
 */

class Call {
  #connection;
  #receiver;
  #options;
  #created = now();
  #firstAt = 0;
  /** Nothing more comes from the wire. */
  #settled = false;
  /** Nothing more goes to the user. */
  #finished = false;
  /** @type {Deadline | null} */
  #deadline = null;
  /** @type {Deadline | null} */
  #startDeadline = null;
  #resource = new AsyncResource('LITELLM_CALL');

  /**
   * @param {Owner} owner
   * @param {{ name: string, kind: number, body: string }} request
   * @param {import('./options').CallOptions} options
   * @param {Receiver} receiver
   */
  constructor(owner, { name, kind, body }, options, receiver) {
    this.owner = owner;
    this.#connection = owner.connection;
    /** Held while somebody waits for this call. */
    this.loop = owner.connection.loop;
    this.#options = options;
    this.#receiver = receiver;
    this.name = name;
    this.kind = kind;
    this.window = kind === STREAM ? WINDOW : WHOLE_WINDOW;
    /** JSON; let go once it is sent. */
    this.body = body;
    /** Where it was sent. @type {{ generation: import('./generation').Generation, id: number } | null} */
    this.link = null;
    /** The connection sends it twice at most. */
    this.isSentAnew = false;
  }

  /** Sends it, now or as soon as there is a Python to send it to. */
  begin() {
    const { signal, timeout, startTimeout } = this.#options;
    if (this.#settled) return;
    if (signal?.aborted) return this.abort(signal.reason);
    this.owner.operations.add(this);
    if (signal !== undefined) listen(signal, this.#onAbort);
    if (timeout > 0) this.#deadline = new Deadline(timeout, this.#onTimeout);
    if (startTimeout > 0) this.#startDeadline = new Deadline(startTimeout, this.#onStartTimeout);
    this.#connection.submit(this);
  }

  #onAbort = () => this.abort(this.#options.signal?.reason);

  #onTimeout = () => {
    // A whole answer that nobody has read so far stays readable, but holds nothing any more.
    if (this.#settled) this.#letGo();
    else this.fail(new LiteLLMError('ERR_TIMEOUT', `${this.#options.timeout} ms`));
  };

  #onStartTimeout = () =>
    this.fail(new LiteLLMError('ERR_START_TIMEOUT', `${this.#options.startTimeout} ms`));

  /** @param {{ generation: import('./generation').Generation, id: number }} link */
  sent(link) {
    this.link = link;
    this.body = '';
    link.generation.calls.set(link.id, this);
  }

  /** Python is ready and has the call. */
  ready() {
    this.#startDeadline?.stop();
    this.#receiver.ready?.();
  }

  /**
   * @param {number} type
   * @param {any} payload
   * @param {number} cost
   */
  frame(type, payload, cost) {
    if (this.#settled) return;
    this.#firstAt ||= now();
    switch (type) {
      case RESULT:
      case END:
        return this.#succeed(payload);
      case ERROR:
        return this.#failOnWire(payload);
      default:
        this.#receiver.frame(type, payload, cost);
    }
  }

  /** @param {any} settlement */
  #succeed(settlement) {
    const meta = parse(settlement.meta);
    if (meta instanceof Error) return this.lost(meta);
    this.#settle();
    this.#receiver.succeeded(this.#outcome(meta, settlement), settlement.body);
  }

  /** @param {any} settlement */
  #failOnWire(settlement) {
    const meta = parse(settlement.meta);
    if (meta instanceof Error) return this.lost(meta);
    this.lost(fromMeta(meta), this.#outcome(meta, settlement));
  }

  /**
   * @param {any} meta
   * @param {{ started: number, finished: number }} settlement ms
   * @returns {Outcome}
   */
  #outcome({ usage, cost, estimated, headers, requestId }, { started, finished }) {
    const total = now() - this.#created;
    const queued = started > 0 ? started - this.#created : total;
    const server = started > 0 && finished > 0 ? finished - started : 0;
    return {
      usage: usage ?? null,
      cost: cost ?? null,
      estimated: estimated ?? null,
      headers: headers ?? {},
      requestId: requestId ?? null,
      timings: { queued, ttft: this.#firstAt - this.#created, total, server },
    };
  }

  /**
   * It failed beyond this side: what came before the error still counts.
   * @param {unknown} error
   * @param {Outcome | null} [outcome]
   */
  lost(error, outcome = null) {
    if (this.#settled) return;
    this.#settle();
    this.#receiver.failed(error, outcome);
  }

  /**
   * Fails it from this side, at once. No effect once everything was delivered.
   * @param {unknown} error
   */
  fail(error) {
    if (this.#finished) return;
    if (!this.#settled) {
      this.#settle();
      this.#connection.cancel(this);
    }
    this.finish();
    this.#receiver.cut(error);
  }

  /** @param {unknown} [reason] */
  abort(reason) {
    this.fail(new AbortError(reason));
  }

  #settle() {
    this.#settled = true;
    this.#startDeadline?.stop();
    this.owner.operations.delete(this);
  }

  /** Nothing more comes from Python. */
  get isSettled() {
    return this.#settled;
  }

  /** Everything was delivered: nobody can abort it any more. */
  finish() {
    if (this.#finished || !this.#settled) return;
    this.#finished = true;
    this.#letGo();
  }

  #letGo() {
    this.#deadline?.stop();
    const { signal } = this.#options;
    if (signal !== undefined) unlisten(signal, this.#onAbort);
  }

  /** The consumer took frames that cost so many bytes. @param {number} bytes */
  consume(bytes) {
    this.#connection.consume(this, bytes);
  }

  /** Runs in the async context of whoever made the call. @param {() => void} callback */
  inContext(callback) {
    this.#resource.runInAsyncScope(callback);
  }
}

/** @param {string} json @returns {any} or an Error */
function parse(json) {
  try {
    return JSON.parse(json);
  } catch (cause) {
    return new LiteLLMError('ERR_PROTOCOL', 'a settlement is not JSON', { cause });
  }
}

module.exports = { Call, STREAM, WHOLE };
