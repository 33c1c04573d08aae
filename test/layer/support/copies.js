'use strict';

/** Copies of a layer's tree, to be damaged. */

const fs = require('node:fs');
const path = require('node:path');
const { removeFolder } = require('../../../lib/cli/draft');
const { CACHE } = require('../../../scripts/paths');

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

/** Changes what the manifest says. */
function describe(copy, fields) {
  const name = 'litellm-bridge.json';
  copy.write(name, JSON.stringify({ ...JSON.parse(copy.read(name)), ...fields }));
}

/** A copy of a file's data with other bytes from a place on. */
function patched(data, at, bytes) {
  const copy = Buffer.from(data);
  Buffer.from(bytes).copy(copy, at);
  return copy;
}

module.exports = { copyOf, describe, patched, temporary };
