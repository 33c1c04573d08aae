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
const { runJobs } = require('./jobs');
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

function* jobsOf({ groups, majors, litellms }) {
  for (const group of groups) yield* GROUPS[group](majors, litellms);
}

main(async () => {
  const chosen = parse();
  await setup({ forTests: true, groups: chosen.groups, litellms: chosen.litellms });
  await runJobs(jobsOf(chosen));
});
