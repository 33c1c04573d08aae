'use strict';

/** examples/lambda/handler.js, as it is, under Lambda's own runtime clients. */

const assert = require('node:assert/strict');
const path = require('node:path');
const { suite, test } = require('node:test');
const { openai } = require('../fixtures/provider');
const { CLIENTS, sharedProvider, startFunction } = require('./function');
const { TEXT } = require('./scripts');

const FOLDER = path.join(__dirname, '..', '..', 'examples', 'lambda');

/** The events of a stream of server-sent events, behind what Lambda takes for status and headers. */
function parts(text) {
  const [head, body] = text.split('\0'.repeat(8));
  return { ...JSON.parse(head), body };
}

for (const client of CLIENTS) {
  suite(`the example, client ${client}`, () => {
    const provider = sharedProvider();
    provider.route('gpt-4o', openai.stream(openai.text(TEXT)));
    const start = (t) =>
      startFunction(t, client, 'handler.handler', {
        LAMBDA_TASK_ROOT: FOLDER,
        OPENAI_API_KEY: 'sk-fixture',
        OPENAI_API_BASE: `${provider.url}/v1`,
      });

    test('answers a chat with server-sent events, and what is no chat with 400', async (t) => {
      const lambda = await start(t);
      const body = JSON.stringify({ messages: [{ role: 'user', content: 'Hello' }] });
      const good = parts((await lambda.invoke({ body })).text);
      assert.equal(good.statusCode, 200);
      assert.equal(good.headers['content-type'], 'text/event-stream');
      const events = good.body.match(/^data: (.*)$/gm).map((line) => line.slice('data: '.length));
      assert.equal(events.pop(), '[DONE]');
      const texts = events.map((event) => JSON.parse(event).choices[0]?.delta?.content ?? '');
      assert.equal(texts.join(''), TEXT.join(''));
      const encoded = { body: Buffer.from(body).toString('base64'), isBase64Encoded: true };
      assert.equal(parts((await lambda.invoke(encoded)).text).statusCode, 200);
      const bad = parts((await lambda.invoke({ body: 'no JSON' })).text);
      assert.equal(bad.statusCode, 400);
      assert.match(JSON.parse(bad.body).error.message, /must be JSON/);
    });
  });
}
