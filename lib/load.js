'use strict';

/**
 * Finds and loads the native addon (lib/native.js holds the loaded one). Whoever requires this package on a machine that
 * cannot run it is told here, in words, and not by the dynamic loader.
 */

const path = require('node:path');

const ADDON = 'litellm_bridge.node';
const ROOT = path.join(__dirname, '..');

/**
 * Where the addon may be: built on this machine, or brought by the package.
 * @param {string} platform
 * @param {string} arch
 * @returns {string[]} absolute paths, in the order they are tried
 */
function candidates(platform, arch) {
  return [
    path.join(ROOT, 'build', 'Release', ADDON),
    path.join(ROOT, 'prebuilds', `${platform}-${arch}`, ADDON),
  ];
}

/** Not in the package's folder: what a build needs besides a compiler is not in the package. */
const BUILD = 'build it in a clone of its repository, with a C and a C++ compiler: node scripts/setup.js';

/**
 * @param {string} code
 * @param {string} message
 * @param {string} hint what to do
 * @param {unknown} [cause]
 */
function loadError(code, message, hint, cause) {
  const error = new Error(`litellm-bridge: ${message}. ${hint}.`, { cause });
  return Object.assign(error, { code, hint });
}

/** @param {string} platform */
function unsupported(platform) {
  return loadError(
    'ERR_FEATURE_UNAVAILABLE_ON_PLATFORM',
    `${platform === 'win32' ? 'Windows' : platform} is not supported`,
    'Use Linux or macOS; on Windows, the Windows Subsystem for Linux (WSL) works',
  );
}

/**
 * @param {string[]} paths
 * @param {unknown} cause
 */
function missing(paths, cause) {
  return loadError(
    'ERR_DLOPEN_FAILED',
    `there is no native addon for ${process.platform}-${process.arch} (looked for ${paths.join(', ')})`,
    `Use a platform that the package has one for (its folder prebuilds), or ${BUILD}`,
    cause,
  );
}

/**
 * @param {string} file
 * @param {unknown} cause
 */
function broken(file, cause) {
  const words = cause instanceof Error ? cause.message : String(cause);
  return loadError(
    'ERR_DLOPEN_FAILED',
    `the native addon ${file} does not load: ${words}`,
    `It was built for another machine: install the package anew on this one, or ${BUILD}`,
    cause,
  );
}

/**
 * A missing file and a file that does not load are told apart by Node's own code.
 * @param {unknown} error
 * @param {string} file
 */
function isMissing(error, file) {
  const { code, message } = /** @type {NodeJS.ErrnoException} */ (error);
  return code === 'MODULE_NOT_FOUND' && message.includes(file);
}

/**
 * Loads the addon.
 * @param {string} [platform] `process.platform`
 * @param {string} [arch] `process.arch`
 * @param {(file: string) => any} [load] `require`
 * @returns {any} the addon: errors, platform, Port
 * @throws {Error} with `code`, `hint` and `cause`
 */
function loadAddon(platform = process.platform, arch = process.arch, load = require) {
  if (platform !== 'linux' && platform !== 'darwin') throw unsupported(platform);
  const paths = candidates(platform, arch);
  let cause;
  for (const file of paths) {
    try {
      return load(file);
    } catch (error) {
      if (!isMissing(error, file)) throw broken(file, error);
      cause = error;
    }
  }
  throw missing(paths, cause);
}

/** @param {string} file @returns {string | null} what `require` would load for it */
function resolved(file) {
  try {
    return require.resolve(file);
  } catch {
    return null;
  }
}

/**
 * The file that `loadAddon` takes, as `require.cache` names it: what is there is never passed over.
 * @param {string} [platform]
 * @param {string} [arch]
 * @returns {string | null}
 */
function addonFile(platform = process.platform, arch = process.arch) {
  return candidates(platform, arch).map(resolved).find(Boolean) ?? null;
}

module.exports = { addonFile, loadAddon };
