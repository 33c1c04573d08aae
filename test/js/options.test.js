'use strict';

const assert = require('node:assert/strict');
const path = require('node:path');
const { test } = require('node:test');

const { callOptions, checkTexts, clientOptions, streamOptions } = require('../../lib/options');

const TIMES = { timeout: 1000, idleTimeout: 20, startTimeout: 300 };

/** ERR_INVALID_ARGUMENT that names what is wrong. */
const invalid = (name) => (error) => {
  assert.equal(error.code, 'ERR_INVALID_ARGUMENT');
  assert.match(error.message, new RegExp(`^an argument is not valid: .*\\b${name}\\b`));
  return true;
};

test('the defaults are those that are documented', () => {
  const { times, log, shape } = clientOptions(undefined, {});
  assert.deepEqual(times, { timeout: 600_000, idleTimeout: 0, startTimeout: 30_000 });
  assert.equal(log, 'stderr');
  assert.deepEqual(shape, {});
});

test('an unknown option is refused by its name, even without a value', () => {
  assert.throws(() => clientOptions({ pyhton: 'x' }), invalid('pyhton'));
  assert.throws(() => clientOptions({ pyhton: undefined }), invalid('pyhton'));
  assert.throws(() => callOptions({ onText() {} }, TIMES), invalid('onText'));
  assert.throws(() => streamOptions({ ontext() {} }, TIMES), invalid('ontext'));
});

test('a name of Object.prototype is no option', () => {
  assert.throws(() => clientOptions({ constructor: 1 }), invalid('constructor'));
});

for (const name of [
  'allowApiBase',
  'config',
  'maxConcurrency',
  'maxQueue',
  'metrics',
  'standby',
  'workers',
]) {
  test(`the option ${name} is said not to be there yet`, () => {
    assert.throws(
      () => clientOptions({ [name]: 1 }),
      (error) => {
        assert.match(error.message, /not there yet/);
        return invalid(name)(error);
      },
    );
  });
}

test('options that are no object are refused', () => {
  for (const options of ['x', 1, null, [], () => {}]) {
    assert.throws(() => clientOptions(options), invalid('options'));
  }
});

test('an option that is undefined counts as not given', () => {
  assert.deepEqual(clientOptions({ timeout: undefined, python: undefined }, {}).given, {});
});

for (const name of ['timeout', 'idleTimeout', 'startTimeout']) {
  test(`${name} is a number of ms that a timer can take`, () => {
    for (const value of [-1, Number.NaN, Number.POSITIVE_INFINITY, 2 ** 31, '5', null, 5n]) {
      assert.throws(() => clientOptions({ [name]: value }), invalid(name));
      assert.throws(() => callOptions({ [name]: value }, TIMES), invalid(name));
    }
    assert.equal(clientOptions({ [name]: 0 }).times[name], 0);
    assert.equal(callOptions({ [name]: 0.5 }, TIMES)[name], 0.5);
  });
}

test("times of a call are the instance's unless they are given", () => {
  const { timeout, idleTimeout } = callOptions({ timeout: 7 }, TIMES);
  assert.deepEqual({ timeout, idleTimeout }, { timeout: 7, idleTimeout: 20 });
});

test('python must be a text; a path is made absolute, a bare name stays', () => {
  for (const value of ['', 5, null, 'a\0b'])
    assert.throws(() => clientOptions({ python: value }), invalid('python'));
  assert.equal(clientOptions({ python: './bin/python3' }).shape.python, path.resolve('bin/python3'));
  assert.equal(clientOptions({ python: 'python3.12' }).shape.python, 'python3.12');
});

test('what holds its values elsewhere than in properties is no object of options', () => {
  const refused = { code: 'ERR_INVALID_ARGUMENT', message: /plain object/ };
  const { times } = clientOptions({});
  for (const opaque of [new AbortController(), AbortSignal.abort(), new Map([['timeout', 1]])]) {
    assert.throws(() => callOptions(opaque, times), refused);
    assert.throws(() => clientOptions(opaque), refused);
  }
  assert.throws(() => clientOptions({ env: new Map([['A', 'b']]) }), refused);
});

