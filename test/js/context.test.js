'use strict';

const assert = require('node:assert/strict');
const { AsyncLocalStorage } = require('node:async_hooks');
const { PassThrough } = require('node:stream');
const { after, test } = require('node:test');

const { LiteLLM } = require('../../lib');
const { scripted, streamed, template, worker } = require('./support/peers');

const storage = new AsyncLocalStorage();
const llm = new LiteLLM({ python: worker('answers'), log: 'event' });
after(() => llm.close());

const END = ['end', { usage: { total_tokens: 1 } }];

test('callbacks run in the context of the call, also when many are in flight', async () => {
  const seen = [];
  const note = (kind) => () => {
    seen.push([kind, storage.getStore()]);
  };
  const one = (name) =>
    storage.run(name, () =>
      llm
        .stream(scripted(template('a'), ['gate', 'context'], ['delta', 'b'], END), {
          onText: note('text'),
          onChunk: note('chunk'),
          onUsage: note(name),
        })
        .then(note('then')),
    );
  const running = ['A', 'B', 'C'].map(one);
  await storage.run('other', () => llm.call('test.open', { gate: 'context' }));
  await Promise.all(running);
  for (const name of ['A', 'B', 'C']) {
    const kinds = seen.filter(([, store]) => store === name).map(([kind]) => kind);
    assert.deepEqual(kinds, ['text', 'chunk', 'text', 'chunk', name, 'then']);
  }
});

test('the loop over a stream keeps its context', async () => {
  const stores = [];
  await storage.run('loop', async () => {
    const stream = await llm.chat.completions.create(streamed(template('a'), ['delta', 'b'], END));
    for await (const chunk of stream) stores.push([chunk.id, storage.getStore()]);
    stores.push(['end', storage.getStore()]);
  });
  assert.deepEqual(
    stores.map(([, store]) => store),
    ['loop', 'loop', 'loop'],
  );
});

test('a response is written in the context of the call', async () => {
  const response = new PassThrough();
  const stores = new Set();
  const { write } = response;
  response.write = (...args) => {
    stores.add(storage.getStore());
    return write.apply(response, args);
  };
  await storage.run('response', () =>
    llm.stream(scripted(template('a'), ['delta', 'b'], END), { responseStream: response }),
  );
  assert.deepEqual([...stores], ['response']);
});

test('a log line of a call is told in the context of the call', async () => {
  const seen = [];
  const listener = ({ message }) => seen.push([message, storage.getStore()]);
  llm.on('log', listener);
  const log = (text) => ({
    script: [
      ['gate', 'log'],
      ['log', 30, 'logging', 'LiteLLM', text],
      ['result', null],
    ],
  });
  const calls = ['A', 'B'].map((name) => storage.run(name, () => llm.call('x', log(name))));
  await llm.call('test.open', { gate: 'log' });
  await Promise.all(calls);
  llm.off('log', listener);
  assert.deepEqual(seen.sort(), [
    ['A', 'A'],
    ['B', 'B'],
  ]);
});
