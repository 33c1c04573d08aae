'use strict';

/** What the connection makes of the addon's reports, in orders that only a stand-in can choose. */

const assert = require('node:assert/strict');
const { test } = require('node:test');

const { DELTA, END, LOG, RESULT, TEMPLATE } = require('../../lib/frames');
const { WHOLE_WINDOW, WINDOW } = require('../../lib/reader');
const { load, settlement } = require('./support/native-double');
const { REQUEST, textChunk } = require('./support/peers');

const SILENT = { log: 'silent', prewarm: [] }; // every call of the port is a test's own
const READY = { litellm: '1.78.7', memory: { rss: 1, vms: 1, percent: 1 }, timings: {} };
const DOWN = { code: 'ERR_SERVER_EXITED', detail: 'it died', exitCode: 1, signal: null, pid: 1 };

/** An instance on a fresh copy of the package, and its port. */
function make(options = SILENT) {
  const { LiteLLM, port } = load();
  const llm = new LiteLLM(options);
  return { llm, port: port() };
}

const coded = (code, more = {}) =>
  Object.assign(new Error(code), { code, detail: 'why', backoff: false, ...more });

/** Lets what was promised happen. */
const settled = () => new Promise(setImmediate);

test('the constructor claims and starts, before it returns', () => {
  const { port } = make({ ...SILENT, python: '/p' });
  assert.deepEqual(
    port.log.map(([name]) => name),
    ['claim', 'start'],
  );
  const [[args]] = port.calls('start');
  assert.equal(args.python, '/p');
  assert.ok(args.env.includes(`PATH=${process.env.PATH}`));
});

test('start is asked for once, not by every call', async () => {
  const { llm, port } = make();
  llm.call('a').catch(() => {});
  llm.call('b').catch(() => {});
  await settled();
  assert.equal(port.calls('start').length, 1);
  assert.equal(port.calls('call').length, 2);
});

test('a death that was not told yet: the next call begins the next generation', async () => {
  const { llm, port } = make();
  llm.call('a').catch(() => {});
  await settled();
  port.event('ready', READY);
  port.live = false;
  port.next.start.push(() => {
    port.event('down', DOWN);
    return port.nextGeneration();
  });
  const late = llm.call('b');
  await settled();
  assert.equal(port.calls('start').length, 2);
  assert.equal(port.calls('call').length, 2);
  port.frames([RESULT, 2, settlement('answer'), 0]);
  assert.equal(await late, 'answer');
});

test('the rest of a batch is delivered, whatever a callback did in its middle', async () => {
  const { llm, port } = make({ log: 'event' });
  const first = llm.call('a');
  await settled();
  port.next.call.push(coded('ERR_SERVER_EXITED'), 7);
  port.next.start.push(() => port.nextGeneration());
  llm.on('log', () => llm.call('b').catch(() => {}));
  const line = { level: 20, source: 'stdout', logger: '', call: 0, text: 'said' };
  port.frames([LOG, 0, line, 0], [RESULT, 1, settlement('answer'), 0]);
  assert.equal(await first, 'answer');
});

test('a call is sent with its name, kind, arguments and window', async () => {
  const { llm, port } = make();
  llm.chat.completions.create(REQUEST).catch(() => {});
  llm.chat.completions.create({ ...REQUEST, stream: true }).catch(() => {});
  await settled();
  assert.deepEqual(port.calls('call'), [
    ['completion', 0, JSON.stringify(REQUEST), WHOLE_WINDOW],
    ['completion', 1, JSON.stringify({ ...REQUEST, stream: true }), WINDOW],
  ]);
});

test('the loop is held from the first pending promise to the last', async () => {
  const { llm, port } = make();
  const [one, two] = [llm.call('a'), llm.call('b')];
  port.frames([RESULT, 2, settlement('b'), 0]);
  await two;
  assert.deepEqual([port.calls('hold').length, port.calls('release').length], [1, 0]);
  port.frames([RESULT, 1, settlement('a'), 0]);
  await one;
  await settled();
  assert.deepEqual([port.calls('hold').length, port.calls('release').length], [1, 1]);
});

