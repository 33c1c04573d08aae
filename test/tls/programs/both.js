'use strict';
/** What Node, and LiteLLM beside it, say to an address: as JSON. */
const { LiteLLM } = require('../../..');

const url = process.argv[2];

async function outcome(work) {
  try {
    return await work();
  } catch (error) {
    return error.cause?.code ?? error.name;
  }
}

async function main() {
  const llm = new LiteLLM({ log: 'silent' });
  const request = {
    model: 'openai/m',
    messages: [{ role: 'user', content: 'hello' }],
    api_base: `${url}/v1`,
    api_key: 'k',
    max_retries: 0,
  };
  const node = await outcome(async () => (await fetch(url, { method: 'POST' })).status);
  const python = await outcome(async () => {
    const answer = await llm.chat.completions.create(request);
    return answer.choices[0].message.content;
  });
  console.log(JSON.stringify({ node, python }));
  await llm.close();
}

main();
