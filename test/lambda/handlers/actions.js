'use strict';

/** What the functions of these tests do, by the name in their event. */

const path = require('node:path');
const { isMainThread, threadId } = require('node:worker_threads');
const { LiteLLM } = require('../../..');

const PROBE = path.join(__dirname, '../../fixtures/provider/probe.py');

/** At module level, as users are told: Python starts while the function initialises. */
const llm = new LiteLLM({ preload: PROBE });

/** Calls that an invocation left behind. @type {Promise<string>[]} */
const leftovers = [];

const request = ({ url, model, ...rest }) => ({
  model: `openai/${model}`,
  messages: [{ role: 'user', content: 'hello' }],
  api_base: `${url}/v1`,
  api_key: 'sk-fixture',
  ...rest.request,
});

const openStream = (event, options) =>
  llm.chat.completions.create({ ...request(event), stream: true }, options);

/** Who answered. */
function witness() {
  const { pid, platform, generation } = llm.status();
  return { pid, platform, generation, node: process.pid, isMainThread, threadId };
}

const ACTIONS = {
  /** Streams to the end; `sink` takes the text where there is one. */
  async ask(event, { sink }) {
    const { text } = await llm.stream(request(event), { ...event.options, responseStream: sink });
    return { text, ...witness() };
  },

  /** An error of the provider goes through the handler. */
  async fail(event) {
    await llm.chat.completions.create(request(event));
  },

  /** Cancels its call when the function's time is over, and says so. */
  async giveUp(event, { context, sink }) {
    const signal = AbortSignal.timeout(context.getRemainingTimeInMillis());
    const { name } = await llm
      .stream(request(event), { signal, responseStream: sink })
      .catch((error) => error);
    return { name, ...witness() };
  },

  /** Opens a stream and never reads it. */
  async leaveUnread(event) {
    await openStream(event);
    return witness();
  },

  /** Answers while its call is on its way. */
  async leavePending(event) {
    const call = llm.chat.completions.create(request(event));
    leftovers.push(
      call.then(
        ({ choices }) => choices[0].message.content,
        ({ code }) => code,
      ),
    );
    return witness();
  },

  /** How they have ended. */
  async leftovers() {
    return { leftovers: await Promise.all(leftovers.splice(0)) };
  },

  /** A library in Python says something. */
  async noise() {
    await llm.chat.completions.create({ model: 'probe/noise', messages: [] });
    return witness();
  },

  async ready() {
    await llm.ready();
    return witness();
  },

  async platform() {
    return { platform: llm.status().platform };
  },
};

module.exports = { ACTIONS, llm };
