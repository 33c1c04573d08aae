'use strict';

const messages = [{ role: 'user', content: 'Tell me how you came here.' }];
const stream_options = { include_usage: true };
const api_key = 'none-needed';

/**
 * One request for each wire format; the arguments are LiteLLM's own.
 * @param {string} url where the local provider listens
 */
function requests(url) {
  const routes = {
    OpenAI: { model: 'openai/gpt-4o', api_base: `${url}/v1`, api_key },
    Azure: { model: 'azure/gpt-4o', api_base: url, api_version: '2024-10-21', api_key },
    Anthropic: { model: 'anthropic/claude-sonnet-4-20250514', api_base: url, api_key },
    Gemini: {
      model: 'gemini/gemini-1.5-pro',
      api_base: `${url}/v1beta/models/gemini-1.5-pro`,
      api_key,
    },
    Bedrock: {
      model: 'bedrock/converse/anthropic.claude-3-5-sonnet-20240620-v1:0',
      aws_bedrock_runtime_endpoint: url,
      aws_access_key_id: api_key,
      aws_secret_access_key: api_key,
      aws_region_name: 'us-east-1',
    },
  };
  return Object.entries(routes).map(([name, route]) => ({
    name,
    request: { ...route, messages, stream_options },
  }));
}

module.exports = { requests };
