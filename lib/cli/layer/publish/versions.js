'use strict';

/** The versions of a layer in one region, and what their descriptions say of them. */

const { lambdaSdk } = require('./sdk');

/** The runtimes that the interpreter and the addon are made for. */
const RUNTIMES = ['nodejs20.x', 'nodejs22.x', 'nodejs24.x'];

const DESCRIPTION =
  /^litellm (?<litellm>\S+), Python (?<python>\S+), (?<variant>\w+); sha256:(?<sha256>[0-9a-f]{64})$/;

/**
 * @typedef {object} Version
 * @property {string} arn
 * @property {number} number
 * @property {string} created ISO 8601
 * @property {string[]} runtimes
 * @property {string[]} archs none: the publisher did not say
 * @property {{ litellm: string, python: string, variant: string, sha256: string } | null} layer
 *   null: `layer publish` did not make it
 */

/**
 * What `layer publish` writes as the description: 256 characters at most.
 * @param {Awaited<ReturnType<import('../zip').readLayer>>} layer
 */
function describe({ manifest, sha256 }) {
  const { litellm, python, variant = 'default' } = manifest;
  return `litellm ${litellm}, Python ${python}, ${variant}; sha256:${sha256}`;
}

/** @param {import('@aws-sdk/client-lambda').LayerVersionsListItem} item @returns {Version} */
function toVersion(item) {
  const found = DESCRIPTION.exec(item.Description ?? '')?.groups;
  return {
    arn: item.LayerVersionArn ?? '',
    number: item.Version ?? 0,
    created: item.CreatedDate ?? '',
    runtimes: item.CompatibleRuntimes ?? [],
    archs: item.CompatibleArchitectures ?? [],
    layer: found ? /** @type {any} */ ({ ...found }) : null,
  };
}

/**
 * @param {import('@aws-sdk/client-lambda').LambdaClient} client
 * @param {string} name of the layer
 * @returns {Promise<Version[]>} newest first; none when there is no such layer
 */
async function listVersions(client, name) {
  const { paginateListLayerVersions } = lambdaSdk();
  /** @type {Version[]} */
  const versions = [];
  try {
    for await (const page of paginateListLayerVersions({ client }, { LayerName: name })) {
      versions.push(...(page.LayerVersions ?? []).map(toVersion));
    }
  } catch (error) {
    if (error.name !== 'ResourceNotFoundException') throw error;
  }
  return versions.sort((a, b) => b.number - a.number);
}

/** @param {Version} version for the layer's architecture @param {{ sha256: string }} layer */
function claimsToBe(version, { sha256 }) {
  return version.layer?.sha256 === sha256 && RUNTIMES.every((runtime) => version.runtimes.includes(runtime));
}

/**
 * The version with these very bytes; AWS's own hash decides, not only the description.
 * @param {import('@aws-sdk/client-lambda').LambdaClient} client
 * @param {string} name
 * @param {Awaited<ReturnType<import('../zip').readLayer>>} layer
 * @returns {Promise<Version & { newest: number } | null>} newest: the highest number for its architecture
 */
async function findVersion(client, name, layer) {
  const { GetLayerVersionCommand } = lambdaSdk();
  const versions = (await listVersions(client, name)).filter(({ archs }) =>
    archs.includes(layer.manifest.arch),
  );
  for (const version of versions) {
    if (!claimsToBe(version, layer)) continue;
    const request = new GetLayerVersionCommand({ LayerName: name, VersionNumber: version.number });
    const { Content } = await client.send(request);
    if (Content?.CodeSha256 === toBase64(layer.sha256)) return { ...version, newest: versions[0].number };
  }
  return null;
}

/**
 * Whether it is another zip than its description says: it was damaged on its way.
 * @param {import('@aws-sdk/client-lambda').GetLayerVersionResponse} version
 */
function isDamaged({ Description = '', Content }) {
  const sha256 = DESCRIPTION.exec(Description)?.groups?.sha256;
  return sha256 !== undefined && Content?.CodeSha256 !== toBase64(sha256);
}

/** @param {string} hex */
const toBase64 = (hex) => Buffer.from(hex, 'hex').toString('base64');

module.exports = { RUNTIMES, describe, findVersion, isDamaged, listVersions, toBase64 };
