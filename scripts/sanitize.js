'use strict';

/**
 * npm run sanitize: the C tests under the address and undefined-behaviour sanitizers, under the
 * thread sanitizer and under valgrind; then Node's tests with an addon that has the former two.
 * And the addon with the system calls of other systems, under some of them.
 *   npm run sanitize -- address threads valgrind node portable   only these
 */

const { execFileSync } = require('node:child_process');
const fs = require('node:fs');
const path = require('node:path');
const { CommandError } = require('../lib/cli/error');
const { nodeTests } = require('./groups');
const { C_COUNTS, NODE_COUNTS, job, runJobs } = require('./jobs');
const { ROOT } = require('./paths');
const { main, setup } = require('./setup');
const { buildOther, variablesFor } = require('./steps/other-addon');

/** Those of Node's tests that drive the core in every way; the others look at Python and npm. */
const NODE_GROUPS = ['js', 'process'];
const WITHOUT = /install|base-python|doctor/; // of those: what runs pip and other programs for minutes
/** What another table of system calls could change. */
const PORTABLE = /children|close|ends|stuck/;
const TEST_TIMEOUT = 900_000; // ms, for a file as well as for a test: all is slower
const REPORTS = path.join(ROOT, 'build', 'sanitize', 'reports');
/** A test may well expect that a process ends badly: what sanitizers say is looked at by itself. */
const LOG = `log_path=${path.join(REPORTS, 'report')}`;

const c = (name, ...flags) => job(name, C_COUNTS, 'make', ['-s', '-C', 'test/c', 'check', ...flags]);

/** Where the compiler has a library. */
function libraryFile(name) {
  return execFileSync('cc', [`-print-file-name=${name}`], { encoding: 'utf8' }).trim();
}

/**
 * Node is not built with the sanitizers, so their runtime has to be there before it.
 * @param {string} folder of the addon
 */
function sanitizedEnvironment(folder) {
  const preload = `${libraryFile('libasan.so')} ${libraryFile('libstdc++.so.6')}`;
  return {
    ...variablesFor(folder),
    LD_PRELOAD: preload,
    ASAN_OPTIONS: `detect_leaks=0:${LOG}`, // Node and Python leave much for the system to free
    UBSAN_OPTIONS: `print_stacktrace=1:${LOG}`,
  };
}

/** @param {string} folder of the addon */
function nodeJobs(folder) {
  const env = sanitizedEnvironment(folder);
  return NODE_GROUPS.map((group) => {
    const args = nodeTests(group, TEST_TIMEOUT, 1).filter((arg) => !WITHOUT.test(arg));
    return job(`${group}, addon with sanitizers`, NODE_COUNTS, process.execPath, args, env);
  });
}

/** What the sanitizers wrote, each report by itself. */
function showReports() {
  const names = fs.existsSync(REPORTS) ? fs.readdirSync(REPORTS) : [];
  for (const name of names) console.log(`\n${fs.readFileSync(path.join(REPORTS, name), 'utf8')}`);
  if (names.length === 0) return;
  throw new CommandError('The sanitizers found something', `Their reports are in ${REPORTS}`);
}

async function* jobsOf(parts) {
  for (const part of parts) yield* await PARTS[part]();
}

const PARTS = {
  address: () => [c('c, address', 'SANITIZE=1'), c('c, address, portable', 'SANITIZE=1', 'PORTABLE=1')],
  threads: () => [c('c, threads', 'THREADS=1')],
  valgrind: () => [c('c, valgrind', 'VALGRIND=1', 'PORTABLE=1')], // Debian 12's knows no pidfd
  async node() {
    const folder = await buildOther('sanitize');
    fs.rmSync(REPORTS, { recursive: true, force: true });
    fs.mkdirSync(REPORTS);
    return nodeJobs(folder);
  },
  async portable() {
    const args = nodeTests('process').filter((arg) => arg.startsWith('--') || PORTABLE.test(arg));
    const env = variablesFor(await buildOther('portable'));
    return [job('process, portable addon', NODE_COUNTS, process.execPath, args, env)];
  },
};

function parse(given) {
  const unknown = given.find((name) => !(name in PARTS));
  if (unknown === undefined) return given.length > 0 ? given : Object.keys(PARTS);
  throw new CommandError(`There is no part ${unknown}`, `There are: ${Object.keys(PARTS).join(', ')}`);
}

main(async () => {
  const parts = parse(process.argv.slice(2));
  await setup({ forTests: true, groups: ['sanitize'] });
  await runJobs(jobsOf(parts));
  showReports();
});
