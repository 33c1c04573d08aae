'use strict';

/** `llm.stream()`: a stream that is read here, for callbacks or into a Writable. */

const { Deadline } = require('./clock');
const { AbortError, LiteLLMError } = require('./errors');
const { listen, unlisten } = require('./signals');
const { ResponseSink } = require('./sink');

/** @param {any} value @returns {value is PromiseLike<unknown>} */
function isThenable(value) {
  return typeof value?.then === 'function';
}

/**
 * What is done with each piece, in order.
 * @param {import('./source').StreamSource} source
 * @param {{ onText?: Function, onChunk?: Function }} callbacks
 * @param {ResponseSink | null} sink
 * @returns {((piece: import('./source').Piece) => unknown)[]}
 */
function steps({ decoder }, { onText, onChunk }, sink) {
  /** @type {((piece: import('./source').Piece) => unknown)[]} */
  const list = [];
  if (onText) list.push(({ text }) => (text === '' ? undefined : onText(text)));
  if (onChunk) list.push(({ chunk }) => onChunk(chunk));
  if (sink) list.push((piece) => sink.piece(piece, () => decoder.json(piece.type, piece.payload)));
  return list;
}

/**
 * Reads to the end. Nothing is awaited that is no promise: a synchronous reader is as fast as the
 * frames come.
 * @param {import('./source').StreamSource} source
 * @param {boolean} wantsChunks
 * @param {ReturnType<typeof steps>} list
 * @param {() => boolean} isOver the run has ended otherwise: nothing is called any more
 */
async function readAll(source, wantsChunks, list, isOver) {
  const { reader } = source;
  /** @type {import('./reader').Consumer<import('./source').Piece | null>} */
  const consumer = {
    frame: (type, payload) => source.piece(type, payload, wantsChunks),
    end: () => null,
    failed: (error) => error,
  };
  for (;;) {
    const piece = reader.take(consumer) ?? (await reader.pull(consumer));
    if (piece === null) return;
    for (const step of list) {
      const pending = step(piece);
      if (!isThenable(pending)) continue;
      await pending;
      if (isOver()) return;
    }
  }
}

/**
 * @param {import('./source').StreamSource} source
 * @param {ReturnType<typeof import('./options').streamOptions>} options
 * @param {ResponseSink | null} sink
 * @param {() => boolean} isOver
 */
async function deliver(source, options, sink, isOver) {
  const { onChunk, onUsage } = options;
  await readAll(source, onChunk !== undefined, steps(source, options, sink), isOver);
  await sink?.end();
  sink?.done();
  if (isOver()) return null;
  const outcome = /** @type {import('./call').Outcome} */ (source.outcome);
  const { usage, cost, estimated } = outcome;
  if (onUsage && usage !== null) await onUsage(usage, { cost, estimated });
  return { ...source.message.result(), ...outcome };
}

/** @param {number} ms 0 is off @param {(error: LiteLLMError) => void} reject */
function limit(ms, reject) {
  return ms > 0 ? new Deadline(ms, () => reject(new LiteLLMError('ERR_TIMEOUT', `${ms} ms`))) : null;
}

/**
 * Lets `close()`, the signal and the time limit end a run, also while its last callback is pending
 * and nothing more can come from the call.
 * @param {import('./call').Owner} owner
 * @param {import('./options').CallOptions} options
 * @param {(error: unknown) => void} reject
 * @returns {() => void} takes it back
 */
function interruptible({ operations }, { signal, timeout }, reject) {
  const operation = { fail: reject };
  const onAbort = () => reject(new AbortError(signal?.reason));
  const deadline = limit(timeout, reject);
  operations.add(operation);
  if (signal !== undefined && !signal.aborted) listen(signal, onAbort);
  return () => {
    deadline?.stop();
    operations.delete(operation);
    if (signal !== undefined) unlisten(signal, onAbort);
  };
}

/**
 * Runs a stream to its end. A callback that throws, a client that is gone, an abort: each
 * rejects at once and cancels the call, even while a callback is pending.
 * @param {import('./source').StreamSource} source
 * @param {ReturnType<typeof import('./options').streamOptions>} options
 * @returns {Promise<any>} holds the event loop
 */
async function runStream(source, options) {
  const { call } = source;
  const { responseStream, format } = options;
  const sink = responseStream ? new ResponseSink(responseStream, format) : null;
  let isOver = false;
  let release = () => {};
  call.loop.hold();
  try {
    return await new Promise((resolve, reject) => {
      source.onCut = reject;
      release = interruptible(call.owner, options, reject);
      sink?.open((cause) => {
        call.abort(cause); // now, and not to be begun
        reject(new AbortError(cause)); // also when its last piece is here
      });
      call.begin();
      deliver(source, options, sink, () => isOver).then(resolve, reject);
    });
  } catch (error) {
    isOver = true;
    call.fail(error);
    sink?.error(error);
    throw error;
  } finally {
    sink?.close();
    release();
    call.loop.release();
  }
}

module.exports = { runStream };
