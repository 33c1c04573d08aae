'use strict';

const assert = require('node:assert/strict');
const { test } = require('node:test');
const vm = require('node:vm');

const {
  MAX_REQUEST,
  asStream,
  checkArguments,
  checkChat,
  checkModel,
  serialize,
} = require('../../lib/request');

const refuses = (args, path, why = '') =>
  assert.throws(
    () => serialize(args),
    (error) => {
      assert.equal(error.code, 'ERR_INVALID_ARGUMENT');
      assert.ok(error.message.startsWith(`an argument is not valid: ${path} `), error.message);
      assert.ok(error.message.includes(why), error.message);
      return true;
    },
  );

test('a request is written as it is: no defaults, no names changed, nothing dropped', () => {
  const request = {
    model: 'gpt-4o',
    messages: [{ role: 'assistant', content: null, tool_calls: [] }],
    response_format: { type: 'json_schema' },
    top_p: 0,
    extra: { deep: [1, [true, null, '\u2028']] },
  };
  assert.deepEqual(JSON.parse(serialize(request)), request);
});

test("the caller's object is not changed, and may be frozen", () => {
  const request = Object.freeze({ model: 'm', messages: Object.freeze([]) });
  const before = structuredClone(request);
  serialize(request);
  assert.deepEqual(request, before);
});

test('what JSON cannot say is refused with its path', () => {
  refuses({ messages: [{ content: 5n }] }, 'messages[0].content', 'BigInt');
  refuses({ tools: [{ function: () => {} }] }, 'tools[0].function', 'function');
  refuses({ user: Symbol('x') }, 'user', 'symbol');
  refuses({ temperature: Number.NaN }, 'temperature', 'NaN');
  refuses({ temperature: Number.NEGATIVE_INFINITY }, 'temperature', '-Infinity');
});

test('a parameter that is undefined was not given', () => {
  const args = { model: 'm', temperature: undefined, tools: [{ x: undefined, y: 1 }] };
  assert.equal(serialize(args), '{"model":"m","tools":[{"y":1}]}');
});

test('an undefined item, of which JSON would make null, is refused with its path', () => {
  refuses({ messages: [{ role: 'user' }, undefined] }, 'messages[1]', 'undefined');
});

test('what JSON would make an empty object of is refused', () => {
  refuses({ messages: [{ content: Promise.resolve('x') }] }, 'messages[0].content', 'await');
  refuses({ metadata: new Map([['a', 1]]) }, 'metadata', 'Map');
  refuses({ stop: new Set(['a']) }, 'stop', 'Set');
  refuses({ audio: new Uint8Array(4) }, 'audio', 'binary');
  refuses({ audio: new ArrayBuffer(4) }, 'audio', 'binary');
  refuses({ messages: [{ content: Buffer.from('hi') }] }, 'messages[0].content', 'binary');
  refuses({ metadata: { last: new TypeError('x') } }, 'metadata.last', 'Error');
  for (const file of [new Blob(['x']), new FormData(), new Headers({ a: 'b' }), new WeakMap(), [1].values()])
    refuses({ file }, 'file', 'plain object');
  refuses({ file: vm.runInNewContext('[1].values()') }, 'file', 'plain object');
});

test('an object is plain whatever its realm, and one of a class that has properties is as good', () => {
  class Message {
    role = 'user';
  }
  class Empty {
    validate() {}
  }
  const bare = [{}, Object.create(null), vm.runInNewContext('({})'), Object.create({}), new Empty()];
  const objects = [...bare, new Message(), new URL('http://a')];
  assert.equal(serialize({ objects }), '{"objects":[{},{},{},{},{},{"role":"user"},"http://a/"]}');
});

test('what JSON would make null of is refused', () => {
  refuses({ metadata: { at: new Date(Number.NaN) } }, 'metadata.at', 'date');
  refuses({ top_p: Object(Number.NaN) }, 'top_p', 'NaN');
});

test('a boxed value is what is in the box', () => {
  refuses({ seed: Object(5n) }, 'seed', 'BigInt');
  refuses({ user: Object(Symbol('x')) }, 'user', 'symbol');
  assert.equal(serialize({ a: Object('x'), b: Object(1), c: Object(true) }), '{"a":"x","b":1,"c":true}');
});

test('a request with nothing but getters is refused, as a stream, too', () => {
  class Hidden {
    get model() {
      return 'm';
    }
  }
  assert.throws(() => checkArguments(new Hidden()), { message: /has no properties/ });
});