test('frames of a call that is unknown, or settled, are dropped', async () => {
  const { llm, port } = make();
  const call = llm.call('a');
  port.frames(
    [RESULT, 7, settlement('other'), 0],
    [RESULT, 1, settlement('a'), 0],
    [RESULT, 1, settlement('again'), 0],
  );
  assert.equal(await call, 'a');
});

test('a call is settled once, whatever comes together', async () => {
  const { llm, port } = make();
  const controller = new AbortController();
  const call = llm.call('a', {}, { signal: controller.signal });
  port.frames([RESULT, 1, settlement('a'), 0]);
  port.event('down', DOWN);
  controller.abort();
  assert.equal(await call, 'a');
  assert.equal(port.calls('cancel').length, 0);
});

test('what was read is granted; of another generation it is not', async () => {
  const { llm, port } = make();
  const opening = llm.chat.completions.create({ ...REQUEST, stream: true });
  const cost = WINDOW / 4;
  port.frames(
    [TEMPLATE, 1, { slot: 1, chunk: JSON.stringify(textChunk('a')) }, cost],
    [DELTA, 1, 'b', cost],
    [DELTA, 1, 'c', cost],
  );
  const iterator = (await opening)[Symbol.asyncIterator]();
  await iterator.next();
  assert.deepEqual(port.calls('consume'), [[1, cost]]);
  port.event('down', DOWN);
  await iterator.next();
  assert.equal(port.calls('consume').length, 1);
});

test('a death that nobody has noticed: the call goes to the next generation', async () => {
  const { llm, port } = make();
  port.next.call.push(coded('ERR_SERVER_EXITED'));
  port.next.start.push(() => port.nextGeneration());
  const call = llm.call('a');
  await settled();
  assert.equal(port.calls('start').length, 2);
  port.frames([RESULT, 1, settlement('a'), 0]);
  assert.equal(await call, 'a');
});

test('a call that no generation takes fails; it is not tried for ever', async () => {
  const { llm, port } = make();
  port.next.call.push(coded('ERR_SERVER_EXITED'), coded('ERR_SERVER_EXITED'));
  await assert.rejects(llm.call('a'), { code: 'ERR_SERVER_EXITED' });
  assert.equal(port.calls('call').length, 2);
});

test('no memory for a call is no death', async () => {
  const { llm, port } = make();
  port.next.call.push(coded('ERR_MEMORY'));
  await assert.rejects(llm.call('a'), { code: 'ERR_MEMORY' });
  assert.equal(port.calls('start').length, 1);
});

test('a generation on its way out: the start waits for its death', async () => {
  const { llm, port } = make();
  port.next.call.push(coded('ERR_SERVER_EXITED'));
  port.next.start.push(
    () => null,
    () => port.nextGeneration(),
  );
  const call = llm.call('a');
  await settled();
  assert.equal(port.calls('call').length, 1, 'nothing is sent yet');
  port.event('down', { ...DOWN, generation: 1 });
  await settled();
  port.frames([RESULT, 1, settlement('a'), 0]);
  assert.equal(await call, 'a');
});

test('what is reported while start is asked for is not lost, and is told after the constructor', async () => {
  const { LiteLLM, port } = load();
  new LiteLLM(SILENT); // makes the port
  const own = port();
  own.event('down', DOWN);
  await settled();
  own.generation = 2;
  own.next.start.push(() => {
    own.event('spawned', { pid: 5, pythonPath: '/p', platform: 'lambda', spawnMs: 3 });
    return { generation: 2, created: true };
  });
  const second = new LiteLLM(SILENT);
  second.start; // nothing yet: the first instance's next call starts
  const records = [];
  second.on('timing', (record) => records.push(record));
  await settled();
  assert.deepEqual(
    records.map(({ pythonPath, isLambda }) => [pythonPath, isLambda]),
    [
      ['/p', true],
      ['/p', undefined],
    ],
  );
});

test('only the thread that started a generation reports on its start', async () => {
  const { LiteLLM, port } = load();
  const first = new LiteLLM(SILENT);
  port().event('down', DOWN);
  port().generation = 2;
  port().next.start.push(() => ({ generation: 2, created: false }));
  const records = [];
  first.on('timing', (record) => records.push(record));
  const ready = first.ready();
  port().event('spawned', { pid: 5, pythonPath: '/p', platform: 'local', spawnMs: 3 });
  port().event('ready', READY);
  await ready;
  assert.deepEqual(records, []);
});

