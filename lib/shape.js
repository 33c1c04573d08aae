'use strict';

/**
 * What shapes the one server of the process: how a later instance that contradicts the first is
 * noticed, and what Python is started with.
 */

const { createHash } = require('node:crypto');
const path = require('node:path');
const { isMainThread } = require('node:worker_threads');

const { now } = require('./clock');
const { privateInterpreter } = require('./environment');
const { LiteLLMError, invalidArgument } = require('./errors');
const native = require('./native');
const { checkVariables } = require('./options');

/**
 * @typedef {object} Shape only what was given
 * @property {string} [python] a bare name or an absolute path
 * @property {Record<string, string | undefined> | (() => unknown)} [env]
 * @property {string[]} [preload] module names and absolute paths
 * @property {boolean} [corrections] whether what LiteLLM itself loses is mended; true when not given
 */

const SCRIPT = path.join(__dirname, 'python', 'litellm_bridge', '__main__.py');

/** Lambda's names of log levels, and Python's. */
const PYTHON_LEVELS = /** @type {Record<string, string>} */ ({
  TRACE: 'DEBUG',
  DEBUG: 'DEBUG',
  INFO: 'INFO',
  WARN: 'WARNING',
  ERROR: 'ERROR',
  FATAL: 'CRITICAL',
});

/** Object keys in order, so that equal values have equal texts. @param {unknown} value */
function canonical(value) {
  if (typeof value === 'function') return `function ${value}`;
  if (Array.isArray(value) || typeof value !== 'object') return JSON.stringify(value) ?? 'null';
  const entries = Object.entries(value ?? {}).sort(([a], [b]) => (a < b ? -1 : 1));
  return JSON.stringify(entries);
}

/**
 * Secrets in `env` are not to be kept. A function is its source text.
 * @param {unknown} value
 * @returns {string} sha256, hex
 */
function digest(value) {
  return createHash('sha256').update(canonical(value)).digest('hex');
}

/**
 * An option as it is claimed: a text, since threads share no objects.
 * @param {[name: string, value: unknown]} option
 * @returns {[name: string, text: string, isDefault: '' | 'default']}
 */
function asText([name, value]) {
  const isDefault = name === 'corrections' && value === true;
  return [name, name === 'env' ? digest(value) : JSON.stringify(value), isDefault ? 'default' : ''];
}

/**
 * Counts an instance of the process in, if it contradicts no earlier one. An option that it
 * leaves out contradicts nothing.
 * @param {{ claim(options: ReturnType<typeof asText>[]): string | null }} port
 * @param {Shape} shape
 * @throws {LiteLLMError} ERR_INVALID_ARGUMENT, with the option's name
 */
function claim(port, shape) {
  const refused = port.claim(Object.entries(shape).map(asText));
  if (refused === null) return;
  throw invalidArgument(
    `${refused} contradicts the first instance of this process; all share one Python process, ` +
      'which the first one has shaped',
  );
}

/**
 * What the first instance of the process has shaped, which may be closed or on another thread.
 * @param {{ claimed(): [name: string, text: string][] }} port
 * @returns {Shape} without `env`
 */
function claimed(port) {
  const options = port.claimed().filter(([name]) => name !== 'env');
  return Object.fromEntries(options.map(([name, text]) => [name, JSON.parse(text)]));
}

/** Its error may hold secrets, so its text stays in the cause. @param {() => unknown} env */
async function answerOf(env) {
  try {
    return await env();
  } catch (cause) {
    const hint = 'Its own error is the cause of this one; mend the function.';
    throw new LiteLLMError('ERR_CONFIG', 'the env function failed', { cause, hint });
  }
}

/**
 * The `env` option's variables.
 * @param {Shape['env']} env
 * @returns {Promise<Record<string, string | undefined>>}
 * @throws {LiteLLMError} ERR_CONFIG when the function fails (`cause` is its own error)
 */
async function resolveEnv(env) {
  const variables = typeof env === 'function' ? await answerOf(env) : (env ?? {});
  try {
    checkVariables('env', variables);
  } catch (cause) {
    const hint = 'env must give an object of strings; the cause of this error names the variable.';
    throw new LiteLLMError('ERR_CONFIG', 'what env gave is not valid', { cause, hint });
  }
  return /** @type {Record<string, string | undefined>} */ (variables);
}

/**
 * In one string, since each one that crosses to the addon costs.
 * @param {Record<string, string | undefined>} variables
 * @returns {string} "NAME=value", or "NAME" for one that is to be taken away; each ends with NUL
 */
function environmentBlock(variables) {
  let block = '';
  for (const name of Object.keys(variables)) {
    const value = variables[name];
    block += value === undefined ? `${name}\0` : `${name}=${value}\0`;
  }
  return block;
}

/**
 * A thread with SHARE_ENV sets variables under a lock of Node's; which threads have it is not told,
 * nor of any that is older than this module.
 */
let hasThreads = false;
if (isMainThread) {
  process.once('worker', () => {
    hasThreads = true;
  });
}

/**
 * The process's own environment is read by the addon, in a hundredth of the time that asking for
 * each variable takes. A thread, a program and a test runner's sandbox may have another one.
 * @param {Record<string, string | undefined>} environment
 */
function isOfProcess(environment) {
  return isMainThread && !hasThreads && environment === native.environment;
}

/**
 * What `port.start` takes.
 * @param {Shape} shape
 * @param {Record<string, string | undefined>} variables over the environment
 * @param {Record<string, string | undefined>} [environment] as it is now
 */
function startArguments(shape, variables, environment = process.env) {
  const logLevel = PYTHON_LEVELS[process.env.AWS_LAMBDA_LOG_LEVEL ?? 'INFO'] ?? 'INFO';
  const { preload = [], corrections = true } = shape;
  const options = { parent: process.pid, preload, corrections, logLevel, begun: now() };
  return {
    python: shape.python ?? null,
    privatePython: shape.python === undefined ? privateInterpreter() : null,
    env: isOfProcess(environment) ? null : environmentBlock(environment),
    variables: environmentBlock(variables),
    inherit: shape.env === undefined,
    script: SCRIPT,
    options: JSON.stringify(options),
  };
}

module.exports = { SCRIPT, claim, claimed, digest, environmentBlock, resolveEnv, startArguments };
