'use strict';

/** `litellm-bridge layer prune`: removes old versions that no function uses. */

const readline = require('node:readline/promises');
const { CommandError } = require('../../error');
const { checkName } = require('./names');
const { readRecord } = require('./record');
const { failures, inRegions } = require('./regions');
const { lambdaSdk, regionsOf, withLambda } = require('./sdk');
const { table } = require('./table');
const { versionUsers } = require('./usage');
const { listVersions } = require('./versions');

/**
 * @typedef {import('./versions').Version & { users: string[] }} Old
 * @typedef {object} PruneOptions
 * @property {string} name
 * @property {string} keep
 * @property {string} [regions]
 * @property {string} [layersFile] that `layer publish` wrote
 * @property {boolean} [dryRun]
 * @property {boolean} [yes]
 */

/** @param {string} text @returns {number} */
function parseKeep(text) {
  if (/^[1-9]\d*$/.test(text)) return Number(text);
  throw new CommandError(
    `--keep ${text} is no count`,
    'Give how many of the newest versions are to stay, from 1 on',
  );
}

/**
 * The versions behind the newest ones. Those of each architecture are counted by themselves.
 * @param {import('./versions').Version[]} versions newest first
 * @param {number} keep
 */
function behindNewest(versions, keep) {
  const counts = new Map();
  return versions.filter(({ archs }) => {
    const key = archs.join();
    counts.set(key, (counts.get(key) ?? 0) + 1);
    return counts.get(key) > keep;
  });
}

/** @param {string} region @param {number} keep @param {PruneOptions} options @returns {Promise<Old[]>} */
function findOld(region, keep, options) {
  const { name, layersFile } = options;
  return withLambda(region, async (client) => {
    const old = behindNewest(await listVersions(client, name), keep);
    if (old.length === 0) return [];
    const users = await versionUsers(client, layersFile);
    return old.map((version) => ({ ...version, users: users.get(version.arn) ?? [] }));
  });
}

/** @param {import('./regions').Result<Old[]>[]} results */
function showOld(results) {
  const rows = results.flatMap(({ value = [] }) =>
    value.map(({ arn, created, layer, users }) => [
      users.length > 0 ? `stays: used by ${users.join(' ')}` : 'goes',
      layer?.litellm ?? '?',
      created.slice(0, 10),
      arn,
    ]),
  );
  if (rows.length > 0) console.log(table(['', 'litellm', 'created', 'ARN'], rows));
}

/** @returns {Promise<boolean>} */
async function confirm(count) {
  if (!process.stdin.isTTY) {
    const hint = 'Look at what would go (--dry-run), then say so: --yes';
    throw new CommandError('Nobody can be asked whether these versions are to go', hint);
  }
  const ask = readline.createInterface({ input: process.stdin, output: process.stderr });
  const answer = await ask
    .question(`Remove ${count === 1 ? 'this version' : `these ${count} versions`} for good? [y/N] `)
    .finally(() => ask.close());
  return /^y(es)?$/i.test(answer.trim());
}

/** A version may have come into use since it was looked up: those are asked for again. */
function removeIn(region, options, old, step) {
  const { name, layersFile } = options;
  const { DeleteLayerVersionCommand } = lambdaSdk();
  return withLambda(region, async (client) => {
    const users = await versionUsers(client, layersFile);
    const unused = old.filter(({ arn }) => !users.has(arn));
    for (const { number } of unused) {
      step(`removes version ${number}`);
      await client.send(new DeleteLayerVersionCommand({ LayerName: name, VersionNumber: number }));
    }
    return unused.length;
  });
}

/** @param {PruneOptions} options @param {Map<string, Old[]>} unused by region */
async function remove(options, unused) {
  const summary = (count) => `${count} removed`;
  const steps = Math.max(...[...unused.values()].map((old) => old.length));
  return inRegions([...unused.keys()], { steps, summary }, (region, step) =>
    removeIn(region, options, unused.get(region), step),
  );
}

/** @param {string} failed @returns {number} the exit status */
function finish(failed) {
  if (failed !== '') console.error(`\n${failed}`);
  return failed === '' ? 0 : 1;
}

/**
 * @param {PruneOptions} options
 * @returns {Promise<number>} the exit status
 */
async function prune(options) {
  const { name, dryRun, yes, layersFile } = options;
  checkName('layer', name);
  const keep = parseKeep(options.keep);
  await readRecord(layersFile); // a wrong one is told before anything is asked for
  const regions = await regionsOf(options.regions);
  const summary = (old) => `${old.length} behind the newest ${keep}`;
  const found = await inRegions(regions, { steps: 1, summary }, (region) => findOld(region, keep, options));
  showOld(found);
  const unused = new Map();
  for (const { region, value = [] } of found) {
    const going = value.filter(({ users }) => users.length === 0);
    if (going.length > 0) unused.set(region, going);
  }
  const count = [...unused.values()].flat().length;
  if (count === 0) console.log('There is nothing to remove.');
  if (count === 0 || dryRun) return finish(failures(found));
  if (!yes && !(await confirm(count))) {
    console.log('Nothing was removed.');
    return finish(failures(found));
  }
  return finish(failures([...found, ...(await remove(options, unused))]));
}

module.exports = { prune };
