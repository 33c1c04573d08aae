'use strict';

/** Finds the interpreter from which the private environment is made. */

const fs = require('node:fs');
const path = require('node:path');
const { CommandError } = require('./error');
const { run } = require('./process');

const OLDEST = 11; // 3.11
const NEWEST = 13; // the lock file has wheels up to 3.13
const NAMES = ['python3', 'python3.13', 'python3.12', 'python3.11'];
// A PATH may hide the system's Python behind shims that fail.
const FOLDERS = ['/usr/local/bin', '/usr/bin', '/opt/homebrew/bin'];
const PROBE_TIMEOUT = 20_000; // ms; a cold disk is slow, a hanging shim must not hang us

const PROBE = `
import importlib.util, json, sys
print(json.dumps({
    "path": sys.executable,
    "version": list(sys.version_info[:3]),
    "venv": all(importlib.util.find_spec(name) for name in ("venv", "ensurepip")),
}))`;

/**
 * @typedef {object} BasePython
 * @property {string} path
 * @property {[number, number, number]} version
 * @property {boolean} venv whether it can make environments
 */

/** Every existing file that may be an interpreter, best first, each once. */
function candidates(env) {
  const folders = [...(env.PATH ?? '').split(path.delimiter), ...FOLDERS];
  const files = NAMES.flatMap((name) => folders.map((folder) => path.join(folder, name)));
  return [...new Set(files)].filter((file) => path.isAbsolute(file) && fs.existsSync(file));
}

/**
 * What a candidate says of itself; null when it does not run, as with a pyenv shim of a version
 * that is not selected.
 * @returns {Promise<BasePython | null>}
 */
async function probe(file, signal) {
  try {
    const { code, out } = await run(file, ['-I', '-c', PROBE], { signal, timeout: PROBE_TIMEOUT });
    return code === 0 ? JSON.parse(out) : null;
  } catch {
    signal?.throwIfAborted();
    return null;
  }
}

function isSupported({ version: [major, minor] }) {
  return major === 3 && minor >= OLDEST && minor <= NEWEST;
}

/** Why a candidate is not taken; null: it is good. */
function verdict(found) {
  if (!found) return 'does not run';
  const name = `Python ${found.version.join('.')}`;
  if (!isSupported(found)) return `is ${name}; 3.${OLDEST} to 3.${NEWEST} is needed`;
  if (!found.venv) return `is ${name}, but its venv package is missing`;
  return null;
}

function hintFor(refused) {
  const bare = refused.find(({ found }) => found && isSupported(found) && !found.venv);
  if (!bare) return `Install Python 3.${OLDEST} to 3.${NEWEST}, or name one: --python PATH`;
  const version = bare.found.version.slice(0, 2).join('.');
  return `Install its venv package (Debian and Ubuntu: apt-get install python${version}-venv), or name another Python: --python PATH`;
}

function notFound(refused) {
  const lines = refused.map(({ file, reason }) => `  ${file} ${reason}`);
  const list = lines.length > 0 ? `:\n${lines.join('\n')}` : ': there is no python3 on PATH';
  return new CommandError(`No suitable Python was found${list}`, hintFor(refused));
}

/**
 * The first interpreter that runs, has a supported version and can make environments.
 * @param {object} [options]
 * @param {string} [options.python] path or name; then no other is tried
 * @param {NodeJS.ProcessEnv} [options.env]
 * @param {AbortSignal} [options.signal]
 * @returns {Promise<BasePython>}
 * @throws {CommandError} naming every candidate and why it was refused
 */
async function findBasePython({ python, env = process.env, signal } = {}) {
  const refused = [];
  for (const file of python ? [python] : candidates(env)) {
    const found = await probe(file, signal);
    const reason = verdict(found);
    if (reason === null) return /** @type {BasePython} */ (found);
    refused.push({ file, found, reason });
  }
  throw notFound(refused);
}

module.exports = { findBasePython };
