'use strict';

/**
 * Abort signals. However many calls share a signal, it has one listener of ours: Node warns of a
 * leak at eleven.
 */

/** @typedef {{ callbacks: Set<() => void>, listener: () => void }} Watch */

/** @type {WeakMap<AbortSignal, Watch>} */
const watches = new WeakMap();

/** @param {AbortSignal} signal */
function watch(signal) {
  /** @type {Set<() => void>} */
  const callbacks = new Set();
  const listener = () => {
    for (const callback of [...callbacks]) callback();
  };
  const made = { callbacks, listener };
  signal.addEventListener('abort', listener, { once: true });
  watches.set(signal, made);
  return made;
}

/**
 * Calls back when the signal aborts.
 * @param {AbortSignal} signal not aborted yet
 * @param {() => void} callback
 */
function listen(signal, callback) {
  const { callbacks } = watches.get(signal) ?? watch(signal);
  callbacks.add(callback);
}

/**
 * Takes a callback back; with the last one nothing of ours is left on the signal.
 * @param {AbortSignal} signal
 * @param {() => void} callback
 */
function unlisten(signal, callback) {
  const watched = watches.get(signal);
  if (!watched?.callbacks.delete(callback) || watched.callbacks.size > 0) return;
  signal.removeEventListener('abort', watched.listener);
  watches.delete(signal);
}

module.exports = { listen, unlisten };
