'use strict';

/**
 * npm test: sets up what is missing, runs every group, and says in the end what passed.
 *   npm test -- c js          only these groups
 *   npm test -- js --node 20  under this Node version only
 */

const { parseArgs } = require('node:util');
const { CommandError } = require('../lib/cli/error');
const { GROUPS, MAJORS } = require('./groups');
const { main, setup } = require('./setup');

function choose(kind, given, all) {
  const unknown = given.find((name) => !all.includes(name));
  if (unknown === undefined) return given.length > 0 ? given : all;
  throw new CommandError(`There is no ${kind} ${unknown}`, `There are: ${all.join(', ')}`);
}

function parse() {
  const { values, positionals } = parseArgs({
    options: { node: { type: 'string', multiple: true, default: [] } },
    allowPositionals: true,
  });
  return {
    groups: choose('group', positionals, Object.keys(GROUPS)),
    majors: choose('Node version', values.node, MAJORS),
  };
}

/** @returns {Promise<import('./groups').Result[]>} */
async function runGroups(groups, majors) {
  const results = [];
  for (const group of groups) {
    for (const job of GROUPS[group](majors)) {
      console.log(`\n=== ${job.name}`);
      results.push(await job.run());
    }
  }
  return results;
}

/** A group that ran nothing proves nothing: it fails. */
const isGood = ({ code, passed, failed }) => code === 0 && passed > 0 && failed === 0;

function summarise(results) {
  console.log('\n=== summary');
  for (const result of results) {
    const verdict = isGood(result) ? 'ok' : 'FAILED';
    const { name, code, passed, failed } = result;
    console.log(`${verdict.padEnd(7)} ${name}: ${passed} passed, ${failed} failed, exit status ${code}`);
  }
  const sum = (key) => results.reduce((total, result) => total + result[key], 0);
  console.log(`${sum('passed')} passed, ${sum('failed')} failed`);
}

main(async () => {
  const { groups, majors } = parse();
  await setup({ forTests: true, groups });
  const results = await runGroups(groups, majors);
  summarise(results);
  if (!results.every(isGood)) process.exitCode = 1;
});
