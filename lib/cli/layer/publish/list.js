'use strict';

/** `litellm-bridge layer list`: the versions of a layer in each region. */

const { checkName } = require('./names');
const { failures, inRegions } = require('./regions');
const { regionsOf, withLambda } = require('./sdk');
const { table } = require('./table');
const { listVersions } = require('./versions');

/**
 * @param {string} region
 * @param {string} name of the layer
 * @returns {Promise<import('./versions').Version[]>}
 */
function versionsIn(region, name) {
  return withLambda(region, (client) => listVersions(client, name));
}

/** @param {string} region @param {import('./versions').Version} version */
function row(region, { arn, archs, created, layer }) {
  const day = created.slice(0, 10);
  const { litellm = '?', python = '?', variant = '?', sha256 = '?' } = layer ?? {};
  return [region, archs.join(' ') || '?', litellm, python, variant, sha256.slice(0, 12), day, arn];
}

const TITLES = ['region', 'arch', 'litellm', 'python', 'variant', 'sha256', 'created', 'ARN'];

/**
 * @param {{ name: string, regions?: string, json?: boolean }} options
 * @returns {Promise<number>} the exit status: 1 when a region could not be asked
 */
async function list({ name, regions: named, json }) {
  checkName('layer', name);
  const regions = await regionsOf(named);
  const summary = (found) => (found.length === 1 ? '1 version' : `${found.length} versions`);
  const results = await inRegions(regions, { steps: 1, summary }, (region) => versionsIn(region, name));
  const all = results.flatMap(({ region, value = [] }) => value.map((version) => ({ region, ...version })));
  if (json) console.log(JSON.stringify(all, null, 2));
  else if (all.length > 0)
    console.log(
      table(
        TITLES,
        all.map((version) => row(version.region, version)),
      ),
    );
  const failed = failures(results);
  if (failed === '' && all.length === 0 && !json)
    console.log(`There is no layer ${name} in ${regions.join(', ')}.`);
  if (failed !== '') console.error(`\n${failed}`);
  return failed === '' ? 0 : 1;
}

module.exports = { list };
