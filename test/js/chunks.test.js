'use strict';

const assert = require('node:assert/strict');
const { test } = require('node:test');

const { ChunkDecoder } = require('../../lib/chunks');
const { CHUNK, DELTA, TEMPLATE } = require('../../lib/frames');
const { textChunk } = require('./support/peers');

/** Texts that break what is put together from strings. */
const TEXTS = [
  'plain',
  '',
  '"quoted"',
  '\\',
  '\n\t\0',
  '\u2028\u2029',
  'ä€😀',
  '$&$1',
  '</script>',
  '__proto__',
  '\ud800',
];

function decoderOf(chunk, slot) {
  const decoder = new ChunkDecoder();
  decoder.accept(TEMPLATE, { slot, chunk: JSON.stringify(chunk) });
  return decoder;
}

const SHAPES = {
  'the common shape': [1, (text) => textChunk(text)],
  'the common shape with a fingerprint': [
    1,
    (text) => {
      const { choices, ...rest } = textChunk(text);
      return { ...rest, system_fingerprint: 'fp_1', choices };
    },
  ],
  'another order of keys': [
    1,
    (text) => ({ ...textChunk(text), choices: [{ delta: { content: text }, index: 0 }] }),
  ],
  'a key more': [1, (text) => ({ ...textChunk(text), citations: ['a'] })],
  'a nested key where a text should be': [1, (text) => ({ ...textChunk(text), id: { a: 1 } })],
  'a role': [
    1,
    (text) => ({ ...textChunk(text), choices: [{ index: 0, delta: { content: text, role: 'assistant' } }] }),
  ],
  'two choices': [
    1,
    (text) => ({
      ...textChunk(text),
      choices: [
        { index: 0, delta: { content: text } },
        { index: 1, delta: {} },
      ],
    }),
  ],
  reasoning: [
    2,
    (text) => ({ ...textChunk(''), choices: [{ index: 0, delta: { reasoning_content: text } }] }),
  ],
  'tool arguments': [
    3,
    (text) => ({
      ...textChunk(''),
      choices: [
        {
          index: 0,
          delta: {
            tool_calls: [
              { index: 0, id: 'call_1', type: 'function', function: { name: 'f', arguments: text } },
            ],
          },
        },
      ],
    }),
  ],
};

for (const [name, [slot, make]] of Object.entries(SHAPES)) {
  test(`deltas on a template equal LiteLLM's chunks: ${name}`, () => {
    const decoder = decoderOf(make('first'), slot);
    for (const text of TEXTS) {
      decoder.accept(DELTA, text);
      const chunk = decoder.object(DELTA, text);
      assert.deepStrictEqual(chunk, make(text));
      assert.deepEqual(JSON.stringify(chunk), JSON.stringify(make(text)), 'the order of keys, too');
      assert.deepStrictEqual(JSON.parse(decoder.json(DELTA, text)), JSON.parse(JSON.stringify(make(text))));
    }
  });

  test(`each chunk is an object of its own: ${name}`, () => {
    const decoder = decoderOf(make('first'), slot);
    const spoiled = decoder.object(DELTA, 'one');
    (function spoil(value) {
      for (const key of Object.keys(value)) {
        if (typeof value[key] === 'object') spoil(value[key]);
        value[key] = 'spoiled';
      }
    })(spoiled);
    assert.deepStrictEqual(decoder.object(DELTA, 'two'), make('two'));
  });
}

test('a key named __proto__ stays a key', () => {
  const json = '{"__proto__":{"x":1},"choices":[{"index":0,"delta":{"content":"a"}}]}';
  const decoder = new ChunkDecoder();
  decoder.accept(TEMPLATE, { slot: 1, chunk: json });
  const chunk = decoder.object(DELTA, 'b');
  assert.deepEqual(Object.keys(chunk), ['__proto__', 'choices']);
  assert.equal({}.x, undefined);
});

test('a later template replaces an earlier one', () => {
  const decoder = decoderOf(textChunk('a'), 1);
  decoder.object(DELTA, 'b');
  decoder.accept(TEMPLATE, { slot: 1, chunk: JSON.stringify({ ...textChunk('c'), id: 'other' }) });
  assert.equal(decoder.object(DELTA, 'd').id, 'other');
});

test('whole chunks pass as they are, as JSON without being parsed', () => {
  const decoder = new ChunkDecoder();
  const json = '{"choices": [], "usage": {"total_tokens": 1.0}}';
  decoder.accept(CHUNK, json);
  assert.equal(decoder.json(CHUNK, json), json);
  assert.deepEqual(decoder.object(CHUNK, json), { choices: [], usage: { total_tokens: 1 } });
});

for (const method of ['accept', 'object', 'json']) {
  test(`a delta without a template is against the protocol: ${method}()`, () => {
    const refused = { code: 'ERR_PROTOCOL', message: /before its template/ };
    assert.throws(() => new ChunkDecoder()[method](DELTA, 'x'), refused);
  });
}
