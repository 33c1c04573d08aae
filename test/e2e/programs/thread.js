'use strict';
/**
 * A worker thread that does what its parent posts: `{ id, do, request }`; it posts `{ id, ... }`
 * back. A stream posts each text, then its end.
 */
const { parentPort, workerData } = require('node:worker_threads');
const { LiteLLM } = require('../../..');

const llm = new LiteLLM({ log: 'event', ...workerData });

const COMMANDS = {
  async status() {
    await llm.ready();
    return llm.status();
  },
  async ask(request) {
    const response = await llm.chat.completions.create(request);
    return response.choices[0].message.content;
  },
  async stream(request, post) {
    for await (const chunk of await llm.chat.completions.create({ ...request, stream: true })) {
      post({ text: chunk.choices[0].delta.content ?? '' });
    }
  },
  async close() {
    await llm.close();
    setImmediate(() => parentPort.close()); // after the answer
  },
};

parentPort.on('message', async ({ id, do: command, request }) => {
  const post = (fields) => parentPort.postMessage({ id, ...fields });
  try {
    post({ value: await COMMANDS[command](request, post), done: true });
  } catch (error) {
    post({ error: { code: error.code, message: error.message }, done: true });
  }
});
