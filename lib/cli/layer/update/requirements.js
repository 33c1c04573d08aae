'use strict';

/** The layer's requirements, with another LiteLLM. */

const fs = require('node:fs');
const path = require('node:path');
const { CommandError } = require('../../error');
const { LAYER } = require('../builder/ways');

const PACKAGE = /^\s*litellm(\[[^\]]*\])?(?=\s*([=<>!~;#]|$)).*$/im;
const VERSION = /^\d+(\.\d+){1,3}((a|b|rc)\d+)?(\.post\d+)?$/;
const OLDEST = [1, 78, 7];

/** @param {string} version */
function isTooOld(version) {
  const parts = version.split('.').map((part) => Number.parseInt(part, 10));
  const differing = OLDEST.findIndex((least, index) => (parts[index] ?? 0) !== least);
  return differing >= 0 && (parts[differing] ?? 0) < OLDEST[differing];
}

/** @param {string | undefined} version @throws {CommandError} */
function checkVersion(version) {
  if (version === undefined) return;
  if (!VERSION.test(version)) {
    throw new CommandError(
      `"${version}" is no version of LiteLLM`,
      'Write it like 1.78.7, or leave it out: the newest',
    );
  }
  if (isTooOld(version)) {
    const hint = 'The newest: npx litellm-bridge layer update';
    throw new CommandError(
      `LiteLLM ${version} is older than ${OLDEST.join('.')}, the oldest that is supported`,
      hint,
    );
  }
}

/** A lock names every version: it is made from these requirements, and not the other way. */
function checkUnlocked(file, text) {
  if (!text.includes('--hash=')) return;
  const hint = 'Name the requirements that it was made from, one a line: --requirements FILE';
  throw new CommandError(`${file} is a lock: its versions are decided`, hint);
}

/**
 * @param {string | undefined} version the newest unless it is given
 * @param {string} [file] requirements, a line each; else those of this package
 * @returns {string} requirements for `layer build`, which locks them
 * @throws {CommandError}
 */
function requirementsWith(version, file = path.join(LAYER, 'requirements.txt')) {
  if (!fs.existsSync(file))
    throw new CommandError(`There is no file ${file}`, 'Name a text file with a requirement a line');
  const text = fs.readFileSync(file, 'utf8');
  checkUnlocked(file, text);
  const wanted = version === undefined ? `>=${OLDEST.join('.')}` : `==${version}`;
  if (!PACKAGE.test(text)) return `${text.trimEnd()}\nlitellm${wanted}\n`;
  return text.replace(PACKAGE, (_, extras = '') => `litellm${extras}${wanted}`);
}

/**
 * The packages of a layer as they are, but for LiteLLM: newer ones would make its start slower
 * without being asked for.
 * @param {Record<string, string>} packages names and versions
 * @param {string} version of LiteLLM
 */
function pinnedTo(packages, version) {
  const lines = Object.entries({ ...packages, litellm: version }).map(([name, each]) => `${name}==${each}`);
  return `${lines.join('\n')}\n`;
}

module.exports = { checkVersion, pinnedTo, requirementsWith };
