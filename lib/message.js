'use strict';

/**
 * Puts the pieces of a streamed answer together again: the message, its text, why it ended.
 */

const { locate } = require('./chunks');

/** Strings that come in pieces. All others come whole, and the last one counts. */
const IN_PIECES = new Set([
  'arguments',
  'content',
  'data',
  'reasoning_content',
  'refusal',
  'text',
  'thinking',
  'transcript',
]);

/** @param {unknown} value @returns {value is Record<string, any>} */
function isObject(value) {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/**
 * The item of `items` that a piece belongs to: tool calls are numbered, thinking blocks go on
 * until they are signed.
 * @param {any[]} items
 * @param {any} piece
 */
function counterpart(items, piece) {
  if (typeof piece?.index === 'number') return items.find((item) => item.index === piece.index);
  const last = items.at(-1);
  const goesOn = piece?.type === 'thinking' && last?.type === 'thinking' && !last.signature;
  return goesOn ? last : undefined;
}

/** @param {any[]} items @param {any[]} pieces */
function mergeItems(items, pieces) {
  for (const piece of pieces) {
    const item = counterpart(items, piece);
    if (item === undefined) items.push(mergeValue('', undefined, piece));
    else mergeObject(item, piece);
  }
  return items;
}

/** @param {string} key @param {any} old @param {any} value @returns {any} */
function mergeValue(key, old, value) {
  // Objects are copied: the chunks that they come from are the caller's.
  if (Array.isArray(value)) return mergeItems(Array.isArray(old) ? old : [], value);
  if (isObject(value)) return mergeObject(isObject(old) ? old : {}, value);
  const isPiece = typeof value === 'string' && typeof old === 'string' && IN_PIECES.has(key);
  return isPiece ? old + value : value;
}

/** @param {Record<string, any>} into @param {Record<string, any>} delta */
function mergeObject(into, delta) {
  for (const [key, value] of Object.entries(delta)) {
    // A provider must not reach a prototype.
    if (value === null || key === '__proto__') continue;
    into[key] = mergeValue(key, Object.hasOwn(into, key) ? into[key] : undefined, value);
  }
  return into;
}

/** A tool call in a whole message has no number. @param {Record<string, any>} call */
function unnumbered({ index, ...call }) {
  return call;
}

/**
 * The choices of a streamed answer. Feed it every chunk, or, where only a text came, the text.
 */
class MessageBuilder {
  /** @type {Map<number, { message: Record<string, any>, finishReason: string | null }>} */
  #choices = new Map();
  /** Where the template's text goes. @type {Record<string, any>} */
  #holder = {};
  #key = '';

  /** @param {number} index */
  #choice(index) {
    let choice = this.#choices.get(index);
    if (choice === undefined) {
      choice = { message: { role: 'assistant', content: null }, finishReason: null };
      this.#choices.set(index, choice);
    }
    return choice;
  }

  /** @param {any} chunk not changed, not kept */
  chunk(chunk) {
    for (const { index = 0, delta, text, finish_reason } of chunk.choices ?? []) {
      const choice = this.#choice(index);
      if (delta) mergeObject(choice.message, delta);
      if (text) mergeObject(choice.message, { content: text });
      if (finish_reason) choice.finishReason = finish_reason;
    }
  }

  /**
   * A chunk whose text in `slot` the deltas that follow go on with.
   * @param {any} chunk
   * @param {number} slot
   */
  template(chunk, slot) {
    this.chunk(chunk);
    const [{ index = 0, delta }] = chunk.choices;
    const { message } = this.#choice(index);
    [this.#holder, this.#key] = locate({ choices: [{ delta: message }] }, slot);
    if (slot === 3) this.#holder = counterpart(message.tool_calls, delta.tool_calls[0]).function;
  }

  /** @param {string} text */
  delta(text) {
    this.#holder[this.#key] = (this.#holder[this.#key] ?? '') + text;
  }

  /**
   * What the first choice has come to.
   * @returns {{ text: string, message: any, finishReason: string | null }}
   */
  result() {
    const { message, finishReason } = this.#choice(0);
    const whole = { ...message };
    if (whole.tool_calls) whole.tool_calls = whole.tool_calls.map(unnumbered);
    return { text: whole.content ?? '', message: whole, finishReason };
  }
}

/**
 * The text that a chunk adds to the first choice.
 * @param {any} chunk
 * @returns {string} often ''
 */
function textOf(chunk) {
  const choice = chunk.choices?.find((/** @type {any} */ one) => (one.index ?? 0) === 0);
  return choice?.delta?.content ?? choice?.text ?? '';
}

module.exports = { MessageBuilder, textOf };
