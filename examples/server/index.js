'use strict';

/**
 * A plain HTTP server that streams a chat as server-sent events:
 *
 *   OPENAI_API_KEY=... node examples/server
 *   curl -N localhost:3000 -d '{"messages": [{"role": "user", "content": "Hello"}]}'
 */

const http = require('node:http');
const { json } = require('node:stream/consumers');
const { LiteLLM } = require('litellm-bridge');

const MODEL = process.env.MODEL ?? 'gpt-4o';
const PORT = Number(process.env.PORT ?? 3000);

const llm = new LiteLLM(); // Python starts here

function sendError(response, error) {
  const status = error.code === 'ERR_INVALID_ARGUMENT' ? 400 : (error.status ?? 502);
  response.writeHead(status, { 'content-type': 'application/json' });
  response.end(JSON.stringify({ error: { message: error.message, code: error.code } }));
}

/** When the client goes away, `llm.stream` cancels the call at the provider. */
async function chat(messages, response) {
  response.setHeader('content-type', 'text/event-stream');
  await llm.stream({ model: MODEL, messages }, { responseStream: response, format: 'sse' });
  response.end();
}

const server = http.createServer(async (request, response) => {
  try {
    const { messages } = await json(request);
    await chat(messages, response);
  } catch (error) {
    // After the first chunk the error is already in the stream.
    if (response.headersSent) response.end();
    else sendError(response, error);
  }
});

server.listen(PORT, () => console.log(`http://localhost:${PORT} streams ${MODEL}`));

process.once('SIGTERM', () => {
  server.close();
  llm.close(); // ends Python
});