test('a refused start: the error is that of the addon', async () => {
  const { llm, port } = make();
  port.event('down', DOWN);
  port.next.start.push(coded('ERR_SPAWN', { detail: 'EMFILE (too many open files)' }));
  await assert.rejects(llm.call('a'), (error) => {
    assert.equal(error.code, 'ERR_SPAWN');
    assert.match(error.message, /EMFILE/);
    assert.equal(error.cause, undefined);
    return true;
  });
});

test('a start refused by the back-off has the last failure as its cause', async () => {
  const { llm, port } = make();
  port.event('down', { ...DOWN, code: 'ERR_PYTHON_BROKEN' });
  port.next.start.push(coded('ERR_PYTHON_BROKEN', { backoff: true }));
  await assert.rejects(llm.ready(), (error) => {
    assert.equal(error.code, 'ERR_PYTHON_BROKEN');
    assert.equal(error.cause.message, 'the Python interpreter does not run: it died');
    return true;
  });
});

test('a start refused in the constructor is not thrown there', async () => {
  const { LiteLLM, port } = load();
  const first = new LiteLLM(SILENT);
  port().event('down', DOWN);
  port().next.start.push(coded('ERR_SPAWN'));
  const second = new LiteLLM(SILENT);
  const ready = second.ready(); // tries again
  port().event('ready', READY);
  await ready;
  assert.equal(first.status().ready, true);
});

test('the end of a generation that was not the current one touches nothing', async () => {
  const { llm, port } = make();
  const call = llm.call('a');
  port.event('down', { ...DOWN, generation: 99 });
  port.frames([RESULT, 1, settlement('a'), 0]);
  assert.equal(await call, 'a');
});

test('a death reported before anybody waits fails the wait for ready, not the next one', async () => {
  const { llm, port } = make();
  const ready = llm.ready();
  port.event('down', { ...DOWN, code: 'ERR_PYTHON_BROKEN' });
  await assert.rejects(ready, { code: 'ERR_PYTHON_BROKEN' });
  port.generation = 2;
  const again = llm.ready();
  port.event('ready', READY);
  await again;
});

test('a start that takes too long is ended by its number', async () => {
  const { llm, port } = make({ ...SILENT, startTimeout: 10 });
  const ready = llm.ready();
  while (port.calls('abort').length === 0) await new Promise((resolve) => setTimeout(resolve, 5));
  const [[generation, code, detail]] = port.calls('abort');
  assert.deepEqual([generation, code], [1, 'ERR_START_TIMEOUT']);
  assert.match(detail, /^not ready within 10 ms; it was not spawned yet/);
  port.event('down', { ...DOWN, code: 'ERR_START_TIMEOUT' });
  await assert.rejects(ready, { code: 'ERR_START_TIMEOUT' });
});

test('of env, which may hold secrets, a digest is claimed', () => {
  const { port } = make({ ...SILENT, env: { KEY: 'sk-secret' }, python: '/p' });
  const [[claimed]] = port.calls('claim');
  assert.deepEqual(
    claimed.map(([name]) => name),
    ['python', 'env'],
  );
  assert.equal(claimed[0][1], '"/p"');
  assert.match(claimed[1][1], /^[0-9a-f]{64}$/);
});

test('the last instance of a thread closes its port; a later one makes another', async () => {
  const { LiteLLM, port } = load();
  const first = new LiteLLM(SILENT);
  const old = port();
  await first.close();
  assert.deepEqual(
    old.log.slice(-3).map(([name]) => name),
    ['start', 'unclaim', 'close'],
  );
  new LiteLLM(SILENT);
  assert.notEqual(port(), old);
  assert.deepEqual(
    port().log.map(([name]) => name),
    ['claim', 'start'],
  );
});

test('a stream that ends serves usage from the end frame', async () => {
  const { llm, port } = make();
  const opening = llm.chat.completions.create({ ...REQUEST, stream: true });
  port.frames([END, 1, settlement(null, { usage: { total_tokens: 2 }, cost: 1 }), 0]);
  const stream = await opening;
  assert.deepEqual(stream.usage, { total_tokens: 2 });
});
