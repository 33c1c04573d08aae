'use strict';

/**
 * The demo's provider: aimock, which speaks the real wire formats of OpenAI, Azure, Anthropic,
 * Gemini and Bedrock. It is a process of its own, so that its CPU is not counted as ours.
 */

const { fork } = require('node:child_process');
const { once } = require('node:events');

const CHUNK_SIZE = 4; // UTF-16 units: a text with emoji would be cut within one
const USAGE = { prompt_tokens: 14, completion_tokens: 101, total_tokens: 115 }; // as providers send it
const PACE = { ttft: 50, tps: 300 }; // ms, chunks a second

const TEXT = `This text came from a server on this machine that speaks the provider's own wire \
format. The real LiteLLM, in one Python process that stays, read it; a native addon handed it to \
Node, chunk by chunk, without ever blocking the event loop. Nothing of it may be lost or changed \
on the way: not an accent (é), not a sign (→, ✓). The same program reaches \
every provider that LiteLLM knows; only the name of the model is another one.`;

/** @returns {Promise<{url: string, text: string, stop: () => void}>} */
async function startProvider() {
  const child = fork(__filename);
  const [{ url }] = await once(child, 'message');
  return { url, text: TEXT, stop: () => child.disconnect() };
}

/** The child's side. */
async function serve() {
  const { LLMock } = require('@copilotkit/aimock');
  const mock = new LLMock({ port: 0, chunkSize: CHUNK_SIZE });
  mock.onMessage(/./, { content: TEXT, usage: USAGE }, { streamingProfile: PACE });
  await mock.start();
  process.once('disconnect', () => process.exit());
  process.send?.({ url: mock.url });
}

module.exports = { startProvider };

if (require.main === module) serve();
