'use strict';

/** What `layer build` is asked for, checked before anything is made. */

const fs = require('node:fs');
const path = require('node:path');
const { CommandError } = require('../../error');
const { NAME: MANIFEST } = require('../verify/manifest');

const ARCHES = ['x86_64', 'arm64'];
const OWN = { x64: 'x86_64', arm64: 'arm64' };
// Other systems' names for the same.
const ALIASES = { amd64: 'x86_64', x64: 'x86_64', 'x86-64': 'x86_64', aarch64: 'arm64' };

/** A requirement as pip takes it: no option, no URL and no path. */
const REQUIREMENT =
  /^[A-Za-z0-9][A-Za-z0-9._-]*(\[[A-Za-z0-9,._ -]+\])?\s*([=<>!~]=?[^\s/\\;]+(,\s*[=<>!~]=?[^\s/\\;]+)*)?$/;

/**
 * @typedef {object} BuildOptions as commander gives them
 * @property {string} [arch]
 * @property {string} [out]
 * @property {string} [requirements]
 * @property {string[]} [extra]
 * @property {boolean} [slim]
 * @property {boolean} [full]
 * @property {boolean} [refresh]
 * @property {boolean} [docker] true: in Docker; false: never; else where this system can't
 *
 * @typedef {object} Plan
 * @property {'x86_64' | 'arm64'} arch
 * @property {'default' | 'slim' | 'full'} variant
 * @property {string} out absolute
 * @property {string | undefined} requirements absolute
 * @property {string[]} extras
 * @property {boolean} refresh
 * @property {boolean | undefined} docker
 */

/** @param {string} [name] @returns {any} */
function archOf(name = process.arch) {
  const arch = OWN[name] ?? ALIASES[name] ?? name;
  if (ARCHES.includes(arch)) return arch;
  throw new CommandError(
    `There is no layer for the architecture "${name}"`,
    'Lambda has two: --arch x86_64, or --arch arm64 (Graviton)',
  );
}

/** @param {BuildOptions} options */
function variantOf({ slim, full }) {
  if (slim && full) {
    throw new CommandError(
      '--slim and --full exclude each other',
      'Choose one, or neither: the default layer',
    );
  }
  return slim ? 'slim' : full ? 'full' : 'default';
}

function requirementsOf(file) {
  if (file === undefined) return undefined;
  if (fs.statSync(file, { throwIfNoEntry: false })?.isFile()) return path.resolve(file);
  throw new CommandError(`There is no file ${file}`, 'Name a text file with a requirement a line');
}

function checkExtra(name) {
  if (REQUIREMENT.test(name)) return;
  throw new CommandError(
    `"${name}" is no requirement`,
    'Name a package of the index: --extra google-auth, or --extra "google-auth>=2.40"',
  );
}

function checkOut(folder) {
  // A path through a file can't be made; that is told when it is tried.
  if (fs.existsSync(folder) && !fs.statSync(folder).isDirectory()) {
    throw new CommandError(`${folder} is a file`, 'Name a folder for the result: --out DIR');
  }
}

/** A build replaces what is there: a former layer, and nothing else. */
function checkPlace(folder) {
  const isThere = fs.existsSync(folder);
  if (!isThere || fs.existsSync(path.join(folder, 'python', MANIFEST))) return;
  if (fs.statSync(folder).isDirectory() && fs.readdirSync(folder).length === 0) return;
  throw new CommandError(
    `${folder} is no layer, and would be replaced by one`,
    'Choose another folder for the result: --out DIR; or move away what is there',
  );
}

/**
 * @param {BuildOptions} options
 * @returns {Plan}
 * @throws {CommandError} naming what is wrong
 */
function planOf(options) {
  const out = path.resolve(options.out ?? 'litellm-layer');
  const arch = archOf(options.arch);
  checkOut(out);
  checkPlace(path.join(out, arch));
  for (const name of options.extra ?? []) checkExtra(name);
  return {
    arch,
    variant: variantOf(options),
    out,
    requirements: requirementsOf(options.requirements),
    extras: options.extra ?? [],
    refresh: options.refresh === true,
    docker: options.docker,
  };
}

module.exports = { ARCHES, archOf, planOf };