test('as a stream a request is what its toJSON says', () => {
  assert.deepEqual(asStream({ toJSON: () => ({ model: 'm' }) }), { model: 'm', stream: true });
});

test('code of the caller that throws is an invalid argument with its path and cause', () => {
  const cause = new Error('sk-secret');
  const fail = () => {
    throw cause;
  };
  const getter = (key) => Object.defineProperty({ model: 'm' }, key, { get: fail, enumerable: true });
  const told = (path) => (error) => {
    assert.equal(error.code, 'ERR_INVALID_ARGUMENT');
    assert.ok(error.message.startsWith(`an argument is not valid: ${path} `), error.message);
    assert.ok(!error.message.includes('sk-secret'));
    assert.equal(error.cause, cause);
    return true;
  };
  assert.throws(() => serialize({ a: [getter('b')] }), told('a[0].b'));
  assert.throws(() => serialize({ a: { toJSON: fail } }), told('a'));
  assert.throws(() => serialize({ a: new Proxy({}, { ownKeys: fail }) }), told('a'));
  assert.throws(() => asStream(getter('user')), told('user'));
  for (const key of ['model', 'stream', 'messages']) {
    assert.throws(() => checkChat(getter(key)), told(key));
  }
});

test('code of the caller that throws only when it is asked again is an invalid argument, too', () => {
  let asked = 0;
  const toJSON = () => {
    if (asked++ > 0) throw new TypeError('again');
    return 1;
  };
  assert.throws(() => serialize({ a: { toJSON } }), { code: 'ERR_INVALID_ARGUMENT' });
});

test('a cycle is refused where it closes', () => {
  const message = { role: 'user' };
  message.self = { message };
  refuses({ messages: [message] }, 'messages[0].self.message', 'refers back');
});

test('the same object twice is no cycle', () => {
  const part = { type: 'text' };
  assert.equal(
    serialize({ a: part, b: [part, part] }),
    '{"a":{"type":"text"},"b":[{"type":"text"},{"type":"text"}]}',
  );
});

test('toJSON is honoured, and what it gives is checked', () => {
  assert.equal(serialize({ at: new Date(0) }), '{"at":"1970-01-01T00:00:00.000Z"}');
  const self = {
    a: 1,
    toJSON() {
      return this;
    },
  };
  assert.throws(() => serialize({ self }), { code: 'ERR_INVALID_ARGUMENT' }); // its toJSON is a function
  refuses({ at: { toJSON: () => 5n } }, 'at', 'BigInt');
});

test('an object of another realm is an object', () => {
  const foreign = vm.runInNewContext('({ messages: [{ role: "user" }] })');
  assert.equal(serialize(foreign), '{"messages":[{"role":"user"}]}');
});

test('nesting without an end does not end the process', () => {
  let deep = {};
  for (let i = 0; i < 100_000; i++) deep = { deep };
  assert.throws(() => serialize(deep), { code: 'ERR_INVALID_ARGUMENT' });
});

test('a request over the limit is refused, one at the limit is not', () => {
  const room = MAX_REQUEST - JSON.stringify({ a: '' }).length;
  assert.equal(serialize({ a: 'x'.repeat(room) }).length, MAX_REQUEST);
  assert.throws(() => serialize({ a: 'x'.repeat(room + 1) }), {
    code: 'ERR_INVALID_ARGUMENT',
    message: /67108865 bytes/,
  });
});

test('the limit counts bytes, not characters', () => {
  const euros = '\u20ac'.repeat(MAX_REQUEST / 3);
  assert.throws(() => serialize({ a: euros }), { code: 'ERR_INVALID_ARGUMENT' });
});

test('model is asked for, messages must be an array', () => {
  for (const args of [undefined, null, 'x', []]) {
    assert.throws(() => checkModel(args), { message: /the request must be an object/ });
  }
  for (const model of [undefined, '', 5]) assert.throws(() => checkModel({ model }), { message: /: model / });
  for (const messages of [undefined, {}, 'hello']) {
    assert.throws(() => checkChat({ model: 'm', messages }), { message: /: messages / });
  }
  for (const check of [checkModel, checkArguments]) {
    for (const stream of ['yes', 1, 0, {}]) {
      assert.throws(() => check({ model: 'm', stream }), { message: /: stream / });
    }
  }
  checkChat({ model: 'm', messages: [], stream: null });
});
