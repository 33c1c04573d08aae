'use strict';

/** The official OpenAI client, straight to the provider. */

const { OpenAI } = require('openai');
const { answer } = require('../support/answers');

/** One a base URL, as a program would keep it. @type {Map<string, OpenAI>} */
const clients = new Map();

/** @param {any} request LiteLLM's */
function open({ model, api_base, api_key, ...args }) {
  let client = clients.get(api_base);
  if (client === undefined) {
    client = new OpenAI({ apiKey: api_key, baseURL: api_base });
    clients.set(api_base, client);
  }
  return client.chat.completions.create({ ...args, model: model.replace('openai/', '') });
}

answer(/** @type {any} */ (open), () => []);
