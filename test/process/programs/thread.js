'use strict';

/**
 * A worker thread with an instance. It does what it is asked to, `{ id, do, given }`, and posts
 * `{ id, value }` or `{ id, error }`; streams post each of their `{ text }`, log lines `{ log }`.
 * workerData: the instance's options.
 */

const { AsyncLocalStorage } = require('node:async_hooks');
const { parentPort, workerData } = require('node:worker_threads');
const { LiteLLM } = require('../../..');

const storage = new AsyncLocalStorage();
const llm = new LiteLLM({ log: 'event', ...workerData });
llm.on('log', ({ message }) => parentPort.postMessage({ log: message }));

/** The texts of a stream, each with the store that its reader was in. */
async function read(request) {
  const seen = [];
  for await (const chunk of await llm.chat.completions.create({ ...request, stream: true })) {
    const text = chunk.choices[0].delta.content ?? '';
    parentPort.postMessage({ text });
    seen.push([text, storage.getStore()]);
  }
  return seen;
}

const COMMANDS = {
  async status() {
    await llm.ready();
    return llm.status();
  },
  call: ({ name, args }) => llm.call(name, args),
  chat: async (request) => (await llm.chat.completions.create(request)).choices[0].message.content,
  stream: async (request) => (await read(request)).map(([text]) => text),
  /** Reads a stream in the context of each of these stores, all at once. */
  contexts: ({ request, stores }) =>
    Promise.all(stores.map((store) => storage.run(store, () => read(request)))),
  async close() {
    await llm.close();
    parentPort.close();
  },
  exit: () => process.exit(9),
  throw() {
    setImmediate(() => {
      throw new Error('uncaught on purpose');
    });
  },
};

parentPort.on('message', async ({ id, do: command, given }) => {
  try {
    parentPort.postMessage({ id, value: await COMMANDS[command](given) });
  } catch ({ code, message }) {
    parentPort.postMessage({ id, error: { code, message } });
  }
});
