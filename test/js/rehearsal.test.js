'use strict';

/** The stream that runs once before the first request, so that V8 has compiled what that needs. */

const assert = require('node:assert/strict');
const { EventEmitter } = require('node:events');
const { test } = require('node:test');
const { Connection } = require('../../lib/connection');
const { callOptions, clientOptions } = require('../../lib/options');
const { Prop } = require('../../lib/prop');
const { StreamSource } = require('../../lib/source');
const { Stream } = require('../../lib/stream');

test('a rehearsed stream has a template, deltas alone and in a batch, and an end; nothing is left of it', async () => {
  const connection = new Connection(Prop);
  const client = new EventEmitter();
  const options = clientOptions({ log: 'silent' });
  connection.attach(client, options);
  const owner = { connection, operations: new Set(), times: options.times };
  const request = { name: 'completion', body: '{}' };
  const source = new StreamSource(owner, request, callOptions(undefined, options.times));
  const stream = new Stream(source);
  await source.open();
  const texts = [];
  for await (const chunk of stream) texts.push(chunk.choices[0].delta.content);
  assert.deepEqual(texts, ['a', 'b', 'c']);
  assert.equal(owner.operations.size, 0);
  assert.deepEqual([connection.status().active, connection.status().pending], [0, 0]);
  await connection.detach(client);
});
