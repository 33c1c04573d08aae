'use strict';

/** `llm.verify()`: what a start would try, what started, and what is wrong. */

const { LiteLLMError } = require('./errors');
const { addonFile } = require('./load');
const native = require('./native');
const { environmentBlock } = require('./shape');
const { callWhole } = require('./whole');

/** Not findings, but reasons why there is no report. */
const REJECTIONS = new Set(['ERR_CLOSED', 'ERR_INVALID_ARGUMENT']);

/**
 * @typedef {object} Verdict on one candidate for the interpreter
 * @property {string} source option, variable, layer, venv, private or path
 * @property {string} path
 * @property {string | null} code why not; null: nothing speaks against it
 * @property {string | null} reason for people
 * @property {string | null} hint what to do
 *
 * @typedef {object} Problem
 * @property {string} code of docs/errors.md
 * @property {string} message
 * @property {string} hint
 *
 * @typedef {object} Report
 * @property {string} platform
 * @property {(Verdict & { chosen: boolean })[]} candidates in the order in which they are tried
 * @property {{ version: string, path: string, sysPath: string[] } | null} python that runs
 * @property {{ version: string, path: string } | null} litellm that it has imported
 * @property {{ path: string | null, napi: number, node: string }} addon
 * @property {Record<string, string | null>} packages versions; null: not installed
 * @property {boolean} ok there is no problem
 * @property {Problem[]} problems
 * @property {Problem[]} warnings things that work, but may not be meant
 */

/** @param {LiteLLMError} error @returns {Problem} */
const toProblem = ({ code, message, hint }) => ({ code, message, hint });

/**
 * @template T
 * @param {Promise<T>} promise
 * @returns {Promise<{ value?: T, problem?: Problem }>}
 */
async function outcomeOf(promise) {
  try {
    return { value: await promise };
  } catch (error) {
    if (!(error instanceof LiteLLMError) || REJECTIONS.has(error.code)) throw error;
    return { problem: toProblem(error) };
  }
}

/** @param {{ version: string, tested: string[] }} litellm @returns {Problem[]} */
function warningsOf({ version, tested }) {
  if (tested.includes(version)) return [];
  const message = `litellm ${version} is none of the versions that were tested (${tested.join(', ')})`;
  const hint = 'For a tested one: npx litellm-bridge install; for a layer: npx litellm-bridge layer build';
  return [{ code: 'ERR_LITELLM_VERSION', message, hint }];
}

/** What the addon is, without asking Python. */
function addonReport() {
  return { path: addonFile(), ...native.build };
}

/**
 * @param {Awaited<ReturnType<import('./connection').Connection['inspect']>>} inspected
 */
function candidatesOf({ candidates, chosen }) {
  return candidates.map((candidate, index) => ({ ...candidate, chosen: index === chosen }));
}

/**
 * @param {import('./call').Owner} owner
 * @param {import('./options').CallOptions} options
 * @returns {Promise<Report>} holds the event loop
 * @throws {LiteLLMError | import('./errors').AbortError} ERR_CLOSED, or an abort
 */
async function verify(owner, options) {
  const request = { name: 'bridge.describe', body: '{}' };
  const [inspection, { value: told, problem }] = await Promise.all([
    outcomeOf(owner.connection.inspect()),
    outcomeOf(callWhole(owner, request, options)),
  ]);
  const platform = inspection.value?.platform ?? native.platform(environmentBlock(process.env));
  return {
    platform,
    candidates: inspection.value ? candidatesOf(inspection.value) : [],
    python: told?.python ?? null,
    litellm: told ? { version: told.litellm.version, path: told.litellm.path } : null,
    addon: addonReport(),
    packages: told?.packages ?? {},
    ok: problem === undefined,
    problems: problem ? [problem] : [],
    warnings: told ? warningsOf(told.litellm) : [],
  };
}

module.exports = { addonReport, verify };
