'use strict';

/** What the layer says of itself, against what it is. */

const { createHash } = require('node:crypto');
const { UNZIPPED } = require('../limits');

const NAME = 'litellm-bridge.json';
const VARIANTS = ['default', 'slim', 'full'];
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

/** @param {{ size: number }[]} files @returns {number} bytes */
const sizeOf = (files) => files.reduce((sum, { size }) => sum + size, 0);

/** Whether modules' sources stay tells a full layer; what --slim compresses, only a run does: check/checks.py. */
function variantProblem({ byName }, variant) {
  const isFull = byName.has('lib/python3.11/os.py');
  if (!VARIANTS.includes(variant)) return `says the variant ${variant}, and there is none of that name`;
  if ((variant === 'full') === isFull) return null;
  return `says the variant ${variant}, and sources of modules are ${isFull ? '' : 'not '}there`;
}

/** Of what the version's description says on Lambda. @returns {Generator<string>} */
function* wrongFields(tree, { litellm, packages, python, variant, files, unzipped }) {
  const own = tree.byName.get(NAME);
  const [count, size] = [tree.files.length - (own ? 1 : 0), sizeOf(tree.files) - (own?.size ?? 0)];
  if (unzipped !== size) yield `says ${unzipped} bytes, and the files have ${size}`;
  if (files !== count) yield `says ${files} files, and there are ${count}`;
  if ((litellm ?? undefined) !== packages?.litellm) {
    yield `says LiteLLM ${litellm}, and its packages have ${packages?.litellm ?? 'none'}`;
  }
  if (!`${python}`.startsWith('3.11.')) yield `says Python ${python}, and the layer's is 3.11`;
  const problem = variantProblem(tree, variant);
  if (problem !== null) yield problem;
}

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
  for (const problem of wrongFields(tree, manifest)) yield [NAME, problem, REBUILD];
}

/** @param {import('./tree').Tree} tree */
function* checkSize({ files, beside }) {
  const all = [...files, ...beside];
  const size = sizeOf(all);
  if (size <= UNZIPPED) return;
  const largest = all.reduce((a, b) => (a.size > b.size ? a : b));
  const fix = `leave out what is not used: --slim, fewer requirements; the largest file is ${largest.name} (${largest.size} bytes)`;
  yield [
    'python/',
    `has ${size} bytes unzipped; AWS allows ${UNZIPPED} for the function and all its layers`,
    fix,
  ];
}

module.exports = { NAME, checkManifest, checkSize, readManifest, sizeOf };
