'use strict';

/** `litellm-bridge layer publish`. */

const { createHash } = require('node:crypto');
const fs = require('node:fs');
const path = require('node:path');
const { CommandError } = require('../../error');
const { UNZIPPED } = require('../limits');
const { checkEntries, readLayer } = require('../zip');
const { bucketOf } = require('./bucket');
const { checkClean, tagPublished } = require('./git-tag');
const { checkName, parseList } = require('./names');
const { grantsFor } = require('./permissions');
const { FILE, checkRecord, writeRecord } = require('./record');
const { publishIn } = require('./region');
const { failures, inRegions } = require('./regions');
const { regionsOf } = require('./sdk');
const { table } = require('./table');

const FOLDER = 'litellm-layer';
const ARCHS = ['x86_64', 'arm64'];
const STEPS = 4; // of a region: looks, publishes, permits, done

/**
 * @typedef {object} PublishOptions
 * @property {string} name
 * @property {string} [regions]
 * @property {string} [arch]
 * @property {string} [s3Bucket]
 * @property {string} [accounts]
 * @property {string} [organisation]
 * @property {boolean} [public]
 * @property {boolean} [dryRun]
 * @property {boolean} [gitTag]
 * @property {string} [output]
 */

const zipOf = (arch) => path.join(FOLDER, `litellm-layer-${arch}.zip`);

/** The zip that is meant when none is named. */
function defaultZip(arch) {
  if (arch) return zipOf(arch);
  const built = ARCHS.map(zipOf).filter((file) => fs.existsSync(file));
  if (built.length === 1) return built[0];
  if (built.length === 0) {
    throw new CommandError(`There is no layer in ${FOLDER}/`, 'Build it: npx litellm-bridge layer build');
  }
  throw new CommandError(`There are layers for ${ARCHS.join(' and ')} in ${FOLDER}/`, 'Choose one: --arch');
}

/** @param {string} [arch] */
function checkArch(arch) {
  if (arch === undefined || ARCHS.includes(arch)) return;
  throw new CommandError(`There is no architecture ${arch}`, `Lambda has ${ARCHS.join(' and ')}`);
}

function checkLayer(layer, arch) {
  const { file, unzipped, manifest } = layer;
  checkArch(manifest.arch);
  if (arch && manifest.arch !== arch) {
    const hint = `Name the zip for ${arch}, or build it: npx litellm-bridge layer build --arch ${arch}`;
    throw new CommandError(`${file} is built for ${manifest.arch}, not for ${arch}`, hint);
  }
  if (unzipped > UNZIPPED) {
    const hint = 'Build it with less in it: npx litellm-bridge layer build --slim';
    throw new CommandError(
      `${file} has ${unzipped} bytes unpacked; AWS allows ${UNZIPPED} for the function and all its layers`,
      hint,
    );
  }
}

/** @param {PublishOptions} options */
function checkOptions({ name, arch, s3Bucket }, regions) {
  checkName('layer', name);
  checkArch(arch);
  if (s3Bucket !== undefined) for (const region of regions) bucketOf(s3Bucket, region);
}

/** @param {PublishOptions} options */
function whom({ accounts, organisation, public: everybody }) {
  return {
    accounts: accounts === undefined ? [] : parseList('account', accounts),
    organisation: organisation === undefined ? undefined : checkName('organisation', organisation),
    everybody,
  };
}

const megabytes = (bytes) => `${(bytes / 1e6).toFixed(1)} MB`;

function heading({ file, bytes, unzipped, manifest }) {
  const { arch, litellm, python, variant } = manifest;
  const what = [`litellm ${litellm}`, `Python ${python}`, arch, ...(variant ? [variant] : [])].join(', ');
  return `${file}: ${what}; ${megabytes(bytes)}, ${megabytes(unzipped)} unpacked`;
}

/** @param {import('./region').Outcome} outcome */
function summary({ state, version, granted }) {
  const grants = granted.length > 0 ? `, permissions: ${granted.join(', ')}` : '';
  return `${state}${version ? ` (version ${version})` : ''}${grants}`;
}

/** @param {import('./regions').Result<import('./region').Outcome>[]} results */
function show(results) {
  const rows = results.map(({ region, value }) => [
    region,
    value?.state ?? 'failed',
    value?.granted.join(' ') || '-',
    value?.arn ?? '-',
  ]);
  console.log(`\n${table(['region', 'state', 'new permissions', 'ARN'], rows)}`);
}

/** Whoever takes the newest version does not get one that was published earlier. */
function showBehind(results) {
  for (const { region, value } of results) {
    if (value?.behind === undefined) continue;
    console.log(
      `${region}: version ${value.version} is there already, behind the newest, ${value.behind}. What goes by the file of ARNs takes it: layer attach, layer prune, IaC`,
    );
  }
}

/** What is kept of it: the file of ARNs, the tag. */
async function keep(options, layer, results) {
  const outcomes = results.flatMap(({ value }) => (value ? [value] : []));
  const file = options.output ?? FILE;
  if (outcomes.length > 0) {
    await writeRecord(file, options.name, layer, outcomes);
    console.log(`\nThe ARNs are in ${file}`);
  }
  if (!options.gitTag || outcomes.length < results.length) return;
  console.log(await tagPublished(options.name, layer, outcomes));
}

/**
 * Reads all of it, once for all regions.
 * @param {string} file
 * @returns {Promise<import('./region').Layer>}
 */
async function load(file) {
  const layer = await readLayer(file);
  const content = await fs.promises.readFile(file);
  if (createHash('sha256').update(content).digest('hex') === layer.sha256) return { ...layer, content };
  throw new CommandError(`${file} changed while it was read`, 'Run it again when its build is done');
}

/** All that can be known to be wrong before anything is sent. */
async function prepare(zip, options) {
  const regions = await regionsOf(options.regions);
  checkOptions(options, regions);
  const grants = grantsFor(whom(options));
  const layer = await load(zip ?? defaultZip(options.arch));
  checkLayer(layer, options.arch);
  await checkEntries(layer.file);
  await checkRecord(options.output ?? FILE, { dry: options.dryRun });
  if (options.gitTag) await checkClean();
  return { regions, grants, layer };
}

/**
 * @param {string | undefined} zip
 * @param {PublishOptions} options
 * @returns {Promise<number>} the exit status: 1 when a region failed
 */
async function publish(zip, options) {
  const { regions, grants, layer } = await prepare(zip, options);
  console.error(heading(layer));
  const order = { name: options.name, layer, grants, bucket: options.s3Bucket, dry: options.dryRun };
  const results = await inRegions(regions, { steps: STEPS, summary }, (region, step) =>
    publishIn(region, order, step),
  );
  show(results);
  showBehind(results);
  if (!options.dryRun) await keep(options, layer, results);
  const failed = failures(results);
  if (failed === '') return 0;
  const again = 'Run the same command again: regions that are done are left as they are.';
  console.error(`\n${failed}\n\n${again}`);
  return 1;
}

module.exports = { publish };
