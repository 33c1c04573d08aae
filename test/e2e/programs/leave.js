'use strict';
/**
 * Reads a stream and, after its first chunk, leaves in the way that is asked for.
 * Arguments: the request, the way.
 */
const { LiteLLM } = require('../../..');

const WAYS = {
  exit: () => process.exit(3),
  throw: () => {
    setImmediate(() => {
      throw new Error('uncaught on purpose');
    });
  },
  abort: () => process.abort(),
  stay: () => {}, // somebody else ends it
};

async function main() {
  const llm = new LiteLLM({ log: 'silent' });
  const stream = await llm.chat.completions.create({ ...JSON.parse(process.argv[2]), stream: true });
  for await (const _ of stream) {
    process.stdout.write(`${JSON.stringify({ pid: llm.status().pid })}\n`, WAYS[process.argv[3]]);
  }
}

main();
