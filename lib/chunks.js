'use strict';

/**
 * From frames to chunks. A stream of text is one whole chunk (the template), then only texts:
 * each chunk that is built from them is a fresh object, deep-equal to LiteLLM's own.
 */

const { LiteLLMError } = require('./errors');
const { CHUNK, DELTA, TEMPLATE } = require('./frames');

/**
 * Where a template's text stands.
 * @param {any} chunk
 * @param {number} slot
 * @returns {[holder: Record<string, unknown>, key: string]}
 */
function locate(chunk, slot) {
  const delta = chunk?.choices?.[0]?.delta;
  if (slot === 1) return [delta, 'content'];
  if (slot === 2) return [delta, 'reasoning_content'];
  return [delta?.tool_calls?.[0]?.function, 'arguments'];
}

/** @param {object} object */
const keys = (object) => Object.keys(object).join();

/** @param {unknown} value */
const isPrimitive = (value) => typeof value !== 'object' || value === null;

const SHAPES = ['id,created,model,object,choices', 'id,created,model,object,system_fingerprint,choices'];

/**
 * Nearly every chunk of text has one of two shapes. An object literal builds them 20 times
 * faster than JSON.parse does. Flat ones: V8 leaves its fast way for literals within literals,
 * until it has compiled them.
 */
class TextBuilder {
  #chunk;
  #index;
  #hasFingerprint;

  /** @param {any} chunk of one of SHAPES */
  constructor(chunk) {
    this.#chunk = chunk;
    this.#index = chunk.choices[0].index;
    this.#hasFingerprint = 'system_fingerprint' in chunk;
  }

  /** @param {any} chunk @param {number} slot @returns {TextBuilder | null} null: another shape */
  static of(chunk, slot) {
    const { choices, ...values } = chunk;
    const isShape = slot === 1 && SHAPES.includes(keys(chunk)) && choices.length === 1;
    if (!isShape || !Object.values(values).every(isPrimitive)) return null;
    const [choice] = choices;
    const isText = keys(choice) === 'index,delta' && keys(choice.delta) === 'content';
    return isText && isPrimitive(choice.index) ? new TextBuilder(chunk) : null;
  }

  /** @param {string} content @returns {object} a fresh chunk */
  build(content) {
    const { id, created, model, object } = this.#chunk;
    const delta = { content };
    const choice = { index: this.#index, delta };
    const choices = [choice];
    if (!this.#hasFingerprint) return { id, created, model, object, choices };
    return { id, created, model, object, system_fingerprint: this.#chunk.system_fingerprint, choices };
  }
}

/** Stands for the text while a template is cut in two. Random, so that no chunk contains it. */
const MARK = `mark-${require('node:crypto').randomUUID()}`;

/** A whole chunk that is repeated with other texts. */
class Template {
  #json;
  #slot;
  /** @type {[before: string, after: string] | undefined} */
  #parts;
  /** @type {TextBuilder | null | undefined} */
  #builder;

  /** @param {{ slot: number, chunk: string }} payload */
  constructor({ slot, chunk }) {
    this.#json = chunk;
    this.#slot = slot;
  }

  /** @param {string} text @returns {object} a fresh chunk */
  object(text) {
    if (this.#builder === undefined) this.#builder = TextBuilder.of(JSON.parse(this.#json), this.#slot);
    return this.#builder === null ? JSON.parse(this.json(text)) : this.#builder.build(text);
  }

  /** @param {string} text @returns {string} the chunk as JSON */
  json(text) {
    this.#parts ??= this.#cut();
    return this.#parts[0] + JSON.stringify(text) + this.#parts[1];
  }

  /** @returns {[string, string]} */
  #cut() {
    const chunk = JSON.parse(this.#json);
    const [holder, key] = locate(chunk, this.#slot);
    holder[key] = MARK;
    const [before, after] = JSON.stringify(chunk).split(`"${MARK}"`);
    return [before, after];
  }
}

/** Decodes the frames of one stream, in order. */
class ChunkDecoder {
  /** @type {Template | null} */
  #template = null;

  /** @throws {LiteLLMError} ERR_PROTOCOL before the first one */
  #current() {
    if (this.#template === null) {
      throw new LiteLLMError('ERR_PROTOCOL', 'a delta came before its template');
    }
    return this.#template;
  }

  /**
   * Must see each template before the deltas that follow it are decoded; of a delta it checks that
   * it has one.
   * @param {number} type
   * @param {any} payload
   */
  accept(type, payload) {
    if (type === TEMPLATE) this.#template = new Template(payload);
    else if (type === DELTA) this.#current();
  }

  /**
   * @param {number} type
   * @param {any} payload
   * @returns {any} a fresh chunk
   */
  object(type, payload) {
    if (type === DELTA) return this.#current().object(payload);
    return JSON.parse(type === CHUNK ? payload : payload.chunk);
  }

  /**
   * @param {number} type
   * @param {any} payload
   * @returns {string} the chunk as JSON; no object is built
   */
  json(type, payload) {
    if (type === DELTA) return this.#current().json(payload);
    return type === CHUNK ? payload : payload.chunk;
  }
}

module.exports = { ChunkDecoder, locate };
