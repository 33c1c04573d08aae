'use strict';

/** Worker threads that run programs/thread.js. */

const path = require('node:path');
const { Worker } = require('node:worker_threads');

const { until } = require('./proc');

const PROGRAM = path.join(__dirname, '..', 'programs', 'thread.js');

let ids = 0;

/** The answer to one question; null when the thread ended without one. */
function answer(worker, id) {
  return new Promise((resolve) => {
    worker.on('message', function listener(message) {
      if (message.id !== id) return;
      worker.off('message', listener);
      resolve(message);
    });
    worker.once('exit', () => resolve(null));
  });
}

/**
 * Starts a thread, which ends with the test.
 * @param {import('node:test').TestContext} t
 * @param {object} options the instance's
 * @returns texts and logs: what has come so far; ask: resolves to the answer; leave: ends the
 *   thread in this way ('terminate', 'exit' or 'throw') and resolves when it has ended
 */
function startThread(t, options) {
  const worker = new Worker(PROGRAM, { workerData: options });
  worker.setMaxListeners(0); // one for each question
  const [texts, logs, errors] = [[], [], []];
  worker.on('message', ({ text, log }) => {
    if (text !== undefined) texts.push(text);
    if (log !== undefined) logs.push(log);
  });
  worker.on('error', ({ message }) => errors.push(message));
  t.after(() => worker.terminate());
  const ask = async (command, given) => {
    const id = ++ids;
    const answered = answer(worker, id);
    worker.postMessage({ id, do: command, given });
    const { value, error } = (await answered) ?? { error: { message: 'the thread ended' } };
    if (error) throw Object.assign(new Error(error.message), { code: error.code });
    return value;
  };
  const leave = async (way) => {
    const exited = new Promise((resolve) => worker.once('exit', resolve));
    if (way === 'terminate') worker.terminate();
    else worker.postMessage({ id: 0, do: way });
    return { code: await exited, errors };
  };
  return { worker, texts, logs, ask, leave };
}

/** Starts a stream in a thread that is not meant to end, and waits for its first text. */
async function hang({ texts, ask }, request) {
  const before = texts.length;
  ask('stream', request).catch(() => {}); // the thread ends before it
  await until(() => texts.length > before);
}

const WAYS = ['terminate', 'exit', 'throw'];

module.exports = { WAYS, hang, startThread };
