'use strict';

/** Layers that are built once for all tests, and kept in .cache by what they are made of. */

const { createHash } = require('node:crypto');
const fs = require('node:fs');
const path = require('node:path');
const { build } = require('../../lib/cli/layer/builder');
const { makeDraft, moveIntoPlace, removeFolder } = require('../../lib/cli/draft');
const { CACHE, ROOT } = require('../paths');

/** Of the package, too: the program that makes the start archive, and reads it. */
const INPUTS = ['layer', 'lib/python/litellm_bridge/archive'];
const OWN = { x64: 'x86_64', arm64: 'arm64' };

const isInput = (/** @type {string} */ name) =>
  /\.(py|sh|toml|txt|lock|json)$/.test(name) && !name.startsWith('check');

function filesOf(folder) {
  const all = fs.readdirSync(path.join(ROOT, folder), { recursive: true, encoding: 'utf8' });
  return all.filter(isInput).map((name) => path.join(folder, name));
}

/** What decides about the bytes of a layer. */
function inputs() {
  const hash = createHash('sha256').update(require('../../package.json').version);
  for (const name of INPUTS.flatMap(filesOf).sort())
    hash.update(name).update(fs.readFileSync(path.join(ROOT, name)));
  return hash.digest('hex').slice(0, 16);
}

/** @param {import('../../lib/cli/layer/builder/options').BuildOptions} options */
function folderOf(options) {
  const words = Object.entries(options).map(([key, value]) => `${key}-${value}`);
  return path.join(CACHE, `layer-${inputs()}-${words.join('-')}`);
}

/**
 * The folder with a layer: `ARCH/python`, the zip and the report.
 * @param {import('../../lib/cli/layer/builder/options').BuildOptions} [options]
 */
async function builtLayer(options = {}) {
  const { arch = OWN[process.arch] } = options;
  const target = folderOf({ ...options, arch });
  if (!fs.existsSync(target)) {
    const draft = await makeDraft(target);
    try {
      await build({ ...options, arch, out: draft }, { report: console.log, terminal: false });
      await moveIntoPlace(draft, target, () => true);
    } finally {
      await removeFolder(draft);
    }
  }
  const report = JSON.parse(fs.readFileSync(path.join(target, `litellm-layer-${arch}.json`), 'utf8'));
  const zip = path.join(target, `litellm-layer-${arch}.zip`);
  return { folder: target, arch, tree: path.join(target, arch), zip, report };
}

/** @type {import('../setup').Step} */
const layer = {
  name: 'layer',
  cost: '1 to 3 minutes; 130 MB in .cache',
  async plan() {
    if (fs.existsSync(folderOf({ arch: OWN[process.arch] }))) return null;
    return { what: 'litellm-bridge layer build', run: () => builtLayer() };
  },
};

module.exports = { builtLayer, layer };
