'use strict';
/** Prints the status and the timing records of a start. */
const { LiteLLM } = require('../../..');

async function main() {
  const llm = new LiteLLM({ log: 'event' });
  const timings = [];
  llm.on('timing', (record) => timings.push(record));
  await llm.ready();
  console.log(JSON.stringify({ status: llm.status(), timings }));
  await llm.close();
}

main();
