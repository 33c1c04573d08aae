'use strict';

/** `litellm-bridge layer update`: another LiteLLM, built, verified and compared before it is taken. */

const fs = require('node:fs');
const path = require('node:path');
const { makeDraft, moveIntoPlace, removeFolder } = require('../../draft');
const { CommandError } = require('../../error');
const { makeTemporary } = require('../../temporary');
const { build } = require('../builder');
const { planOf } = require('../builder/options');
const { verify } = require('../verify');
const { toText: findingsOf } = require('../verify/text');
const { checkKept, extrasAs } = require('./kept');
const { measure } = require('./measure');
const { checkVersion, pinnedTo, requirementsWith } = require('./requirements');
const { toText } = require('./text');

const OWN = { x64: 'x86_64', arm64: 'arm64' };
const ENDINGS = ['zip', 'log', 'lock', 'json']; // the report last: with it the layer is whole

/** @param {string} folder @param {string} arch */
const fileOf = (folder, arch, ending) => path.join(folder, `litellm-layer-${arch}.${ending}`);

/** The report of the layer that is there. */
function reportIn(folder, arch) {
  const file = fileOf(folder, arch, 'json');
  const whole = fs.existsSync(file) && fs.existsSync(path.join(folder, arch, 'python'));
  return whole ? JSON.parse(fs.readFileSync(file, 'utf8')) : null;
}

/** The lock is written at the end, after minutes: whether it can be is asked before. */
function checkLock(file) {
  try {
    fs.accessSync(path.dirname(path.resolve(file)), fs.constants.W_OK);
    if (fs.statSync(file, { throwIfNoEntry: false })?.isDirectory()) throw new Error('it is a folder');
  } catch (cause) {
    const hint = 'Name a file in a folder that can be written: --lock FILE';
    throw new CommandError(`${file} can't be written: ${cause.message}`, hint, { cause });
  }
}

/** What is compared with: the layer that is there, else the one of this package's lock. */
async function former(plan, options, context) {
  const there = reportIn(plan.out, plan.arch);
  if (there) return there;
  context.report(`There is no layer in ${plan.out} to compare with: building the locked one first`);
  return (await build(options, context)).report;
}

/** Builds it with the requirements, which pip resolves and hashes; the lock is beside the zip. */
async function buildWith(requirements, options, draft, context) {
  const folder = makeTemporary('litellm-layer-');
  const file = path.join(folder, 'requirements.txt');
  try {
    fs.writeFileSync(file, requirements);
    return (await build({ ...options, requirements: file, out: draft }, context)).report;
  } finally {
    await removeFolder(folder);
  }
}

/**
 * With the other packages as they are; where pip finds that the new LiteLLM wants others, with
 * those of today.
 */
async function buildNew(version, options, before, draft, context) {
  const free = requirementsWith(version, options.requirements);
  if (version === undefined || options.requirements) return buildWith(free, options, draft, context);
  try {
    const pinned = pinnedTo(before.manifest.packages, version);
    return await buildWith(pinned, options, draft, context);
  } catch (error) {
    if (!/ResolutionImpossible|conflict/.test(error.message)) throw error;
    context.report(`LiteLLM ${version} needs other versions of its packages: taking the newest`);
    return buildWith(free, options, draft, context);
  }
}

/** As the former layer, unless it is said. */
function optionsAs(manifest, options) {
  const extra = extrasAs(manifest, options.extra);
  if (options.slim || options.full) return { ...options, extra };
  const { variant } = manifest;
  return { ...options, extra, slim: variant === 'slim', full: variant === 'full' };
}

async function checked(zip, context) {
  const [result] = await verify(zip, context);
  if (result.ok) return;
  throw new CommandError(
    `The new layer does not work; the former one stays.\n${findingsOf(result)}`,
    'Try another version, or report it: the list of what is left out (layer/prune.toml) may no longer fit',
  );
}

/** The new layer in the draft, with all that the former one was asked to have. */
async function make(version, plan, options, before, draft, context) {
  const after = await buildNew(version, optionsAs(before.manifest, options), before, draft, context);
  // Requirements that are named say themselves what the layer is to have.
  if (!options.requirements) {
    checkKept(before.manifest, after.manifest, path.join(plan.out, plan.arch, 'python'));
  }
  await checked(fileOf(draft, plan.arch, 'zip'), context);
  return after;
}

/** Another machine's layer is verified under an emulator, whose times say nothing. */
async function measured(plan, draft, context) {
  if (OWN[process.arch] !== plan.arch) return null;
  context.report('Measuring starts, before and after');
  return measure(
    [plan.out, draft].map((folder) => path.join(folder, plan.arch)),
    context,
  );
}

async function take(draft, { out, arch }) {
  await fs.promises.rm(fileOf(out, arch, 'json'), { force: true });
  await moveIntoPlace(path.join(draft, arch), path.join(out, arch), () => false);
  for (const ending of ENDINGS) fs.renameSync(fileOf(draft, arch, ending), fileOf(out, arch, ending));
}

/**
 * @param {string | undefined} version of LiteLLM; else the newest
 * @param {import('../builder/options').BuildOptions & { lock: string }} options
 * @param {{ signal?: AbortSignal, report: (line: string) => void }} context
 * @returns {Promise<{ before: any, after: any, starts: import('./measure').Start[] | null, zip: string }>}
 *   the reports of both builds, and the best start of each
 * @throws {CommandError} then the former layer is as it was
 */
async function update(version, options, context) {
  checkVersion(version);
  checkLock(options.lock);
  const plan = planOf(options);
  requirementsWith(version, options.requirements); // wrong ones are told before anything is built
  const before = await former(plan, options, context);
  const draft = await makeDraft(path.join(plan.out, 'update'));
  try {
    const after = await make(version, plan, options, before, draft, context);
    const starts = await measured(plan, draft, context);
    fs.copyFileSync(fileOf(draft, plan.arch, 'lock'), options.lock);
    await take(draft, plan);
    return { before, after, starts, zip: fileOf(plan.out, plan.arch, 'zip') };
  } finally {
    await removeFolder(draft);
  }
}

/**
 * @param {string | undefined} version
 * @param {import('../builder/options').BuildOptions & { lock: string }} options
 * @param {AbortSignal} signal
 * @returns {Promise<number>} the exit status
 */
async function updateCommand(version, options, signal) {
  const { before, after, starts, zip } = await update(version, options, { signal, report: console.error });
  console.log(`\n${toText(before, after, starts)}`);
  if (!starts) console.log('Starts are not measured: this machine can only emulate that architecture.');
  console.log(`\nThe versions and hashes are in ${options.lock}. Keep it, and build with it from now on:`);
  console.log(`  npx litellm-bridge layer build --requirements ${options.lock}`);
  console.log(zip);
  return 0;
}

module.exports = { update, updateCommand };
