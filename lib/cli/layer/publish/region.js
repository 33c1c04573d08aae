'use strict';

/** Publishes a layer in one region. All of it may be done again: what is there stays. */

const { setTimeout: delay } = require('node:timers/promises');
const { CommandError } = require('../../error');
const { DIRECT } = require('../limits');
const { bucketOf, probe, upload } = require('./bucket');
const { explain, isRetryable } = require('./explain');
const { grant } = require('./permissions');
const { lambdaClient, lambdaSdk, withLambda } = require('./sdk');
const { RUNTIMES, describe, findVersion, toBase64 } = require('./versions');

const LICENCE = 'MIT, PSF-2.0, Apache-2.0 and others: see python/licenses in the layer';
const ATTEMPTS = 4;
const FIRST_DELAY = 500; // ms; doubled each time

/**
 * @typedef {Awaited<ReturnType<import('../zip').readLayer>> & { content: Buffer }} Layer read once,
 *   for all regions
 *
 * @typedef {object} Order
 * @property {string} name of the layer
 * @property {Layer} layer
 * @property {import('./permissions').Grant[]} grants
 * @property {string} [bucket] the option `--s3-bucket`
 * @property {boolean} [dry]
 *
 * @typedef {object} Outcome
 * @property {string} region
 * @property {'published' | 'unchanged' | 'would be published'} state
 * @property {string | null} arn null: there is none yet
 * @property {number | null} version
 * @property {number} [behind] the newest version, where this one is older
 * @property {string[]} granted ids of the statements that were added, or would be
 */

/** The zip is small enough, or the bucket that is needed is named. @param {Order} order */
function viaBucket({ layer, bucket }) {
  if (layer.bytes <= DIRECT) return false;
  if (bucket !== undefined) return true;
  throw new CommandError(
    `${layer.file} has ${layer.bytes} bytes; Lambda takes up to ${DIRECT} directly`,
    'Let it go through S3, with a bucket in each region: --s3-bucket my-layers-{region}; or build a smaller one: layer build --slim',
  );
}

/** @param {Order} order */
async function contentOf(region, order) {
  const { name, layer, bucket = '' } = order;
  if (!viaBucket(order)) return { ZipFile: layer.content };
  return upload(bucketOf(bucket, region), region, name, layer);
}

/** @returns {Promise<CommandError>} */
async function stillThere(client, name, { Version }, layer, cause) {
  const remove = `aws lambda delete-layer-version --layer-name ${name} --version-number ${Version} --region ${await client.config.region()}`;
  return new CommandError(
    `Version ${Version} has other bytes than ${layer.file} and is still there: ${cause.message}`,
    `Do not attach it. Remove it, then run this again: ${remove}`,
    { cause },
  );
}

/** A version with other bytes than ours must not stay: nobody should attach it. */
async function removeDamaged(client, name, made, layer) {
  const { DeleteLayerVersionCommand } = lambdaSdk();
  try {
    await client.send(new DeleteLayerVersionCommand({ LayerName: name, VersionNumber: made.Version }));
  } catch (cause) {
    throw await stillThere(client, name, made, layer, explain(cause));
  }
  throw new CommandError(
    `AWS has other bytes than ${layer.file} (hash ${made.Content?.CodeSha256}); that version was removed`,
    'It was damaged on the way: run it again',
  );
}

/** @param {Order} order */
async function makeVersion(client, region, order) {
  const { name, layer } = order;
  const { PublishLayerVersionCommand } = lambdaSdk();
  // Not sent again by the SDK: after a lost answer the version may be there, which is looked up first.
  const single = lambdaClient(region, { attempts: 1 });
  try {
    const request = new PublishLayerVersionCommand({
      LayerName: name,
      Description: describe(layer),
      Content: await contentOf(region, order),
      CompatibleRuntimes: /** @type {any} */ (RUNTIMES),
      CompatibleArchitectures: [/** @type {any} */ (layer.manifest.arch)],
      LicenseInfo: LICENCE,
    });
    const made = await single.send(request);
    if (made.Content?.CodeSha256 !== toBase64(layer.sha256)) await removeDamaged(client, name, made, layer);
    return { arn: made.LayerVersionArn ?? '', number: made.Version ?? 0 };
  } finally {
    single.destroy();
  }
}

/** @param {{ arn: string, number: number, newest?: number }} version */
function outcomeOf({ arn, number, newest = number }) {
  return { arn, version: number, ...(newest > number ? { behind: newest } : {}) };
}

/** @param {Order} order @returns {Promise<Outcome>} */
async function rehearse(client, region, order, found) {
  const { name, grants, bucket = '' } = order;
  if (found) {
    const granted = await grant(client, name, found.number, grants, { dry: true });
    return { region, state: 'unchanged', ...outcomeOf(found), granted };
  }
  if (viaBucket(order)) await probe(bucketOf(bucket, region), region);
  const granted = grants.map(({ id }) => id);
  return { region, state: 'would be published', arn: null, version: null, granted };
}

/** @param {Order} order @param {(text: string) => void} step @returns {Promise<Outcome>} */
async function attempt(client, region, order, step) {
  const { name, layer, grants, dry } = order;
  step('looks for this version');
  const found = await findVersion(client, name, layer);
  if (dry) return rehearse(client, region, order, found);
  if (!found) step(viaBucket(order) ? 'uploads to S3 and publishes' : 'uploads and publishes');
  const version = found ?? (await makeVersion(client, region, order));
  if (grants.length > 0) step('sets permissions');
  const granted = await grant(client, name, version.number, grants);
  const state = found ? 'unchanged' : 'published';
  return { region, state, ...outcomeOf(version), granted };
}

/**
 * @param {string} region
 * @param {Order} order
 * @param {(text: string) => void} step told what begins
 * @returns {Promise<Outcome>}
 * @throws {CommandError | Error} what the last attempt failed with
 */
function publishIn(region, order, step) {
  return withLambda(region, async (client) => {
    for (let count = 1; ; count++) {
      try {
        return await attempt(client, region, order, step);
      } catch (error) {
        if (count === ATTEMPTS || !isRetryable(error)) throw error;
        step(`is tried again (${error.name})`);
        await delay(FIRST_DELAY * 2 ** (count - 1) * (0.5 + Math.random() / 2));
      }
    }
  });
}

module.exports = { publishIn };
