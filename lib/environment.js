'use strict';

/**
 * The private Python environment of this package: its folder and whether it is complete.
 *
 * The folder is named by the lock file's hash and the CPU architecture, both known without
 * running Python, so that looking for it costs a few `stat` calls. Another lock is another
 * folder: two versions of this package never share or overwrite one.
 */

const { createHash } = require('node:crypto');
const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');

/** The hash-locked requirements that come with this package. */
const LOCK = path.join(__dirname, 'python', 'requirements.lock');

/** Of LOCK, made with it: to hash it at each start would stop the event loop for a millisecond. */
const { sha256: LOCK_DIGEST } = require('./python/lock.json');

/** Written as the last step of an installation: a folder without it is no environment. */
const MARKER = 'environment.json';

/** The start archive's name in an environment; the worker's archive/file.py knows it, too. */
const ARCHIVE = 'litellm-bridge.archive';

const APPLICATION = 'litellm-bridge';

/** XDG asks that a relative path be ignored. */
function cacheRoot(env, platform) {
  const named = env.XDG_CACHE_HOME;
  if (named && path.isAbsolute(named)) return named;
  const below = platform === 'darwin' ? ['Library', 'Caches'] : ['.cache'];
  return path.join(os.homedir(), ...below);
}

/**
 * The folder for everything that this package keeps on a machine.
 * @param {NodeJS.ProcessEnv} [env]
 * @param {string} [platform]
 * @returns {string} absolute; it need not exist
 * @throws {Error} when the user has no home folder
 */
function cacheFolder(env = process.env, platform = process.platform) {
  return path.join(cacheRoot(env, platform), APPLICATION);
}

/** @param {string} file @returns {string} hex */
function digestOf(file) {
  return createHash('sha256').update(fs.readFileSync(file)).digest('hex');
}

/**
 * The folder of the environment that a lock file describes.
 * @param {string} cache
 * @param {string} [lock] path of the lock file
 * @returns {string} absolute; it need not exist
 */
function environmentFolder(cache, lock = LOCK) {
  const digest = lock === LOCK ? LOCK_DIGEST : digestOf(lock);
  return path.join(cache, `env-${digest.slice(0, 16)}-${process.arch}`);
}

/**
 * The interpreter of a complete environment, else null. The interpreter is a link: one whose
 * base Python was removed is not complete.
 * @param {string} folder
 * @returns {string | null}
 */
function interpreterOf(folder) {
  const python = path.join(folder, 'bin', 'python3');
  const complete = fs.existsSync(path.join(folder, MARKER)) && fs.existsSync(python);
  return complete ? python : null;
}

/** What was found last, and for which variables. @type {{ home?: string, cache?: string, python: string | null }} */
let lastFound = { home: '', cache: '', python: null };

/**
 * Where the interpreter of the private environment is, if there is one: the addon looks, off the
 * event loop.
 * @returns {string | null} absolute path; null: the user has no home folder
 */
function privateInterpreter() {
  const { HOME: home, XDG_CACHE_HOME: cache } = process.env;
  if (home === lastFound.home && cache === lastFound.cache) return lastFound.python;
  let python = null;
  try {
    python = path.join(environmentFolder(cacheFolder()), 'bin', 'python3');
  } catch {
    // the user has no home folder
  }
  lastFound = { home, cache, python };
  return python;
}

/**
 * The interpreter of the private environment that `litellm-bridge install` makes.
 * @returns {string | null} absolute path, or null when it is not installed (for this lock)
 */
function privatePython() {
  try {
    return interpreterOf(environmentFolder(cacheFolder()));
  } catch {
    return null; // the user has no home folder
  }
}

/** How it begins: a mark, and the version of its layout. */
const ARCHIVE_MAGIC = Buffer.from('LBARC\x04\r\n', 'latin1');

/**
 * Whether an environment has a start archive of this version. It need not fit what is installed.
 * @param {string} folder
 */
function hasArchive(folder) {
  try {
    const file = fs.openSync(path.join(folder, ARCHIVE), 'r');
    const start = Buffer.alloc(ARCHIVE_MAGIC.length);
    fs.readSync(file, start);
    fs.closeSync(file);
    return start.equals(ARCHIVE_MAGIC);
  } catch {
    return false;
  }
}

module.exports = {
  ARCHIVE,
  LOCK,
  LOCK_DIGEST,
  MARKER,
  cacheFolder,
  digestOf,
  environmentFolder,
  hasArchive,
  interpreterOf,
  privateInterpreter,
  privatePython,
};
