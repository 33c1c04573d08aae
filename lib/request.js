'use strict';

/**
 * Makes the JSON of a request. What JSON cannot say, or would silently change, is refused with
 * its path before anything is sent: the request arrives as the caller wrote it, or not at all.
 */

const {
  isAnyArrayBuffer,
  isArrayBufferView,
  isBoxedPrimitive,
  isDate,
  isMap,
  isNativeError,
  isPromise,
  isRegExp,
  isSet,
} = require('node:util').types;

const { invalidArgument } = require('./errors');
const { isObject, isOpaque } = require('./options');

/** Bytes of JSON. */
const MAX_REQUEST = 64 * 1024 * 1024;

/** Bytes that one UTF-16 code unit takes in UTF-8, at most. */
const MAX_UNIT_BYTES = 3;

/** Deeper than any request; far from the end of the stack. */
const MAX_DEPTH = 500;

/**
 * @param {string} path
 * @param {string | number} key
 */
function join(path, key) {
  if (typeof key === 'number') return `${path}[${key}]`;
  return path === '' ? key : `${path}.${key}`;
}

/**
 * @param {string} path
 * @param {string} problem
 * @param {unknown} [cause]
 */
function refuse(path, problem, cause) {
  return invalidArgument(`${path || 'the request'} ${problem}`, cause);
}

/**
 * A property, or whatever else runs code of the caller.
 * @template T
 * @param {string} path
 * @param {() => T} read
 * @returns {T}
 */
function attempt(path, read) {
  try {
    return read();
  } catch (cause) {
    // The text of the cause is the caller's, and may hold anything.
    throw refuse(path, 'cannot be read (its getter or toJSON has thrown; see cause)', cause);
  }
}

/**
 * @param {any} value
 * @param {string | number} key
 * @param {string} path the value's
 */
function read(value, key, path) {
  return attempt(join(path, key), () => value[key]);
}

/** Object.entries, but an error has its path. @param {object} value @param {string} path */
function entries(value, path) {
  const keys = attempt(path, () => Object.keys(value));
  return keys.map((key) => [key, read(value, key, path)]);
}

/** @type {[(value: unknown) => boolean, string][]} */
const OPAQUE = [
  [isPromise, 'is a promise (is an await missing?)'],
  [isMap, 'is a Map; use a plain object'],
  [isSet, 'is a Set; use an array'],
  [isRegExp, 'is a regular expression'],
  [isNativeError, 'is an Error; use its message'],
  [(value) => isDate(value) && Number.isNaN(value.getTime()), 'is a date that is not valid'],
  [isAnyArrayBuffer, 'is binary; use base64 text'],
  [isArrayBufferView, 'is binary; use base64 text'],
];

/** JSON would make {}, null or an object of numbers of these. @param {object} value @param {string} path */
function refuseOpaque(value, path) {
  for (const [is, problem] of OPAQUE) if (is(value)) throw refuse(path, problem);
}

/** @param {object} value @param {string} path */
function refuseHolder(value, path) {
  if (attempt(path, () => isOpaque(value))) throw refuse(path, 'has no properties; use a plain object');
}

/** @param {unknown} value @param {string} path */
function checkLeaf(value, path) {
  switch (typeof value) {
    case 'string':
    case 'boolean':
      return;
    case 'number':
      if (!Number.isFinite(value)) throw refuse(path, `is ${value}, which JSON cannot say`);
      return;
    case 'undefined':
      throw refuse(path, 'is undefined');
    case 'bigint':
      throw refuse(path, 'is a BigInt, which JSON cannot say');
    default:
      throw refuse(path, `is a ${typeof value}`);
  }
}

/**
 * @param {unknown} value
 * @param {string} path
 * @param {object[]} above the objects that hold this one
 */
function check(value, path, above) {
  if (value === null) return;
  if (typeof value !== 'object') return checkLeaf(value, path);
  if (above.includes(value)) throw refuse(path, 'refers back to an object that holds it');
  if (above.length === MAX_DEPTH) throw refuse(path.slice(0, 80), 'is nested too deeply');
  above.push(value);
  if (Array.isArray(value)) {
    for (let i = 0; i < value.length; i++) check(read(value, i, path), join(path, i), above);
  } else {
    checkObject(value, path, above);
  }
  above.pop();
}

/**
 * @param {object} value
 * @param {string} path
 * @param {object[]} above
 */
function checkObject(value, path, above) {
  // First, since a Buffer has a toJSON: a list of numbers, that no provider takes.
  refuseOpaque(value, path);
  if (isBoxedPrimitive(value)) return checkLeaf(value.valueOf(), path);
  const toJSON = attempt(path, () => /** @type {{ toJSON?: unknown }} */ (value).toJSON);
  if (typeof toJSON === 'function') {
    const plain = attempt(path, () => toJSON.call(value, ''));
    if (plain !== value) return check(plain, path, above);
  }
  const properties = entries(value, path);
  if (properties.length === 0) refuseHolder(value, path);
  for (const [key, item] of properties) {
    // As in JSON and the official clients: what is undefined was not given.
    if (item !== undefined) check(item, join(path, key), above);
  }
}

/** @param {string} json */
function checkSize(json) {
  // Counting bytes walks the text: most requests are too short to need it.
  if (json.length * MAX_UNIT_BYTES <= MAX_REQUEST) return;
  const bytes = Buffer.byteLength(json);
  if (bytes > MAX_REQUEST) {
    throw invalidArgument(`the request is ${bytes} bytes of JSON; the limit is ${MAX_REQUEST}`);
  }
}

/**
 * The JSON of a request. The caller's object is not changed.
 * @param {object} args keyword arguments of the LiteLLM function
 * @returns {string} at most MAX_REQUEST bytes
 * @throws {LiteLLMError} ERR_INVALID_ARGUMENT, with the path of what is wrong
 */
function serialize(args) {
  check(args, '', []);
  let json;
  try {
    json = JSON.stringify(args);
  } catch (error) {
    if (!(error instanceof RangeError)) throw refuse('', 'cannot be written as JSON; see cause', error);
    throw invalidArgument(`the request is too large; the limit is ${MAX_REQUEST} bytes`, error);
  }
  checkSize(json);
  return json;
}

/** Python takes 1 for true: it would stream to a caller who waits for a whole answer. @param {unknown} args */
function checkArguments(args) {
  if (!isObject(args)) throw invalidArgument('the request must be an object');
  refuseHolder(args, '');
  const stream = read(args, 'stream', '');
  if (stream !== undefined && stream !== null && typeof stream !== 'boolean') {
    throw invalidArgument('stream must be true or false');
  }
}

/** @param {unknown} args */
function checkModel(args) {
  checkArguments(args);
  const model = read(args, 'model', '');
  if (typeof model !== 'string' || model === '') {
    throw invalidArgument('model must be a string that is not empty');
  }
}

/** @param {unknown} args */
function checkChat(args) {
  checkModel(args);
  if (!Array.isArray(read(args, 'messages', ''))) throw invalidArgument('messages must be an array');
}

/** The same request, as a stream. @param {any} args */
function asStream(args) {
  const toJSON = attempt('', () => args.toJSON);
  const plain = typeof toJSON === 'function' ? attempt('', () => toJSON.call(args, '')) : args;
  return { ...Object.fromEntries(entries(plain, '')), stream: true };
}

module.exports = { MAX_REQUEST, asStream, checkArguments, checkChat, checkModel, serialize };
