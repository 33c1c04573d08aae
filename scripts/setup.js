'use strict';

/**
 * Sets up what is missing, and nothing else. `node scripts/setup.js` prepares the demo;
 * with --tests also what tests and checks need, but for what a group of tests alone needs.
 */

const { CommandError } = require('../lib/cli/error');

/**
 * @typedef {object} Step
 * @property {string} name
 * @property {string} cost what it takes when there is something to do, for people
 * @property {(need: Need) => Promise<Plan | null>} plan null: it is all there
 *
 * @typedef {object} Need
 * @property {boolean} forTests
 * @property {string[]} groups of tests that will run
 * @property {string[]} litellms versions of LiteLLM that they will run on
 *
 * @typedef {object} Plan
 * @property {string} what what is run, for people
 * @property {(report: (line: string) => void) => Promise<unknown>} run
 */

const seconds = (since) => `${((performance.now() - since) / 1000).toFixed(1)} s`;

/**
 * A step is loaded when its turn comes: it may need node modules, which a step before it installs.
 * @typedef {() => Step} Loader
 */

const python = (name) => () => require('./steps/python')[name];
const newerLitellm = python('newerEnvironment');
const layer = () => require('./steps/layer').layer;
const awsTools = () => require('./steps/aws-tools').awsTools;

const ON_NEWER = ['python', 'differential', 'equivalence', 'newer'];

/** What a group of tests alone needs. @type {Record<string, Loader[]>} */
const GROUP_STEPS = {
  ...Object.fromEntries(ON_NEWER.map((group) => [group, [newerLitellm]])),
  lambda: [() => require('./steps/lambda-clients').lambdaClients],
  layer: [layer, () => require('./steps/lambda-root').debianImage],
  'e2e-lambda': [() => require('./steps/lambda-root').lambdaRoot, layer],
  publish: [awsTools],
  iac: [awsTools, () => require('./steps/iac-tools').iacTools],
};

/** @returns {Loader[]} in the order in which they build on each other */
function steps({ forTests, groups }) {
  const all = [
    () => require('./steps/system-packages'),
    () => require('./steps/node-modules'),
    () => require('./steps/addon'),
    python('privateEnvironment'),
  ];
  if (!forTests) return all;
  const forGroups = new Set(groups.flatMap((group) => GROUP_STEPS[group] ?? []));
  return [...all, python('tools'), () => require('./steps/node-versions').nodeVersions, ...forGroups];
}

/** @returns {Promise<boolean>} whether there was something to do */
async function runStep(step, position, need) {
  const plan = await step.plan(need);
  if (!plan) return false;
  const since = performance.now();
  console.log(`[setup ${position}] ${step.name}: ${plan.what} (about ${step.cost})`);
  await plan.run((line) => console.log(`  ${line}`));
  console.log(`[setup ${position}] ${step.name}: done in ${seconds(since)}`);
  return true;
}

/**
 * @param {object} [options]
 * @param {boolean} [options.forTests]
 * @param {string[]} [options.groups] of tests that will run
 * @param {string[]} [options.litellms] versions of LiteLLM that they will run on
 * @throws {CommandError} when a step fails
 */
async function setup({ forTests = false, groups = [], litellms = [] } = {}) {
  const since = performance.now();
  const need = { forTests, groups, litellms };
  const list = steps(need);
  let count = 0;
  for (const [index, load] of list.entries()) {
    if (await runStep(load(), `${index + 1}/${list.length}`, need)) count++;
  }
  const text = count === 0 ? 'all is there' : 'ready';
  console.log(`[setup] ${text} (${seconds(since)})`);
}

/** Runs a script's main function; its failure is told in plain words. */
function main(run) {
  run().catch((error) => {
    console.error(error instanceof CommandError ? `${error.message}\n\n${error.hint}` : error);
    process.exitCode = 1;
  });
}

module.exports = { main, setup };

if (require.main === module) main(() => setup({ forTests: process.argv.includes('--tests') }));
