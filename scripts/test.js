'use strict';

/**
 * npm test: sets up what is missing, runs every group, and says in the end what passed.
 *   npm test -- c js          only these groups
 *   npm test -- js --node 20  under this Node version only
 *   npm test -- differential --litellm 1.78.7  on this LiteLLM only
 */

const { parseArgs } = require('node:util');
const { CommandError } = require('../lib/cli/error');
const { GROUPS, LITELLMS, MAJORS } = require('./groups');
const { main, setup } = require('./setup');

function choose(kind, given, all) {
  const unknown = given.find((name) => !all.includes(name));
  if (unknown === undefined) return given.length > 0 ? given : all;
  throw new CommandError(`There is no ${kind} ${unknown}`, `There are: ${all.join(', ')}`);
}

function parse() {
  const several = { type: /** @type {const} */ ('string'), multiple: true, default: [] };
  const { values, positionals } = parseArgs({
    options: { node: several, litellm: several },
    allowPositionals: true,
  });
  return {
    groups: choose('group', positionals, Object.keys(GROUPS)),
    majors: choose('Node version', values.node, MAJORS),
    litellms: choose('LiteLLM version', values.litellm, LITELLMS),
  };
}

/** @returns {Promise<import('./groups').Result[]>} */
async function runGroups({ groups, majors, litellms }) {
  const results = [];
  for (const group of groups) {
    for (const job of GROUPS[group](majors, litellms)) {
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
  const chosen = parse();
  await setup({ forTests: true, groups: chosen.groups, litellms: chosen.litellms });
  const results = await runGroups(chosen);
  summarise(results);
  if (!results.every(isGood)) process.exitCode = 1;
});
