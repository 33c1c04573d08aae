'use strict';

/**
 * Streams one chat each through OpenAI, Azure, Anthropic, Gemini and Bedrock.
 *
 *   npm run demo                                   a local provider, no keys, no network
 *   npm run demo -- --model gpt-4o "Why is C old?"  the real provider, with the environment's keys
 */

const { parseArgs } = require('node:util');
const { LiteLLM } = require('../..');
const { cpuOf, cpuOfThisProcess } = require('./cpu');
const { startProvider } = require('./provider');
const { requests } = require('./requests');
const { formatTable } = require('./table');

/**
 * Prints a stream's text as it comes.
 * CPU is counted from the first chunk on: what comes before is paid once, not for each chunk.
 */
async function streamChat(llm, { name, request }) {
  console.log(`\n--- ${name}: ${request.model}`);
  const stream = await llm.chat.completions.create({ ...request, stream: true });
  const cpu = () => ({ node: cpuOfThisProcess(), python: cpuOf(llm.status().pid) });
  let [text, chunks, before] = ['', 0, cpu()];
  for await (const chunk of stream) {
    if (chunks++ === 0) before = cpu();
    const piece = chunk.choices[0]?.delta?.content ?? '';
    process.stdout.write(piece);
    text += piece;
  }
  process.stdout.write('\n');
  return { name, text, chunks, stream, cpu: { before, after: cpu() } };
}

async function streamAll(llm, chats) {
  const results = [];
  for (const chat of chats) results.push(await streamChat(llm, chat));
  console.log(`\n${formatTable(results)}`);
  return results;
}

/** The local provider's text is known: what came must be that, to the letter. */
function checkTexts(results, expected) {
  const wrong = results.filter(({ text }) => text !== expected);
  for (const { name, text } of wrong) console.error(`${name}: not the text that was sent: ${text}`);
  if (wrong.length > 0) process.exitCode = 1;
}

async function runLocal(llm) {
  const [provider] = await Promise.all([startProvider(), llm.ready()]);
  try {
    const results = await streamAll(llm, requests(provider.url));
    checkTexts(results, provider.text);
  } finally {
    provider.stop();
  }
}

async function runReal(llm, model, question) {
  await llm.ready(); // so that the time to the first token is the provider's and LiteLLM's alone
  const messages = [{ role: 'user', content: question }];
  await streamAll(llm, [{ name: 'real provider', request: { model, messages } }]);
}

async function main() {
  const { values, positionals } = parseArgs({
    options: { model: { type: 'string' } },
    allowPositionals: true,
  });
  const llm = new LiteLLM(); // Python starts here
  try {
    const question = positionals.join(' ') || 'Say hello in one sentence.';
    await (values.model ? runReal(llm, values.model, question) : runLocal(llm));
  } finally {
    await llm.close();
  }
}

main().catch((error) => {
  console.error(`${error.name} ${error.code ?? ''}: ${error.message}\n${error.hint ?? error.stack}`);
  process.exitCode = 1;
});
