'use strict';

/** A worker thread that is in the middle of a stream when it says so. workerData: the instance's options. */

const { parentPort, workerData } = require('node:worker_threads');
const { LiteLLM } = require('../../..');

const REQUEST = {
  model: 'm',
  messages: [],
  stream: true,
  script: [
    ['chunk', {}],
    ['gate', 'never'],
  ],
};

async function main() {
  const llm = new LiteLLM({ log: 'silent', ...workerData });
  for await (const _ of await llm.chat.completions.create(REQUEST)) parentPort.postMessage('streaming');
}

main();
