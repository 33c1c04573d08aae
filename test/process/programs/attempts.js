'use strict';

/**
 * Tries to start Python each time that a line comes in, and prints what became of it.
 * Argument: the instance's options.
 */

const readline = require('node:readline');
const { LiteLLM } = require('../../..');

async function attempt(options) {
  const llm = new LiteLLM({ log: 'silent', ...options });
  const outcome = await llm.call('x').then(
    () => ({ code: null }),
    ({ code, message }) => ({ code, message }),
  );
  await llm.close();
  return outcome;
}

async function main() {
  const options = JSON.parse(process.argv[2]);
  for await (const _ of readline.createInterface({ input: process.stdin })) {
    console.log(JSON.stringify(await attempt(options)));
  }
}

main();
