'use strict';

/** What the layer says of itself, against what it is. */

const { createHash } = require('node:crypto');
const { UNZIPPED } = require('../limits');

const NAME = 'litellm-bridge.json';
const REBUILD = 'build the layer anew: npx litellm-bridge layer build';

/** @param {import('./tree').Tree} tree @returns {any} null: it is not there, or no JSON */
function readManifest({ byName, read }) {
  try {
    return byName.has(NAME) ? JSON.parse(read(NAME).toString()) : null;
  } catch {
    return null;
  }
}

/** As content_of() of layer/builder/manifest.py. @param {import('./tree').Tree} tree */
function contentOf({ files }) {
  const hash = createHash('sha256');
  for (const { name, mode, sha256 } of files) {
    if (name !== NAME) hash.update(`${mode.toString(8)} ${sha256} ${name}\n`);
  }
  return hash.digest('hex');
}

const sizeOf = ({ files }) => files.reduce((sum, { size }) => sum + size, 0);

/** @param {import('./tree').Tree} tree @param {any} manifest */
function* checkManifest(tree, manifest) {
  if (manifest === null) {
    const what = tree.byName.has(NAME) ? 'is no JSON' : 'is not there: it is no layer of `layer build`';
    yield [NAME, what, REBUILD];
    return;
  }
  if (manifest.format !== 1)
    yield [NAME, `has the format ${manifest.format}, which is not known here`, REBUILD];
  if (manifest.content !== contentOf(tree)) {
    yield [NAME, 'names another content: files were changed, added or lost after the build', REBUILD];
  }
  const size = sizeOf(tree) - (tree.byName.get(NAME)?.size ?? 0);
  if (manifest.unzipped !== size) {
    yield [NAME, `says ${manifest.unzipped} bytes, and the files have ${size}`, REBUILD];
  }
}

/** @param {import('./tree').Tree} tree */
function* checkSize(tree) {
  const size = sizeOf(tree);
  if (size <= UNZIPPED) return;
  const largest = tree.files.reduce((a, b) => (a.size > b.size ? a : b));
  const fix = `leave out what is not used: --slim, fewer requirements; the largest file is ${largest.name} (${largest.size} bytes)`;
  yield [
    'python/',
    `has ${size} bytes unzipped; AWS allows ${UNZIPPED} for the function and all its layers`,
    fix,
  ];
}

module.exports = { NAME, checkManifest, checkSize, readManifest, sizeOf };
