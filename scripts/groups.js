'use strict';

/** The groups of tests: how each is run, and how its results are counted. */

const fs = require('node:fs');
const path = require('node:path');
const { stripVTControlCharacters } = require('node:util');
const { run } = require('../lib/cli/process');
const { ROOT } = require('./paths');
const { MAJORS, nodeBinary } = require('./steps/node-versions');
const { toolsPython } = require('./steps/python');

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
function job(name, patterns, file, args) {
  return {
    name,
    async run() {
      const show = (line) => console.log(line);
      const { code, out } = await run(file, args, { cwd: ROOT, onLine: show, onErrorLine: show });
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

/** @returns {(majors: string[]) => Job[]} one job for each Node version */
function nodeGroup(group) {
  const options = ['--test', '--test-reporter=spec', `--test-timeout=${TEST_TIMEOUT}`];
  return (majors) =>
    majors.map((major) => {
      const args = [...options, ...testFiles(path.join('test', group))];
      return job(`${group} under Node ${major}`, NODE_COUNTS, nodeBinary(major), args);
    });
}

/** For what does not depend on Node's version: under the newest of those that are asked for. */
const onceGroup = (group) => (majors) => nodeGroup(group)(majors.slice(-1));

const C_COUNTS = { passed: /^(\d+) passed, \d+ failed$/gm, failed: /^\d+ passed, (\d+) failed$/gm };
const PYTEST_COUNTS = { passed: /(\d+) passed/g, failed: /(\d+) (?:failed|errors?)\b/g };

const DIFFERENTIAL = 'test/python/differential';
const START = 'test/python/start';

/** @returns {() => Job[]} */
function pytestGroup(group, ...paths) {
  const options = ['-q', '-p', 'no:cacheprovider', `--timeout=${TEST_TIMEOUT / 1000}`];
  return () => [job(group, PYTEST_COUNTS, toolsPython(), ['-m', 'pytest', ...options, ...paths])];
}

const GROUPS = {
  c: () => [job('c', C_COUNTS, 'make', ['-s', '-C', 'test/c', 'check'])],
  python: pytestGroup('python', 'test/python', '--ignore', DIFFERENTIAL, '--ignore', START),
  differential: pytestGroup('differential', '-W', 'ignore', DIFFERENTIAL),
  start: pytestGroup('start', START),
  js: nodeGroup('js'),
  process: nodeGroup('process'),
  e2e: nodeGroup('e2e'),
  lambda: nodeGroup('lambda'),
  publish: onceGroup('publish'),
  tls: (majors) => [...pytestGroup('tls', 'test/tls')(), ...nodeGroup('tls')(majors)],
};

module.exports = { GROUPS, MAJORS };
