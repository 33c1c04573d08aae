'use strict';

/** Calls whose answer comes as a whole. */

const { Call, WHOLE } = require('./call');
const { LiteLLMError } = require('./errors');

/**
 * The answer, with what is known about the call in a property that neither JSON nor a
 * comparison sees.
 * @param {import('./call').Outcome} outcome
 * @param {string | Buffer | null} body
 */
function toResponse(outcome, body) {
  const value = typeof body === 'string' ? JSON.parse(body) : body;
  if (typeof value === 'object' && value !== null) {
    Object.defineProperty(value, '_hidden', { value: outcome, configurable: true, writable: true });
  }
  return value;
}

/**
 * Makes a call and waits for its answer.
 * @param {import('./call').Owner} owner
 * @param {{ name: string, body: string }} request
 * @param {import('./options').CallOptions} options
 * @returns {Promise<any>} holds the event loop
 */
function callWhole(owner, { name, body }, options) {
  const { loop } = owner.connection;
  loop.hold();
  const answer = new Promise((resolve, reject) => {
    const call = new Call(owner, { name, body, kind: WHOLE }, options, {
      frame() {
        call.lost(new LiteLLMError('ERR_PROTOCOL', 'a chunk came for a call that is no stream'));
      },
      succeeded(outcome, json) {
        call.finish();
        try {
          resolve(toResponse(outcome, json));
        } catch (cause) {
          reject(new LiteLLMError('ERR_PROTOCOL', 'the answer is not JSON', { cause }));
        }
      },
      failed(error) {
        call.finish();
        reject(error);
      },
      cut: reject,
    });
    call.begin();
  });
  return answer.finally(() => loop.release());
}

module.exports = { callWhole };
