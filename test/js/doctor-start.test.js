'use strict';

/** What `doctor --start` says, and how it fits a terminal. */

const assert = require('node:assert/strict');
const { test } = require('node:test');
const { stripVTControlCharacters } = require('node:util');

const { run } = require('./support/child');
const { costs, startText } = require('../../lib/cli/doctor/start');

const REPORT = {
  timings: { spawn: 0.4, interpreter: 21.3, bootstrap: 45, import: 512.7, ready: 3, warmUp: 12345.6 },
  archive: { path: '/a/litellm-bridge.archive', used: true, reason: '' },
  modules: [
    { name: 'litellm', ms: 301.2 },
    { name: 'a_package_with_a_very_long_name', ms: 12 },
    { name: 'tiny', ms: 0.04 },
  ],
};

test('where Python does not start nothing is left that keeps the process', async () => {
  const file = require.resolve('../../lib/cli/doctor/start');
  const { printed } = await run(`
    const { examineStart } = require(${JSON.stringify(file)});
    const error = await examineStart({ python: '/no/such/python3' }).catch((error) => error);
    print([error.code, process.getActiveResourcesInfo().filter((name) => name === 'Timeout')]);`);
  assert.deepEqual(printed, [['ERR_PYTHON_NOT_FOUND', []]]);
});

test('no line is wider than 80 columns, with colours or without', () => {
  for (const colors of [false, true]) {
    const lines = stripVTControlCharacters(startText(REPORT, { colors })).split('\n');
    for (const line of lines) assert.ok(line.length <= 80, `${line.length}: ${line}`);
    assert.ok(lines.some((line) => line.length > 70, 'the longest bar uses the room'));
  }
});

test('without colours there is no escape sequence; with them the text is the same', () => {
  const plain = startText(REPORT);
  assert.ok(!plain.includes('\x1b'));
  const colored = startText(REPORT, { colors: true });
  assert.ok(colored.includes('\x1b'));
  assert.equal(stripVTControlCharacters(colored), plain);
});

test('the longest bar is the largest part, and the others are in proportion', () => {
  const bars = new Map(
    startText(REPORT)
      .split('\n')
      .map((line) => /^(\w+) +[\d.]+ ms {2}(#*)$/.exec(line))
      .filter((match) => match !== null)
      .map(([, name, bar]) => [name, bar.length]),
  );
  assert.equal(bars.get('warmUp'), 52);
  assert.equal(bars.get('import'), Math.round((512.7 / 12345.6) * 52));
  assert.equal(bars.get('litellm'), 52);
});

test('the start is what comes before ready: the warm-up is no part of it', () => {
  assert.match(startText(REPORT), /ready after 582 ms/);
});

test('a part that is not known is left out', () => {
  const text = startText({ ...REPORT, timings: { ...REPORT.timings, warmUp: null } });
  assert.ok(!text.includes('warmUp'));
});

test('the archive: used, passed over and why, none, not known', () => {
  const say = (archive) => startText({ ...REPORT, archive }).replace(/\s+/g, ' ');
  const path = '/a/litellm-bridge.archive';
  assert.match(say({ path, used: true, reason: '' }), /archive is used/);
  assert.match(say({ path, used: false, reason: 'it is damaged' }), /is not used: it is damaged/);
  assert.match(say({ path, used: false, reason: '' }), /none at .*install makes one/);
  assert.match(say(null), /not known/);
});

test('what modules took is added up by package, most first', () => {
  const text = [
    'import time: self [us] | cumulative | imported package',
    'import time:       100 |        100 |   pydantic.main',
    'import time:       250 |        350 | pydantic',
    'import time:      2000 |       2350 | litellm',
    'something else',
  ].join('\n');
  assert.deepEqual(costs(text), [
    { name: 'litellm', ms: 2 },
    { name: 'pydantic', ms: 0.35 },
  ]);
});
