'use strict';

/** A stream of which one chunk is read, and then none; the process must not stay for it. */

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
  const llm = new LiteLLM({ log: 'silent', ...JSON.parse(process.argv[2]) });
  const unread = await llm.chat.completions.create(REQUEST);
  const chunks = (await llm.chat.completions.create(REQUEST))[Symbol.asyncIterator]();
  await chunks.next();
  console.log(JSON.stringify({ pid: llm.status().pid, streams: [unread, chunks].length }));
}

main();
