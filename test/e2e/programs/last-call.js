'use strict';
/** One call, and nothing after it: the process must end by itself. Argument: the request. */
const { LiteLLM } = require('../../..');

async function main() {
  const llm = new LiteLLM({ log: 'silent' });
  const response = await llm.chat.completions.create(JSON.parse(process.argv[2]));
  console.log(JSON.stringify({ pid: llm.status().pid, text: response.choices[0].message.content }));
}

main();
