'use strict';

/** The size of a layer that an interpreter belongs to: AWS refuses what is above the limit. */

const fs = require('node:fs/promises');
const path = require('node:path');

const { UNZIPPED } = require('../layer/limits');

const MANIFEST = 'litellm-bridge.json';

/** @param {string} folder @returns {Promise<number>} bytes of all files in it; links are not followed */
async function sizeOf(folder) {
  let bytes = 0;
  for (const entry of await fs.readdir(folder, { withFileTypes: true })) {
    const file = path.join(folder, entry.name);
    if (entry.isDirectory()) bytes += await sizeOf(file);
    else if (entry.isFile()) bytes += (await fs.stat(file)).size;
  }
  return bytes;
}

/**
 * The folder that a layer is unpacked to: /opt on Lambda, which holds all layers; else the tree of
 * `layer build`, known by its manifest.
 * @param {{ source: string, path: string }} candidate
 */
async function layerOf(candidate) {
  if (candidate.source === 'layer') return '/opt';
  const prefix = path.dirname(path.dirname(candidate.path));
  const isOurs = await fs.access(path.join(prefix, MANIFEST)).then(
    () => true,
    () => false,
  );
  return isOurs ? prefix : null;
}

/**
 * @param {{ source: string, path: string } | undefined} candidate
 * @returns {Promise<{ path: string, bytes: number, limit: number } | null>} null: it is in no layer
 */
async function measureLayer(candidate) {
  const folder = candidate ? await layerOf(candidate) : null;
  return folder === null ? null : { path: folder, bytes: await sizeOf(folder), limit: UNZIPPED };
}

/**
 * @param {Awaited<ReturnType<typeof measureLayer>>} layer
 * @returns {{ code: string, message: string, hint: string }[]}
 */
function layerProblems(layer) {
  if (layer === null || layer.bytes <= layer.limit) return [];
  return [
    {
      code: 'LAYER_TOO_LARGE',
      message: `${layer.path} has ${layer.bytes} bytes unpacked; AWS allows ${layer.limit} for the function and all its layers`,
      hint: 'Leave packages out that are not used, or use a container image (10 GB)',
    },
  ];
}

module.exports = { layerProblems, measureLayer };
