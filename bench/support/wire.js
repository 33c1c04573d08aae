'use strict';

/** The same text in the wire format of each family, and how LiteLLM is told where to get it. */

const path = require('node:path');

// By a computed path: the fixtures are not type-checked.
const { anthropic, bedrock, gemini, openai } = require(
  path.resolve(__dirname, '../../test/fixtures/provider'),
);

const KEY = 'sk-bench';
const FAMILIES = ['openai', 'anthropic', 'bedrock', 'gemini'];

/** @param {number} count @returns {string[]} */
const words = (count) => Array.from({ length: count }, (_, number) => `word${number} `);

/** The events of a stream of so many texts. @type {Record<string, (count: number) => (string | Buffer)[]>} */
const EVENTS = {
  openai: (count) => [...[...openai.text(words(count)), openai.usageChunk()].map(openai.event), openai.DONE],
  anthropic: (count) => anthropic.events([anthropic.textBlock(0, words(count))]).map(anthropic.event),
  bedrock: (count) => bedrock.messages([bedrock.textBlock(0, words(count))]),
  gemini: (count) => gemini.text(words(count)).map(gemini.event),
};

/** @type {Record<string, Record<string, string>>} */
const HEADERS = {
  openai: openai.SSE_HEADERS,
  anthropic: anthropic.SSE_HEADERS,
  bedrock: bedrock.STREAM_HEADERS,
  gemini: gemini.SSE_HEADERS,
};

/** The arguments of LiteLLM's `completion`, without the messages. @param {string} family @param {string} url */
function route(family, url) {
  const routes = {
    openai: { model: 'openai/gpt-4o', api_base: `${url}/v1`, api_key: KEY },
    anthropic: { model: 'anthropic/claude-3-5-sonnet-20240620', api_base: url, api_key: KEY },
    bedrock: {
      model: 'bedrock/converse/anthropic.claude-3-sonnet-20240229-v1:0',
      aws_bedrock_runtime_endpoint: url,
      aws_access_key_id: 'AKIABENCH',
      aws_secret_access_key: 'bench',
      aws_region_name: 'us-east-1',
    },
    gemini: {
      model: 'gemini/gemini-1.5-pro',
      api_base: `${url}/v1beta/models/gemini-1.5-pro`,
      api_key: KEY,
    },
  };
  return routes[family];
}

/** A whole streaming request for LiteLLM. @param {string} family @param {string} url */
function request(family, url) {
  const messages = [{ role: 'user', content: 'Say many words.' }];
  const usage = family === 'openai' ? { stream_options: { include_usage: true } } : {};
  return { ...route(family, url), messages, stream: true, ...usage };
}

module.exports = { EVENTS, FAMILIES, HEADERS, KEY, openai, request };
