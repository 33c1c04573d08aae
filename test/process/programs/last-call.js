'use strict';

/** A call, and the time of its end. Nothing is done after it. Argument: the instance's options. */

const { LiteLLM } = require('../../..');

async function main() {
  const llm = new LiteLLM({ log: 'silent', ...JSON.parse(process.argv[2]) });
  await llm.call('x');
  console.log(JSON.stringify({ pid: llm.status().pid, ended: `${process.hrtime.bigint()}` }));
}

main();
