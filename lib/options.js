'use strict';

/**
 * The options of `new LiteLLM()` and of a call: what is known, what is valid, what is the default.
 * Nothing is ignored: an option that is not known is refused by its name.
 */

const path = require('node:path');

const { MAX_DELAY_MS } = require('./clock');
const { invalidArgument } = require('./errors');

/** ms. 0 is off. */
const DEFAULT_TIMES = Object.freeze({ timeout: 600_000, idleTimeout: 0, startTimeout: 30_000 });

const LOG_MODES = ['stderr', 'event', 'silent'];
const FORMATS = ['text', 'sse', 'ndjson'];

/** Options of the design that this version does not have. */
const NOT_YET = new Set([
  'allowApiBase',
  'config',
  'maxConcurrency',
  'maxQueue',
  'metrics',
  'standby',
  'workers',
]);

/**
 * @param {unknown} value
 * @returns {value is object}
 */
function isObject(value) {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Whether it has a name of its own, or properties that are read by code. @param {object} prototype */
function isOfHolder(prototype) {
  const properties = Object.values(Object.getOwnPropertyDescriptors(prototype));
  return Object.hasOwn(prototype, Symbol.toStringTag) || properties.some(({ get }) => get !== undefined);
}

/**
 * Whether whoever looks at its properties, as JSON does, sees nothing of what it holds: a Map, a
 * Blob, an AbortController. An instance of a class may have none, and hold nothing.
 * @param {object} value
 */
function isOpaque(value) {
  if (Object.keys(value).length > 0) return false;
  for (let at = Object.getPrototypeOf(value); at !== null; at = Object.getPrototypeOf(at)) {
    const isRoot = Object.getPrototypeOf(at) === null;
    if (!isRoot && isOfHolder(at)) return true;
  }
  return false;
}

/**
 * @param {string} name
 * @param {unknown} value
 */
function checkTime(name, value) {
  if (typeof value !== 'number' || !(value >= 0 && value <= MAX_DELAY_MS)) {
    throw invalidArgument(`${name} must be a number of ms from 0 (off) to ${MAX_DELAY_MS}`);
  }
}

/**
 * @param {string} name
 * @param {unknown} value
 */
function checkText(name, value) {
  if (typeof value !== 'string' || value === '' || value.includes('\0')) {
    throw invalidArgument(`${name} must be a string that is not empty`);
  }
}

/**
 * @param {string} name
 * @param {unknown} value
 * @param {readonly string[]} allowed
 */
function checkOneOf(name, value, allowed) {
  if (!allowed.includes(/** @type {string} */ (value))) {
    throw invalidArgument(`${name} must be one of ${allowed.map((x) => `'${x}'`).join(', ')}`);
  }
}

/**
 * @param {string} name
 * @param {unknown} value
 */
function checkFunction(name, value) {
  if (typeof value !== 'function') throw invalidArgument(`${name} must be a function`);
}

/**
 * Environment variables. A value of undefined takes the variable away.
 * @param {string} name the option's
 * @param {unknown} value
 * @returns {asserts value is Record<string, string | undefined>}
 */
function checkVariables(name, value) {
  if (!isObject(value) || isOpaque(value)) throw invalidArgument(`${name} must be a plain object`);
  for (const [key, text] of Object.entries(value)) {
    if (!/^[^=\0\p{Cs}]+$/u.test(key)) throw invalidArgument(`${name} has a name that is not valid`);
    if (text !== undefined && (typeof text !== 'string' || text.includes('\0'))) {
      throw invalidArgument(`${name}.${key} must be a string`);
    }
    // UTF-8 has no way to write it.
    if (text !== undefined && /\p{Cs}/u.test(text)) {
      throw invalidArgument(`${name}.${key} holds half of a surrogate pair`);
    }
  }
}

/**
 * Environment variables that are all set.
 * @param {string} name
 * @param {unknown} value
 * @returns {asserts value is Record<string, string>}
 */
function checkTexts(name, value) {
  checkVariables(name, value);
  for (const [key, text] of Object.entries(value)) {
    if (text === undefined) throw invalidArgument(`${name}.${key} is undefined; it must be a string`);
  }
}

/** @param {unknown} value */
function checkEnv(value) {
  if (typeof value !== 'function') checkVariables('env', value);
}

/** @param {unknown} value */
function checkPreload(value) {
  if (!Array.isArray(value)) return checkText('preload', value);
  for (const [index, name] of value.entries()) checkText(`preload[${index}]`, name);
}

/**
 * @param {string} name
 * @param {unknown} value
 */
function checkBoolean(name, value) {
  if (typeof value !== 'boolean') throw invalidArgument(`${name} must be true or false`);
}

/** @param {unknown} value */
function checkPrewarm(value) {
  if (!Array.isArray(value)) throw invalidArgument('prewarm must be an array of provider names');
  for (const [index, name] of value.entries()) checkText(`prewarm[${index}]`, name);
}

/** @param {unknown} value */
function checkSignal(value) {
  const signal = /** @type {any} */ (value);
  if (typeof signal?.aborted !== 'boolean' || typeof signal.addEventListener !== 'function') {
    throw invalidArgument('signal must be an AbortSignal');
  }
}

/** @param {unknown} value */
function checkWritable(value) {
  const stream = /** @type {any} */ (value);
  if (typeof stream?.write !== 'function' || typeof stream.once !== 'function') {
    throw invalidArgument('responseStream must be a Writable');
  }
}

/** @typedef {Record<string, (value: unknown, name: string) => void>} Checks */

/** @type {Checks} */
const TIME_CHECKS = {
  timeout: (value) => checkTime('timeout', value),
  idleTimeout: (value) => checkTime('idleTimeout', value),
  startTimeout: (value) => checkTime('startTimeout', value),
};

/** @type {Checks} */
const CLIENT_CHECKS = {
  ...TIME_CHECKS,
  python: (value) => checkText('python', value),
  env: checkEnv,
  preload: checkPreload,
  prewarm: checkPrewarm,
  corrections: (value) => checkBoolean('corrections', value),
  log: (value) => checkOneOf('log', value, LOG_MODES),
};

/** @type {Checks} */
const CALL_CHECKS = { ...TIME_CHECKS, signal: checkSignal };

/** @type {Checks} */
const STREAM_CHECKS = {
  ...CALL_CHECKS,
  onText: (value) => checkFunction('onText', value),
  onChunk: (value) => checkFunction('onChunk', value),
  onUsage: (value) => checkFunction('onUsage', value),
  responseStream: checkWritable,
  format: (value) => checkOneOf('format', value, FORMATS),
};

/**
 * @param {string} name
 * @param {Checks} checks
 */
function unknownOption(name, checks) {
  if (NOT_YET.has(name)) return invalidArgument(`the option ${name} is not there yet in this version`);
  const known = Object.keys(checks).sort().join(', ');
  return invalidArgument(`there is no option ${name} (there are: ${known})`);
}

/**
 * The options that were given; one that is undefined counts as not given.
 * @param {unknown} options
 * @param {Checks} checks
 * @returns {Record<string, any>}
 */
function checked(options, checks) {
  if (options === undefined) return {};
  if (!isObject(options) || isOpaque(options)) throw invalidArgument('options must be a plain object');
  /** @type {Record<string, any>} */
  const given = {};
  for (const [name, value] of Object.entries(/** @type {object} */ (options))) {
    if (!Object.hasOwn(checks, name)) throw unknownOption(name, checks);
    if (value === undefined) continue;
    checks[name](value, name);
    given[name] = value;
  }
  return given;
}

/**
 * A module's name stays; a path is made absolute, since the worker has no say in what the
 * current directory was.
 * @param {string} name
 */
function resolvePreload(name) {
  const isPath = name.includes('/') || name.endsWith('.py');
  return isPath ? path.resolve(name) : name;
}

/**
 * A bare name is looked up on PATH; anything else is a path.
 * @param {string} python
 */
function resolvePython(python) {
  return python.includes('/') ? path.resolve(python) : python;
}

/**
 * The options that shape the server, as they were given. What the caller changes later in an
 * object is not what was agreed, so it is copied. What is empty shapes nothing: it counts as not
 * given.
 * @param {Record<string, any>} given
 */
function shapeOf({ python, env, preload, corrections }) {
  /** @type {ClientOptions['shape']} */
  const shape = {};
  if (python !== undefined) shape.python = resolvePython(python);
  if (typeof env === 'function') shape.env = env;
  else if (Object.keys(env ?? {}).length > 0) shape.env = { ...env };
  const modules = [preload ?? []].flat();
  if (modules.length > 0) shape.preload = modules.map(resolvePreload);
  if (corrections !== undefined) shape.corrections = corrections;
  return shape;
}

/**
 * What the variable says wins, so that an operator can quieten an application.
 * @param {string | undefined} option
 * @param {NodeJS.ProcessEnv} env
 */
function logMode(option, env) {
  const named = env.LITELLM_BRIDGE_LOG;
  if (!named) return option ?? 'stderr';
  checkOneOf('LITELLM_BRIDGE_LOG', named, LOG_MODES);
  return named;
}

/**
 * @typedef {object} ClientOptions options of an instance, complete
 * @property {Record<string, any>} given as they came, checked
 * @property {import('./shape').Shape} shape
 * @property {{ timeout: number, idleTimeout: number, startTimeout: number }} times ms
 * @property {string} log
 * @property {string[] | null} prewarm provider names; null: those that were used last time
 */

/**
 * Checks the options of `new LiteLLM()`.
 * @param {unknown} options
 * @param {NodeJS.ProcessEnv} [env]
 * @returns {ClientOptions}
 * @throws {LiteLLMError} ERR_INVALID_ARGUMENT, with the option's name
 */
function clientOptions(options, env = process.env) {
  const given = checked(options, CLIENT_CHECKS);
  const { timeout, idleTimeout, startTimeout } = { ...DEFAULT_TIMES, ...given };
  return {
    given,
    shape: shapeOf(given),
    times: { timeout, idleTimeout, startTimeout },
    log: logMode(given.log, env),
    prewarm: given.prewarm === undefined ? null : [...given.prewarm],
  };
}

/**
 * @typedef {object} CallOptions options of a call, complete
 * @property {AbortSignal} [signal]
 * @property {number} timeout ms; 0 is off
 * @property {number} idleTimeout ms; 0 is off
 * @property {number} startTimeout ms that this call waits for Python; 0: as long as it takes
 */

/**
 * Checks the options of a call. Times that are not given are the instance's, but startTimeout:
 * the instance's limit on the start is in force anyway.
 * @param {unknown} options
 * @param {ClientOptions['times']} times
 * @returns {CallOptions}
 */
function callOptions(options, times) {
  return { ...times, startTimeout: 0, ...checked(options, CALL_CHECKS) };
}

/**
 * Checks the options of `stream()`.
 * @param {unknown} options
 * @param {ClientOptions['times']} times
 * @returns {CallOptions & { onText?: Function, onChunk?: Function, onUsage?: Function,
 *   responseStream?: import('node:stream').Writable, format: string }}
 */
function streamOptions(options, times) {
  const given = checked(options, STREAM_CHECKS);
  if (given.format !== undefined && given.responseStream === undefined) {
    throw invalidArgument('format says how to write to responseStream, which is not given');
  }
  return { ...times, startTimeout: 0, format: 'text', ...given };
}

module.exports = {
  callOptions,
  checkText,
  checkTexts,
  checkVariables,
  clientOptions,
  isObject,
  isOpaque,
  streamOptions,
};
