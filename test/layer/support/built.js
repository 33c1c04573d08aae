'use strict';

/** Layers that are built once for all tests, and copies of them to damage. */

const { createHash } = require('node:crypto');
const fs = require('node:fs');
const path = require('node:path');
const { build } = require('../../../lib/cli/layer/builder');
const { makeDraft, moveIntoPlace, removeFolder } = require('../../../lib/cli/draft');
const { CACHE, ROOT } = require('../../../scripts/paths');

const LAYER = path.join(ROOT, 'layer');
const OWN = { x64: 'x86_64', arm64: 'arm64' };

/** What decides about the bytes of a layer. */
function inputs() {
  const all = fs.readdirSync(LAYER, { recursive: true, encoding: 'utf8' });
  const names = all.filter((name) => /\.(py|sh|toml|txt|lock)$/.test(name) && !name.startsWith('check'));
  const hash = createHash('sha256').update(require('../../../package.json').version);
  for (const name of names.sort()) hash.update(name).update(fs.readFileSync(path.join(LAYER, name)));
  return hash.digest('hex').slice(0, 16);
}

/**
 * The folder with a layer: `ARCH/python`, the zip and the report.
 * @param {import('../../../lib/cli/layer/builder/options').BuildOptions} [options]
 */
async function builtLayer(options = {}) {
  const { arch = OWN[process.arch] } = options;
  const words = Object.entries({ ...options, arch }).map(([key, value]) => `${key}-${value}`);
  const target = path.join(CACHE, `layer-${inputs()}-${words.join('-')}`);
  if (!fs.existsSync(target)) {
    const draft = await makeDraft(target);
    try {
      await build({ ...options, out: draft }, { report: console.log, terminal: false });
      await moveIntoPlace(draft, target, () => true);
    } finally {
      await removeFolder(draft);
    }
  }
  const report = JSON.parse(fs.readFileSync(path.join(target, `litellm-layer-${arch}.json`), 'utf8'));
  const zip = path.join(target, `litellm-layer-${arch}.zip`);
  return { folder: target, arch, tree: path.join(target, arch), zip, report };
}

/** A folder for a test, removed after it. @param {import('node:test').TestContext} t */
function temporary(t) {
  fs.mkdirSync(CACHE, { recursive: true });
  const folder = fs.mkdtempSync(path.join(CACHE, 'test-layer-')); // on the disk of the layers, for links
  t.after(() => removeFolder(folder));
  return folder;
}

/** Copies a folder with hard links: its files must be replaced, never changed in place. */
function linkTree(source, target) {
  fs.mkdirSync(target, { recursive: true });
  for (const entry of fs.readdirSync(source, { withFileTypes: true })) {
    const [from, to] = [path.join(source, entry.name), path.join(target, entry.name)];
    if (entry.isDirectory()) linkTree(from, to);
    else fs.linkSync(from, to);
  }
}

/**
 * A copy of a tree that may be damaged.
 * @param {import('node:test').TestContext} t
 * @param {string} tree the folder with python/ in it
 */
function copyOf(t, tree) {
  const root = temporary(t);
  linkTree(tree, root);
  const place = (/** @type {string} */ name) => path.join(root, 'python', name);
  return {
    root,
    place,
    read: (name) => fs.readFileSync(place(name)),
    remove: (name) => fs.rmSync(place(name), { recursive: true }),
    /** A file of its own instead of the shared one. */
    write(name, data, mode = 0o644) {
      fs.rmSync(place(name), { force: true });
      fs.mkdirSync(path.dirname(place(name)), { recursive: true });
      fs.writeFileSync(place(name), data, { mode });
      fs.chmodSync(place(name), mode);
    },
  };
}

module.exports = { builtLayer, copyOf, temporary };
