'use strict';

/** What was asked for in the former layer is in the new one, too. */

const fs = require('node:fs');
const path = require('node:path');
const { CommandError } = require('../../error');
const { LAYER } = require('../builder/ways');

/** @param {string} requirement */
const nameOf = (requirement) =>
  (/^[\w.-]+/.exec(requirement)?.[0] ?? '').toLowerCase().replace(/[-_.]+/g, '-');

/**
 * The requirements of --extra: the former layer's, unless one of the same name is given.
 * @param {{ extras?: string[] }} manifest of the former layer
 * @param {string[]} [given]
 */
function extrasAs({ extras = [] }, given = []) {
  const names = new Set(given.map(nameOf));
  return [...extras.filter((each) => !names.has(nameOf(each))), ...given];
}

/** What a package of the layer needs by itself. @param {string} tree python/ of a layer */
function neededIn(tree) {
  const infos = fs.readdirSync(tree).filter((name) => name.endsWith('.dist-info'));
  const texts = infos.map((name) => fs.readFileSync(path.join(tree, name, 'METADATA'), 'utf8'));
  const lines = texts.flatMap((text) => text.match(/^Requires-Dist: .*$/gm) ?? []);
  const certain = lines.filter((line) => !/\bextra\s*==/.test(line));
  return certain.map((line) => nameOf(line.slice('Requires-Dist: '.length)));
}

/** Those that come with LiteLLM, or did. */
function ownPackages() {
  const lock = fs.readFileSync(path.join(LAYER, 'requirements.lock'), 'utf8');
  return (lock.match(/^[\w.-]+==/gm) ?? []).map(nameOf);
}

/**
 * @param {{ packages: Record<string, string> }} before the manifest of the former layer
 * @param {{ packages: Record<string, string> }} after
 * @param {string} tree python/ of the former layer
 * @throws {CommandError} a package is gone that no other one had brought
 */
function checkKept(before, after, tree) {
  const brought = new Set([...neededIn(tree), ...ownPackages()]);
  const lost = Object.keys(before.packages).filter((name) => !after.packages[name] && !brought.has(name));
  if (lost.length === 0) return;
  throw new CommandError(
    `The new layer would lack ${lost.join(', ')}; the former one stays`,
    `Name what that one was made from: --requirements FILE, or ${lost.map((name) => `--extra ${name}`).join(' ')}`,
  );
}

module.exports = { checkKept, extrasAs };
