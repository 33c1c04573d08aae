'use strict';
/** Each family of providers: how it is asked, and the bytes of a short text stream of its. */
const { openai, anthropic, gemini, bedrock } = require('../fixtures/provider');
const support = require('./support.js');

const TEXT = ['Hel', 'lo ', 'there'];
const JSON_LINES = { 'content-type': 'application/x-ndjson' };

const line = (value) => `${JSON.stringify(value)}\n`;
const openaiEvents = [...openai.text(TEXT).map(openai.event), openai.DONE];

const cohereEvents = [
  ...TEXT.map((text) => line({ event_type: 'text-generation', is_finished: false, text })),
  line({
    event_type: 'stream-end',
    is_finished: true,
    finish_reason: 'COMPLETE',
    response: { text: TEXT.join(''), finish_reason: 'COMPLETE' },
  }),
];

const ollamaLine = (content, done) =>
  line({
    model: 'llama3',
    created_at: '2025-01-01T00:00:00Z',
    message: { role: 'assistant', content },
    done,
    ...(done ? { done_reason: 'stop', prompt_eval_count: 3, eval_count: 4 } : {}),
  });

/**
 * @param {string} url of the provider
 * @returns {Record<string, { args: object, headers: object, events: (string | Buffer)[], before?: number }>}
 *   the events of a stream, the first `before` of them have text and are not its end
 */
function families(url) {
  const { openai: openaiRoute, azure, anthropic: anthropicRoute, ...routes } = support.routes(url);
  const { KEY } = support;
  return {
    openai: { args: openaiRoute, headers: openai.SSE_HEADERS, events: openaiEvents },
    azure: { args: azure, headers: openai.SSE_HEADERS, events: openaiEvents },
    anthropic: {
      args: anthropicRoute,
      headers: anthropic.SSE_HEADERS,
      events: anthropic.events([anthropic.textBlock(0, TEXT)]).map(anthropic.event),
      before: 5,
    },
    gemini: {
      args: routes.gemini,
      headers: gemini.SSE_HEADERS,
      events: gemini.text(['One ', ...TEXT]).map(gemini.event),
    },
    bedrock: {
      args: routes.bedrock,
      headers: bedrock.STREAM_HEADERS,
      events: bedrock.messages([bedrock.textBlock(0, TEXT)]),
    },
    cohere: {
      args: { model: 'cohere_chat/v1/command-r', api_base: `${url}/v1/chat`, api_key: KEY },
      headers: JSON_LINES,
      events: cohereEvents,
    },
    ollama: {
      args: { model: 'ollama_chat/llama3', api_base: url },
      headers: JSON_LINES,
      events: [...TEXT.map((text) => ollamaLine(text, false)), ollamaLine('', true)],
    },
    mistral: {
      args: { model: 'mistral/mistral-small-latest', api_base: `${url}/v1`, api_key: KEY },
      headers: openai.SSE_HEADERS,
      events: openaiEvents,
    },
  };
}

module.exports = { families };
