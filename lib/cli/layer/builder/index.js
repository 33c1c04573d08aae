'use strict';

/** `litellm-bridge layer build` */

const fs = require('node:fs');
const path = require('node:path');
const { version } = require('../../../../package.json');
const { cacheFolder } = require('../../../environment');
const { makeDraft, moveIntoPlace, removeFolder } = require('../../draft');
const { CommandError } = require('../../error');
const { createProgress } = require('../../progress');
const { runInner } = require('./inner');
const { planOf } = require('./options');
const { toText } = require('./text');
const { chooseWay } = require('./ways');

const STEPS = 8; // of the inner build

/** @param {string} folder */
function makeFolder(folder) {
  try {
    fs.mkdirSync(folder, { recursive: true });
    return folder;
  } catch (cause) {
    const hint = 'Make it writable, or choose others: --out DIR, and XDG_CACHE_HOME for the cache';
    throw new CommandError(`${folder} can't be made: ${cause.message}`, hint, { cause });
  }
}

/** What was built takes the place of what a former build left. The report comes last. */
async function publishDraft(draft, { arch, out }, report) {
  const name = `litellm-layer-${arch}`;
  await fs.promises.rm(path.join(out, `${name}.json`), { force: true });
  await moveIntoPlace(path.join(draft, arch), path.join(out, arch), () => false);
  for (const ending of ['zip', 'log', 'lock']) {
    const [file, place] = [draft, out].map((folder) => path.join(folder, `${name}.${ending}`));
    if (fs.existsSync(file)) fs.renameSync(file, place);
    else fs.rmSync(place, { force: true }); // of another build: it would be taken for this one's
  }
  fs.writeFileSync(path.join(draft, 'report'), `${JSON.stringify(report, null, 1)}\n`);
  fs.renameSync(path.join(draft, 'report'), path.join(out, `${name}.json`));
  return path.join(out, `${name}.zip`);
}

/** The log outlives a build that fails: it is in the cache then, if that can be written. */
function keepLog(log, cache, arch) {
  try {
    fs.copyFileSync(log, path.join(cache, `build-${arch}.log`));
  } catch {
    // what is told is why the build failed
  }
}

async function runSteps(plan, way, draft, { cache, signal, progress }) {
  const log = path.join(draft, 'log');
  const places = { cache, out: draft, log, requirements: plan.requirements };
  const task = progress.task(`layer ${plan.arch}`, STEPS);
  let current = '';
  const listener = {
    step(name) {
      current = name;
      task.step(name);
    },
    count: (done, total) => task.note(`${current} ${Math.round((100 * done) / total)} %`),
  };
  const shown = path.join(cache, `build-${plan.arch}.log`);
  const report = await runInner(way.command(places, version), listener, { log, shown, signal });
  task.end('built');
  fs.renameSync(log, path.join(draft, `litellm-layer-${plan.arch}.log`));
  return report;
}

/**
 * Builds a layer. The folder has either all of the result or what was there before.
 * @param {import('./options').BuildOptions} options
 * @param {{ signal?: AbortSignal, report?: (line: string) => void, terminal?: boolean, cache?: string }} [context]
 * @returns {Promise<{ zip: string, report: any }>}
 * @throws {CommandError} what went wrong, and what to do
 */
async function build(options, { signal, report = console.error, terminal, cache } = {}) {
  const plan = planOf(options);
  const way = await chooseWay(plan);
  const since = performance.now();
  const folder = makeFolder(cache ?? path.join(cacheFolder(), 'layer'));
  const existed = fs.existsSync(plan.out);
  makeFolder(plan.out);
  const progress = createProgress({ terminal, report });
  const draft = await makeDraft(path.join(plan.out, plan.arch));
  try {
    report(`Building ${way.name}, into ${plan.out}`);
    const made = await runSteps(plan, way, draft, { cache: folder, signal, progress });
    made.seconds = Math.round((performance.now() - since) / 1000);
    return { zip: await publishDraft(draft, plan, made), report: made };
  } catch (error) {
    keepLog(path.join(draft, 'log'), folder, plan.arch);
    throw error;
  } finally {
    progress.stop();
    await removeFolder(draft);
    if (!existed && fs.readdirSync(plan.out).length === 0) fs.rmdirSync(plan.out);
  }
}

/**
 * @param {import('./options').BuildOptions & { json?: boolean }} options
 * @param {AbortSignal} signal
 */
async function buildCommand(options, signal) {
  const { zip, report } = await build(options, { signal });
  if (!options.json) console.log(`\n${toText(report)}\n`);
  else console.log(JSON.stringify(report));
  console.log(zip);
}

module.exports = { build, buildCommand };
