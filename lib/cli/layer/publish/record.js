'use strict';

/** The file of ARNs that CDK, Terraform and the like read. */

const fs = require('node:fs/promises');
const path = require('node:path');
const { CommandError } = require('../../error');

/** Below the output folder of `layer build`. */
const FILE = 'layers.json';

/**
 * @typedef {object} Published
 * @property {string} arn
 * @property {number} version
 * @property {string} sha256 of the zip, hex
 * @property {string} litellm version
 * @property {string} python version
 *
 * @typedef {Record<string, Record<string, Record<string, Published>>>} Layers by the layer's
 *   name, architecture and region
 */

/** @param {string} file @returns {Promise<{ format: 1, layers: Layers }>} */
async function read(file) {
  try {
    const record = JSON.parse(await fs.readFile(file, 'utf8'));
    if (record.format === 1) return record;
  } catch (error) {
    if (error.code === 'ENOENT') return { format: 1, layers: {} };
    if (!(error instanceof SyntaxError)) throw error;
  }
  throw new CommandError(
    `${file} is not what layer publish wrote`,
    'Remove it, or name another: --output FILE',
  );
}

/**
 * Adds what was published. Regions, architectures and layers that are not named keep theirs.
 * @param {string} file
 * @param {string} name of the layer
 * @param {Awaited<ReturnType<import('../zip').readLayer>>} layer
 * @param {import('./region').Outcome[]} outcomes
 */
async function writeRecord(file, name, layer, outcomes) {
  const record = await read(file);
  const { arch, litellm, python } = layer.manifest;
  record.layers[name] ??= {};
  record.layers[name][arch] ??= {};
  const regions = record.layers[name][arch];
  for (const { region, arn, version } of outcomes) {
    if (arn === null || version === null) continue;
    regions[region] = { arn, version, sha256: layer.sha256, litellm, python };
  }
  await fs.mkdir(path.dirname(file), { recursive: true });
  const draft = `${file}.${process.pid}.draft`;
  await fs.writeFile(draft, `${JSON.stringify(record, null, 2)}\n`);
  await fs.rename(draft, file); // whoever reads it never sees half of one
}

module.exports = { FILE, checkRecord: read, writeRecord };