test('a variable that UTF-8 cannot say is refused by its name, not by its value', () => {
  assert.throws(() => clientOptions({ env: { A: '1', B: 'sk-\ud800' } }), { message: /: env\.B holds half/ });
  assert.throws(() => checkTexts('setEnv', { '\udc00': '1' }), { message: /a name that is not valid/ });
  clientOptions({ env: { A: '\ud83d\ude00' } });
});

test('env must be an object of texts, or a function', () => {
  for (const value of ['A=1', 5, null, ['A=1']])
    assert.throws(() => clientOptions({ env: value }), invalid('env'));
  assert.throws(() => clientOptions({ env: { KEY: 5 } }), invalid('env.KEY'));
  assert.throws(() => clientOptions({ env: { 'A=B': 'x' } }), invalid('env'));
  clientOptions({ env: process.env });
  clientOptions({ env: { KEY: undefined } });
  clientOptions({ env: () => ({}) });
});

test('variables that are set later must have a value: there is nothing to take one away', () => {
  assert.throws(() => checkTexts('variables', { B: 'x', A: undefined }), invalid('variables.A'));
  assert.throws(() => checkTexts('variables', { A: 5 }), invalid('variables.A'));
  checkTexts('variables', { A: '' });
});

test('a refused variable is named, its value is not', () => {
  assert.throws(
    () => clientOptions({ env: { KEY: { secret: 'sk-1' } } }),
    (error) => !error.message.includes('sk-1'),
  );
});

test("the shape is a copy: a later change of the caller's object is not seen", () => {
  const env = { A: '1' };
  const { shape } = clientOptions({ env });
  env.A = '2';
  assert.equal(shape.env.A, '1');
});

test('an empty env or preload shapes nothing', () => {
  assert.deepEqual(clientOptions({ env: {}, preload: [] }).shape, {});
  assert.deepEqual(clientOptions({ env: { A: undefined } }).shape, { env: { A: undefined } });
});

test('corrections: true or false, and only what was given', () => {
  assert.deepEqual(clientOptions({ corrections: false }).shape, { corrections: false });
  assert.deepEqual(clientOptions({ corrections: true }).shape, { corrections: true });
  for (const value of [1, 'true', null, {}]) {
    assert.throws(() => clientOptions({ corrections: value }), invalid('corrections'));
  }
});

test('preload: one or several, paths against the current directory', () => {
  assert.deepEqual(clientOptions({ preload: 'pkg.module' }).shape.preload, ['pkg.module']);
  assert.deepEqual(clientOptions({ preload: ['hooks.py', './x/y'] }).shape.preload, [
    path.resolve('hooks.py'),
    path.resolve('x/y'),
  ]);
  for (const value of [5, '', [''], [1], {}])
    assert.throws(() => clientOptions({ preload: value }), invalid('preload'));
});

test('LITELLM_BRIDGE_LOG wins over log', () => {
  assert.equal(clientOptions({ log: 'stderr' }, { LITELLM_BRIDGE_LOG: 'silent' }).log, 'silent');
  assert.equal(clientOptions({ log: 'event' }, {}).log, 'event');
  assert.throws(() => clientOptions({}, { LITELLM_BRIDGE_LOG: 'loud' }), invalid('LITELLM_BRIDGE_LOG'));
  assert.throws(() => clientOptions({ log: 'stdout' }), invalid('log'));
});

test('signal must be an AbortSignal', () => {
  for (const value of [5, {}, new AbortController(), null]) {
    assert.throws(() => callOptions({ signal: value }, TIMES), invalid('signal'));
  }
  const { signal } = new AbortController();
  assert.equal(callOptions({ signal }, TIMES).signal, signal);
});

test('callbacks, responseStream and format are checked', () => {
  for (const name of ['onText', 'onChunk', 'onUsage']) {
    assert.throws(() => streamOptions({ [name]: 'x' }, TIMES), invalid(name));
  }
  assert.throws(() => streamOptions({ responseStream: {} }, TIMES), invalid('responseStream'));
  assert.throws(
    () => streamOptions({ responseStream: process.stderr, format: 'xml' }, TIMES),
    invalid('format'),
  );
  assert.throws(() => streamOptions({ format: 'sse' }, TIMES), invalid('format'));
  assert.equal(streamOptions({ responseStream: process.stderr }, TIMES).format, 'text');
});
