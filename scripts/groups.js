'use strict';

/** The groups of tests: how each is run, and how its results are counted. */

const fs = require('node:fs');
const { availableParallelism } = require('node:os');
const path = require('node:path');
const { C_COUNTS, NODE_COUNTS, PYTEST_COUNTS, job } = require('./jobs');
const { ROOT } = require('./paths');
const { MAJORS, nodeBinary } = require('./steps/node-versions');
const { LITELLMS, LOCKED_LITELLM, NEWER_LITELLM, newerPython, pytestWith } = require('./steps/python');

/** @typedef {import('./jobs').Job} Job */

const TEST_TIMEOUT = 180_000; // ms for one test: one that hangs must not hold up the rest

/** Groups of their own out of test/e2e: the names of their files. The group e2e is the rest. */
const OF_E2E = {
  streams: ['streams', 'matrix', 'corrections', 'figures'],
  cancel: ['cancel', 'cancel-table'],
  flow: ['flow'],
};

const isApart = (file) => Object.values(OF_E2E).flat().includes(path.basename(file, '.test.js'));

/** The test files of a group, which is a folder of test/, or a part of test/e2e. */
function filesOf(group) {
  if (Object.hasOwn(OF_E2E, group)) {
    return OF_E2E[group].map((name) => path.join('test', 'e2e', `${name}.test.js`));
  }
  const all = testFiles(path.join('test', group));
  return group === 'e2e' ? all.filter((file) => !isApart(file)) : all;
}

function testFiles(folder) {
  const all = fs.readdirSync(path.join(ROOT, folder), { recursive: true, encoding: 'utf8' });
  return all.filter((name) => name.endsWith('.test.js')).map((name) => path.join(folder, name));
}

/**
 * Options of Node for a test run.
 * @param {number} [timeout] ms
 * @param {number} [files] at once
 */
const nodeOptions = (timeout = TEST_TIMEOUT, files = availableParallelism()) => [
  '--test',
  '--test-reporter=spec',
  `--test-concurrency=${files}`,
  `--test-timeout=${timeout}`,
];

/**
 * The arguments of Node for the test files of a group.
 * @param {string} group
 * @param {number} [timeout] ms
 * @param {number} [files] at once
 */
function nodeTests(group, timeout, files) {
  return [...nodeOptions(timeout, files), ...filesOf(group)];
}

/** @returns {(majors: string[]) => Job[]} one job for each Node version */
function nodeGroup(group, timeout = TEST_TIMEOUT) {
  return (majors) =>
    majors.map((major) => {
      const args = nodeTests(group, timeout);
      return job(`${group} under Node ${major}`, NODE_COUNTS, nodeBinary(major), args);
    });
}

// ms; these run programs that take minutes, and Node 20 takes the limit for that of a whole file
const LONG_TIMEOUT = 900_000;

/** For what does not depend on Node's version: under the newest of those that are asked for. */
const onceGroup = (group, timeout) => (majors) => nodeGroup(group, timeout)(majors.slice(-1));

const DIFFERENTIAL = 'test/python/differential';
const START = 'test/python/start';

/**
 * @param {string} group
 * @param {string[]} args of pytest
 * @param {object} [limits]
 * @param {number} [limits.timeout] ms, for a test with what is set up for it
 * @param {number} [limits.processes] that share the tests
 * @returns {(majors: string[], litellms: string[]) => Job[]} one job for each LiteLLM
 */
function pytestGroup(group, args, { timeout = TEST_TIMEOUT, processes = availableParallelism() } = {}) {
  const limits = [`--timeout=${timeout / 1000}`, '-n', String(processes)];
  const all = ['-m', 'pytest', '-q', '-p', 'no:cacheprovider', ...limits, ...args];
  return (_, litellms) =>
    litellms.map((litellm) => {
      const { python, env } = pytestWith(litellm);
      return job(`${group} on LiteLLM ${litellm}`, PYTEST_COUNTS, python, all, env);
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
  const args = [...nodeOptions(), ...ON_NEWER];
  const env = { LITELLM_BRIDGE_PYTHON: newerPython() ?? '' };
  return [job(`e2e on LiteLLM ${NEWER_LITELLM}`, NODE_COUNTS, nodeBinary(majors[0]), args, env)];
}

/** @returns {Job[]} the core without Node */
function cGroup() {
  const make = (name, ...args) => job(name, C_COUNTS, 'make', ['-s', '-C', ...args]);
  return [
    make('c', 'test/c', 'check'),
    make('c with the system calls of other systems', 'test/c', 'check', 'PORTABLE=1'),
    make('c on the kept inputs of the fuzzers', 'test/fuzz', 'replay'),
  ];
}

const GROUPS = {
  c: cGroup,
  python: pytestGroup('python', ['test/python', '--ignore', DIFFERENTIAL, '--ignore', START]),
  differential: pytestGroup('differential', ['-W', 'ignore', DIFFERENTIAL]),
  start: onLocked(pytestGroup('start', [START])),
  js: nodeGroup('js'),
  process: nodeGroup('process'),
  streams: onceGroup('streams'),
  cancel: onceGroup('cancel'),
  flow: onceGroup('flow'),
  e2e: nodeGroup('e2e'),
  lambda: nodeGroup('lambda'),
  layer: onceGroup('layer', LONG_TIMEOUT),
  'layer-arm64': onceGroup('layer-arm64', LONG_TIMEOUT),
  'e2e-lambda': onceGroup('e2e-lambda', LONG_TIMEOUT),
  publish: onceGroup('publish', LONG_TIMEOUT),
  iac: onceGroup('iac', LONG_TIMEOUT),
  tls: (...chosen) => [
    ...onLocked(pytestGroup('tls', ['test/tls']))(...chosen),
    ...nodeGroup('tls')(chosen[0]),
  ],
  // Its tests share what takes minutes to set up.
  equivalence: pytestGroup('equivalence', ['test/equivalence'], { timeout: LONG_TIMEOUT, processes: 0 }),
  newer: newerGroup,
};

module.exports = { GROUPS, LITELLMS, MAJORS, nodeTests };
