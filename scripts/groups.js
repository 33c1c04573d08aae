'use strict';

/** The groups of tests: how each is run, and how its results are counted. */

const fs = require('node:fs');
const path = require('node:path');
const { stripVTControlCharacters } = require('node:util');
const { run } = require('../lib/cli/process');
const { ROOT } = require('./paths');
const { MAJORS, nodeBinary } = require('./steps/node-versions');
const { LITELLMS, LOCKED_LITELLM, NEWER_LITELLM, newerPython, pytestWith } = require('./steps/python');

const TEST_TIMEOUT = 180_000; // ms for one test: one that hangs must not hold up the rest

/**
 * @typedef {object} Result
 * @property {string} name
 * @property {number | null} code exit status
 * @property {number} passed
 * @property {number} failed
 *
 * @typedef {object} Job one run of a test program
 * @property {string} name
 * @property {() => Promise<Result>} run
 */

/** The sum of the numbers that a pattern finds. */
function total(text, pattern) {
  return [...text.matchAll(pattern)].reduce((sum, [, number]) => sum + Number(number), 0);
}

/** @returns {Job} */
function job(name, patterns, file, args, env = {}) {
  return {
    name,
    async run() {
      const show = (line) => console.log(line);
      const options = { cwd: ROOT, env: { ...process.env, ...env }, onLine: show, onErrorLine: show };
      const { code, out } = await run(file, args, options);
      const text = stripVTControlCharacters(out);
      return { name, code, passed: total(text, patterns.passed), failed: total(text, patterns.failed) };
    },
  };
}

function testFiles(folder) {
  const all = fs.readdirSync(path.join(ROOT, folder), { recursive: true, encoding: 'utf8' });
  return all.filter((name) => name.endsWith('.test.js')).map((name) => path.join(folder, name));
}

const NODE_COUNTS = { passed: /^. pass (\d+)$/gm, failed: /^. (?:fail|cancelled) (\d+)$/gm };

const NODE_OPTIONS = ['--test', '--test-reporter=spec', `--test-timeout=${TEST_TIMEOUT}`];

/** @returns {(majors: string[]) => Job[]} one job for each Node version */
function nodeGroup(group) {
  return (majors) =>
    majors.map((major) => {
      const args = [...NODE_OPTIONS, ...testFiles(path.join('test', group))];
      return job(`${group} under Node ${major}`, NODE_COUNTS, nodeBinary(major), args);
    });
}

/** For what does not depend on Node's version: under the newest of those that are asked for. */
const onceGroup = (group) => (majors) => nodeGroup(group)(majors.slice(-1));

const C_COUNTS = { passed: /^(\d+) passed, \d+ failed$/gm, failed: /^\d+ passed, (\d+) failed$/gm };
const PYTEST_COUNTS = { passed: /(\d+) passed/g, failed: /(\d+) (?:failed|errors?)\b/g };

const DIFFERENTIAL = 'test/python/differential';
const START = 'test/python/start';

/** @returns {(majors: string[], litellms: string[]) => Job[]} one job for each LiteLLM */
function pytestGroup(group, ...paths) {
  const options = ['-q', '-p', 'no:cacheprovider', `--timeout=${TEST_TIMEOUT / 1000}`];
  return (_, litellms) =>
    litellms.map((litellm) => {
      const { python, env } = pytestWith(litellm);
      const args = ['-m', 'pytest', ...options, ...paths];
      return job(`${group} on LiteLLM ${litellm}`, PYTEST_COUNTS, python, args, env);
    });
}

/** For what newer versions of LiteLLM are not held to. */
const onLocked = (group) => (majors, litellms) =>
  group(
    majors,
    litellms.filter((litellm) => litellm === LOCKED_LITELLM),
  );

/** Everything together on the newer LiteLLM: what the other groups test more of on the locked one. */
const ON_NEWER = ['matrix', 'streams'].map((name) => path.join('test', 'e2e', `${name}.test.js`));

/** @returns {Job[]} under one Node version: what differs is Python's */
function newerGroup(majors, litellms) {
  if (!litellms.includes(NEWER_LITELLM)) return [];
  const args = [...NODE_OPTIONS, ...ON_NEWER];
  const env = { LITELLM_BRIDGE_PYTHON: newerPython() ?? '' };
  return [job(`e2e on LiteLLM ${NEWER_LITELLM}`, NODE_COUNTS, nodeBinary(majors[0]), args, env)];
}

const GROUPS = {
  c: () => [job('c', C_COUNTS, 'make', ['-s', '-C', 'test/c', 'check'])],
  python: pytestGroup('python', 'test/python', '--ignore', DIFFERENTIAL, '--ignore', START),
  differential: pytestGroup('differential', '-W', 'ignore', DIFFERENTIAL),
  start: onLocked(pytestGroup('start', START)),
  js: nodeGroup('js'),
  process: nodeGroup('process'),
  e2e: nodeGroup('e2e'),
  lambda: nodeGroup('lambda'),
  publish: onceGroup('publish'),
  tls: (...chosen) => [
    ...onLocked(pytestGroup('tls', 'test/tls'))(...chosen),
    ...nodeGroup('tls')(chosen[0]),
  ],
  newer: newerGroup,
};

module.exports = { GROUPS, LITELLMS, MAJORS };
