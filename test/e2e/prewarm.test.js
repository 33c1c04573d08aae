'use strict';
/** The warm-up with the real LiteLLM: nobody is asked, and whoever asks in its middle is served first. */
const assert = require('node:assert/strict');
const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');
const test = require('node:test');
const { openai, steps } = require('../fixtures/provider');
const support = require('./support.js');

const provider = support.sharedProvider();
const WARM = '[TIMING] Python LiteLLM server warmed up';

/** A cache folder of its own, so that what other programs used last does not count. */
function openFresh(t, options) {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'litellm-bridge-test-'));
  t.after(() => fs.rmSync(folder, { recursive: true, force: true }));
  return support.openBridge(t, { ...options, env: { XDG_CACHE_HOME: folder } });
}

const warmed = (llm) =>
  new Promise((resolve) => {
    llm.on('timing', (record) => record.message === WARM && resolve(record));
  });

test('prewarm: it ends, is measured, and no provider is asked', async (t) => {
  const llm = openFresh(t, { prewarm: ['openai', 'anthropic'] });
  const { providers, warmUpDuration } = await warmed(llm);
  assert.deepEqual(providers, ['openai', 'anthropic']);
  assert.ok(warmUpDuration > 0);
  for (const [name, ms] of Object.entries(llm.status().timings)) assert.ok(ms > 0, `${name}: ${ms} ms`);
  assert.equal(provider.connectionCount, undefined); // nobody ever connected
});

test('prewarm: a request in its middle is served first', async (t) => {
  const llm = openFresh(t, { prewarm: ['openai', 'anthropic', 'gemini', 'bedrock'] });
  const events = [];
  warmed(llm).then(() => events.push('warm'));
  await llm.ready();
  provider.route(/.*/, steps.json(openai.completion('served')));
  const answer = await llm.chat.completions.create(support.request(provider, 'early'));
  events.push(answer.choices[0].message.content);
  await support.until(() => events.length === 2);
  assert.deepEqual(events, ['served', 'warm']);
});
