'use strict';

const assert = require('node:assert/strict');
const { test } = require('node:test');

const { MessageBuilder, textOf } = require('../../lib/message');

const delta = (delta, more = {}) => ({ choices: [{ index: 0, delta, ...more }] });

function build(...chunks) {
  const builder = new MessageBuilder();
  for (const chunk of chunks) builder.chunk(chunk);
  return builder.result();
}

test('text comes together, with why it ended', () => {
  const result = build(
    delta({ role: 'assistant', content: 'a' }),
    delta({ content: 'b' }),
    delta({}, { finish_reason: 'stop' }),
  );
  assert.deepEqual(result, {
    text: 'ab',
    message: { role: 'assistant', content: 'ab' },
    finishReason: 'stop',
  });
});

test('regression 12: tool calls, refusal and reasoning text are kept', () => {
  const call = (fields) => delta({ tool_calls: [{ index: 1, ...fields }] });
  const { message } = build(
    delta({ reasoning_content: 'hm' }),
    delta({ reasoning_content: 'm' }),
    delta({ refusal: 'n' }),
    delta({ refusal: 'o' }),
    call({ id: 'c2', type: 'function', function: { name: 'f', arguments: '{"a"' } }),
    call({ function: { arguments: ':1}' } }),
    delta({ tool_calls: [{ index: 0, id: 'c1', function: { name: 'g', arguments: '{}' } }] }),
  );
  assert.deepEqual(message, {
    role: 'assistant',
    content: null,
    reasoning_content: 'hmm',
    refusal: 'no',
    tool_calls: [
      { id: 'c2', type: 'function', function: { name: 'f', arguments: '{"a":1}' } },
      { id: 'c1', function: { name: 'g', arguments: '{}' } },
    ],
  });
});

test('deltas go on where the template stands', () => {
  const builder = new MessageBuilder();
  builder.template(delta({ content: 'a' }), 1);
  builder.delta('b');
  builder.template(delta({ reasoning_content: 'x' }), 2);
  builder.delta('y');
  builder.template(delta({ tool_calls: [{ index: 3, function: { name: 'f', arguments: '' } }] }), 3);
  builder.delta('{}');
  assert.deepEqual(builder.result().message, {
    role: 'assistant',
    content: 'ab',
    reasoning_content: 'xy',
    tool_calls: [{ function: { name: 'f', arguments: '{}' } }],
  });
});

test('thinking blocks go on until they are signed', () => {
  const thinking = (block) => delta({ thinking_blocks: [{ type: 'thinking', ...block }] });
  const { message } = build(
    thinking({ thinking: 'a' }),
    thinking({ thinking: 'b' }),
    thinking({ signature: 's' }),
    thinking({ thinking: 'c' }),
  );
  assert.deepEqual(message.thinking_blocks, [
    { type: 'thinking', thinking: 'ab', signature: 's' },
    { type: 'thinking', thinking: 'c' },
  ]);
});

test('choices are kept apart; the result is the first', () => {
  const other = { choices: [{ index: 1, delta: { content: 'other' } }] };
  assert.equal(build(delta({ content: 'a' }), other, delta({ content: 'b' })).text, 'ab');
  assert.equal(textOf(other), '');
});

test('a text completion has its text', () => {
  const chunk = (text) => ({ choices: [{ index: 0, text }] });
  assert.equal(build(chunk('a'), chunk('b')).text, 'ab');
  assert.equal(textOf(chunk('a')), 'a');
});

test('chunks without choices add nothing', () => {
  assert.deepEqual(build({ choices: [], usage: {} }, {}), {
    text: '',
    message: { role: 'assistant', content: null },
    finishReason: null,
  });
});

test('a provider cannot reach a prototype', () => {
  const { message } = build(
    JSON.parse(
      '{"choices":[{"index":0,"delta":{"__proto__":{"polluted":1},"constructor":{"prototype":{"polluted":1}}}}]}',
    ),
  );
  assert.equal({}.polluted, undefined);
  assert.equal(Object.polluted, undefined);
  assert.equal(Object.getPrototypeOf(message), Object.prototype);
});

test('the chunks are not kept: what the caller does with them later is not seen', () => {
  const builder = new MessageBuilder();
  const chunk = delta({ tool_calls: [{ index: 0, function: { name: 'f', arguments: '1' } }] });
  builder.chunk(chunk);
  chunk.choices[0].delta.tool_calls[0].function.arguments = 'changed';
  assert.equal(builder.result().message.tool_calls[0].function.arguments, '1');
});
