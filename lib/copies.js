'use strict';

/**
 * Notices that a process has loaded two copies of this package. Each runs a Python of its own and
 * knows nothing of the other: that works, but is seldom what anybody wants.
 */

const fs = require('node:fs');
const { getEnvironmentData, setEnvironmentData } = require('node:worker_threads');

/** The addons that were loaded, files by identity. A thread inherits it from the one that made it. */
const LOADED = 'litellm-bridge.addons';

/**
 * What the dynamic loader goes by: links to one file are one addon.
 * @param {string} file
 */
function identity(file) {
  const { dev, ino } = fs.statSync(file, { bigint: true });
  return `${dev}:${ino}`;
}

/** @param {string[]} files */
function warn(files) {
  process.emitWarning(
    `litellm-bridge is loaded more than once in this process, from ${files.join(' and ')}. Each copy starts ` +
      'a Python of its own. Let all of the program resolve to one copy (npm ls litellm-bridge, npm dedupe)',
    { code: 'LITELLM_BRIDGE_COPIES' },
  );
}

/**
 * Notes that this addon was loaded; warns of each one that is not the first.
 * @param {string} file absolute path
 */
function noteCopy(file) {
  const known = /** @type {Record<string, string>} */ (getEnvironmentData(LOADED) ?? {});
  const own = identity(file);
  if (own in known) return;
  const loaded = { ...known, [own]: file };
  setEnvironmentData(LOADED, loaded);
  const files = Object.values(loaded);
  if (files.length > 1) warn(files);
}

module.exports = { noteCopy };
