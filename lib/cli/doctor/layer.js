'use strict';

/** The size of a layer that an interpreter belongs to: AWS refuses what is above the limit. */

const fs = require('node:fs/promises');
const path = require('node:path');

const { UNZIPPED } = require('../layer/limits');

const MANIFEST = 'litellm-bridge.json';
const IMAGE = 'lambda-image'; // platform

/**
 * What is in a folder; links are not followed.
 * @param {string} folder
 * @param {string[]} unread what can't be read is added to it
 * @returns {Promise<number>} bytes of all files
 */
async function sizeOf(folder, unread) {
  const size = async (/** @type {import('node:fs').Dirent} */ entry) => {
    const file = path.join(folder, entry.name);
    if (entry.isDirectory()) return sizeOf(file, unread);
    return entry.isFile() ? (await fs.stat(file)).size : 0;
  };
  try {
    let bytes = 0;
    for (const entry of await fs.readdir(folder, { withFileTypes: true })) bytes += await size(entry);
    return bytes;
  } catch {
    unread.push(folder);
    return 0;
  }
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
 * @param {string | null} platform in a container image nothing limits it but the image's own 10 GB
 * @returns {Promise<{ path: string, bytes: number, limit: number | null, unread: string[] } | null>}
 *   null: it is in no layer; unread: folders that are not in the sum
 */
async function measureLayer(candidate, platform) {
  const folder = candidate ? await layerOf(candidate) : null;
  if (folder === null) return null;
  /** @type {string[]} */
  const unread = [];
  const bytes = await sizeOf(folder, unread);
  return { path: folder, bytes, limit: platform === IMAGE ? null : UNZIPPED, unread };
}

/**
 * @param {Awaited<ReturnType<typeof measureLayer>>} layer
 * @returns {{ code: string, message: string, hint: string }[]}
 */
function layerProblems(layer) {
  if (layer === null || layer.limit === null || layer.bytes <= layer.limit) return [];
  return [
    {
      code: 'LAYER_TOO_LARGE',
      message: `${layer.path} has ${layer.bytes} bytes unpacked; AWS allows ${layer.limit} for the function and all its layers`,
      hint: 'Leave packages out that are not used, or use a container image (10 GB)',
    },
  ];
}

/**
 * @param {Awaited<ReturnType<typeof measureLayer>>} layer
 * @returns {{ code: string, message: string, hint: string }[]}
 */
function layerWarnings(layer) {
  if (layer === null || layer.unread.length === 0) return [];
  return [
    {
      code: 'LAYER_UNREADABLE',
      message: `${layer.unread.join(', ')} can't be read by this user: the layer's size is without it`,
      hint: `Python can't read it either: chmod -R a+rX ${layer.path}, as its owner, and zip again`,
    },
  ];
}

module.exports = { layerProblems, layerWarnings, measureLayer };
