'use strict';

/**
 * A Lambda function behind a function URL (invoke mode RESPONSE_STREAM) that streams a chat as
 * server-sent events. It needs the layer with Python and LiteLLM, and OPENAI_API_KEY: in the
 * environment, or in the secret that SECRET_ID names.
 */

const { LiteLLM } = require('litellm-bridge');
const { keysFor } = require('./keys');

// At module level: Python starts while the function initialises, and stays for later invokes.
const llm = new LiteLLM();
const keys = keysFor(llm);
keys().catch(() => {}); // fetched meanwhile; a failure is told by the call that needs them

const HEADERS = { 'content-type': 'text/event-stream', 'cache-control': 'no-cache' };

function refuse(responseStream, statusCode, message) {
  const metadata = { statusCode, headers: { 'content-type': 'application/json' } };
  const response = awslambda.HttpResponseStream.from(responseStream, metadata);
  response.write(JSON.stringify({ error: { message } })); // not by end(): Lambda would lose the status
  response.end();
}

function readMessages(event) {
  const body = Buffer.from(event.body ?? '', event.isBase64Encoded ? 'base64' : 'utf8');
  return JSON.parse(body.toString()).messages;
}

exports.handler = awslambda.streamifyResponse(async (event, responseStream) => {
  let messages;
  try {
    messages = readMessages(event);
  } catch {
    return refuse(responseStream, 400, 'The body must be JSON: {"messages": [...]}');
  }
  await keys();
  const response = awslambda.HttpResponseStream.from(responseStream, { statusCode: 200, headers: HEADERS });
  try {
    const answer = await llm.stream(
      { model: 'gpt-4o', messages },
      { responseStream: response, format: 'sse' },
    );
    console.log({ usage: answer.usage, cost: answer.cost });
  } finally {
    response.end(); // an error is already in the stream, and goes on to Lambda's log
  }
});
