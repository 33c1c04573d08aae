'use strict';

/** Run in an empty root: streams through the addon, from the layer's Python, without a provider. */

const { LiteLLM } = require('../../../index.js');

const PLACE = '/opt/python/bin/python3';
const TEXT = 'one two three';

async function main() {
  const llm = new LiteLLM();
  const messages = [{ role: 'user', content: 'hello' }];
  const texts = [];
  for await (const chunk of await llm.chat.completions.create({
    model: 'gpt-4o',
    messages,
    mock_response: TEXT,
    stream: true,
  })) {
    texts.push(chunk.choices[0]?.delta?.content ?? '');
  }
  const report = await llm.verify();
  const used = report.candidates.find(({ chosen }) => chosen)?.path;
  await llm.close();
  if (used !== PLACE) throw new Error(`${used} was used, not ${PLACE}`);
  if (texts.join('') !== TEXT || texts.length < 2) throw new Error(`the stream was ${JSON.stringify(texts)}`);
  console.log(JSON.stringify({ streamed: texts.length, litellm: report.litellm }));
}

main().catch((error) => {
  console.error(error);
  process.exitCode = 1;
});
