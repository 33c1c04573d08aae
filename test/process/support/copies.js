'use strict';

/** Copies of this package, as two versions in one node_modules tree are. */

const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');

const ROOT = path.join(__dirname, '..', '..', '..');
const ADDON = path.join('build', 'Release', 'litellm_bridge.node');

/**
 * Copies the package without its addon, which `bring` brings: fs.copyFileSync, or fs.linkSync.
 * @param {import('node:test').TestContext} t removes it
 * @param {(from: string, to: string) => void} bring
 * @param {string} [from] the package
 * @returns {string} the copy's folder
 */
function makeCopy(t, bring, from = ROOT) {
  const copy = fs.mkdtempSync(path.join(os.tmpdir(), 'litellm-bridge-copy-'));
  t.after(() => fs.rmSync(copy, { recursive: true, force: true }));
  const filter = (file) => path.basename(file) !== '__pycache__';
  fs.cpSync(path.join(from, 'lib'), path.join(copy, 'lib'), { recursive: true, filter });
  fs.copyFileSync(path.join(from, 'package.json'), path.join(copy, 'package.json'));
  fs.mkdirSync(path.join(copy, path.dirname(ADDON)), { recursive: true });
  bring(path.join(from, ADDON), path.join(copy, ADDON));
  return copy;
}

module.exports = { makeCopy };
