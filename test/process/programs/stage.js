'use strict';

/**
 * Brings an instance to a stage of its life, says so, and leaves in the way that standard input
 * names. Arguments: the instance's options, the stage.
 */

const { LiteLLM } = require('../../..');
const { until } = require('../support/proc');
const { leaveWhenTold } = require('./ways');

const REQUEST = {
  model: 'm',
  messages: [],
  stream: true,
  script: [
    ['chunk', {}],
    ['gate', 'never'],
  ],
};

const REACH = {
  spawned: (llm) => until(() => llm.status().pid !== null),
  greeted: (llm) => until(() => llm.status().python !== null),
  ready: (llm) => llm.ready(),
  async streaming(llm) {
    const stream = await llm.chat.completions.create(REQUEST);
    const chunks = stream[Symbol.asyncIterator]();
    await chunks.next();
    chunks.next(); // pending
  },
  async closing(llm) {
    await llm.ready();
    llm.close();
  },
};

async function main() {
  const llm = new LiteLLM({ log: 'silent', ...JSON.parse(process.argv[2]) });
  await REACH[process.argv[3]](llm);
  leaveWhenTold();
  console.log('{}');
}

main();
