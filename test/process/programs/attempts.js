'use strict';

/**
 * Tries to start Python once, and then, as another user, each time that a line comes in; prints
 * what became of it. Arguments: the instance's options, the user's number.
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
  const [options, user] = process.argv.slice(2).map((text) => JSON.parse(text));
  const first = await attempt(options); // loads what that user may not read
  if (process.getuid() === 0) {
    process.setgid(user);
    process.setuid(user);
  }
  console.log(JSON.stringify(first)); // whoever reads it may count on the other user
  for await (const _ of readline.createInterface({ input: process.stdin })) {
    console.log(JSON.stringify(await attempt(options)));
  }
}

main();
