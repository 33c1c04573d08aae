'use strict';
/** Opens a stream and never reads it: the process must end all the same. Argument: the request. */
const { LiteLLM } = require('../../..');

async function main() {
  const llm = new LiteLLM({ log: 'silent' });
  await llm.chat.completions.create({ ...JSON.parse(process.argv[2]), stream: true });
  console.log(JSON.stringify({ pid: llm.status().pid }));
}

main();
