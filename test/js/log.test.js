'use strict';

const assert = require('node:assert/strict');
const { test } = require('node:test');

const { formatLine, fromFrame, fromTiming, readyRecord, startingRecord } = require('../../lib/log');
const { run } = require('./support/child');
const { open } = require('./support/peers');

const RECORD = { level: 'WARN', source: 'logging', logger: 'LiteLLM', message: 'slow' };
const REQUEST_ID = Symbol.for('aws.lambda.runtime.requestId');

test('TEXT lines have level, source, logger and text', () => {
  assert.equal(formatLine(RECORD, {}), '[litellm-bridge] WARN logging: LiteLLM: slow');
  assert.equal(
    formatLine({ ...RECORD, source: 'stdout', logger: '' }, {}),
    '[litellm-bridge] WARN stdout: slow',
  );
});

test('a text of several lines cannot pose as another record', () => {
  const line = formatLine({ ...RECORD, message: 'a\n[litellm-bridge] ERROR bridge: forged\r\nb\rc' }, {});
  assert.deepEqual(line.split('\n').slice(1), ['  [litellm-bridge] ERROR bridge: forged', '  b', '  c']);
});

test('JSON lines where Lambda logs JSON, with the fields that Lambda has', (t) => {
  const env = { AWS_LAMBDA_LOG_FORMAT: 'JSON' };
  const parsed = JSON.parse(formatLine({ ...RECORD, message: 'a\nb' }, env));
  assert.match(parsed.timestamp, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
  assert.deepEqual(
    { ...parsed, timestamp: '' },
    { timestamp: '', level: 'WARN', message: 'a\nb', source: 'logging', logger: 'LiteLLM' },
  );
  globalThis[REQUEST_ID] = 'req-1';
  t.after(() => delete globalThis[REQUEST_ID]);
  assert.equal(JSON.parse(formatLine(RECORD, env)).requestId, 'req-1');
});

test("the request's id is that of Lambda's own store, where it has one", (t) => {
  let current = 'req-2';
  globalThis.awslambda = { InvokeStore: { getRequestId: () => current } };
  t.after(() => {
    delete globalThis.awslambda;
    delete globalThis[REQUEST_ID];
  });
  const logged = () => JSON.parse(formatLine(RECORD, { AWS_LAMBDA_LOG_FORMAT: 'JSON' })).requestId;
  assert.equal(logged(), 'req-2');
  current = '-'; // no request, or a store that another runtime left empty
  assert.equal(logged(), undefined);
  globalThis[REQUEST_ID] = 'req-3';
  assert.equal(logged(), 'req-3');
});

test('AWS_LAMBDA_LOG_LEVEL leaves lower levels out; INFO without it', () => {
  const logged = (level, env) => formatLine({ ...RECORD, level }, env) !== null;
  assert.deepEqual(
    ['DEBUG', 'INFO', 'WARN'].map((level) => logged(level, {})),
    [false, true, true],
  );
  const ERROR = { AWS_LAMBDA_LOG_LEVEL: 'ERROR' };
  assert.deepEqual(
    ['WARN', 'ERROR', 'FATAL'].map((level) => logged(level, ERROR)),
    [false, true, true],
  );
  assert.equal(logged('DEBUG', { AWS_LAMBDA_LOG_LEVEL: 'TRACE' }), true);
  assert.equal(logged('DEBUG', { AWS_LAMBDA_LOG_LEVEL: 'nonsense' }), false);
});

test("the levels of log frames have Lambda's names", () => {
  const levels = [10, 20, 30, 40, 50].map((level) =>
    fromFrame({ level, source: 'stderr', logger: '', text: 'x\n' }),
  );
  assert.deepEqual(
    levels.map(({ level }) => level),
    ['DEBUG', 'INFO', 'WARN', 'ERROR', 'FATAL'],
  );
  assert.equal(levels[0].message, 'x');
});

test('a timing record as a line: its name, then its fields as JSON', () => {
  const record = startingRecord({ pythonPath: '/p', isLambda: true, scriptPath: '/s' });
  assert.equal(
    formatLine(fromTiming(record), {}),
    '[litellm-bridge] INFO bridge: [TIMING] Starting persistent Python LiteLLM server {"pythonPath":"/p","isLambda":true,"scriptPath":"/s"}',
  );
});

test('a timing record as a JSON line has its fields at the top, where queries find them', () => {
  const memoryUsage = { rss: 1, vms: 2, percent: 3 };
  const record = fromTiming(readyRecord({ startupDuration: 840, memoryUsage }));
  const { timestamp, ...rest } = JSON.parse(formatLine(record, { AWS_LAMBDA_LOG_FORMAT: 'JSON' }));
  assert.ok(timestamp);
  assert.deepEqual(rest, {
    level: 'INFO',
    message: `[TIMING] Python LiteLLM server ready ${JSON.stringify({ startupDuration: 840, memoryUsage })}`,
    source: 'bridge',
    startupDuration: 840,
    memoryUsage,
  });
});

test('regression 6: what Python prints is a log record, and no part of an answer', async (t) => {
  const llm = open(t, 'answers', { log: 'event' });
  await llm.ready();
  const records = [];
  llm.on('log', (record) => records.push(record));
  const script = [
    ['log', 20, 'stdout', '', 'printed\n'],
    ['log', 40, 'logging', 'LiteLLM', 'logged'],
    ['result', 'answer'],
  ];
  assert.equal(await llm.call('x', { script }), 'answer');
  assert.deepEqual(records, [
    { level: 'INFO', source: 'stdout', logger: '', message: 'printed' },
    { level: 'ERROR', source: 'logging', logger: 'LiteLLM', message: 'logged' },
  ]);
});

const LOGGING = `
  const llm = new LiteLLM({ python, log: process.env.TEST_LOG, prewarm: [] });
  let events = 0;
  llm.on('log', () => { events += 1; });
  const second = new LiteLLM({ python });
  await llm.call('x', { script: [['log', 30, 'logging', 'LiteLLM', 'hello'], ['result', null]] });
  print(events); await second.close();`;

test('log: stderr writes lines, one however many instances there are', async () => {
  const { stderr, printed } = await run(LOGGING, { env: { TEST_LOG: 'stderr', LITELLM_BRIDGE_LOG: '' } });
  const lines = stderr
    .trimEnd()
    .split('\n')
    .map((line) => line.replace(/ \{.*/, ''));
  assert.deepEqual(lines, [
    '[litellm-bridge] INFO bridge: [TIMING] Starting persistent Python LiteLLM server',
    '[litellm-bridge] INFO bridge: [TIMING] Python LiteLLM server spawned',
    '[litellm-bridge] INFO bridge: [TIMING] Python LiteLLM server ready',
    '[litellm-bridge] WARN logging: LiteLLM: hello',
  ]);
  assert.deepEqual(printed, [4]);
});

test('log: event tells listeners and writes nothing; LITELLM_BRIDGE_LOG wins for all', async () => {
  const { stderr, printed } = await run(LOGGING, {
    env: { TEST_LOG: 'stderr', LITELLM_BRIDGE_LOG: 'event' },
  });
  assert.deepEqual({ stderr, printed }, { stderr: '', printed: [4] });
});

test('log: silent neither tells nor writes', async () => {
  const { stderr, printed } = await run(LOGGING, {
    env: { TEST_LOG: 'stderr', LITELLM_BRIDGE_LOG: 'silent' },
  });
  assert.deepEqual({ stderr, printed }, { stderr: '', printed: [0] });
});

test('a failed start is logged as an error, with what to do', async () => {
  const { stderr } = await run(
    "await new LiteLLM({ python: '/nowhere/python3' }).ready().catch((e) => print(e.code));",
    { env: { AWS_LAMBDA_LOG_LEVEL: 'ERROR' } },
  );
  assert.match(
    stderr,
    /^\[litellm-bridge\] ERROR bridge: no Python interpreter was found: .*npx litellm-bridge install/s,
  );
});
