'use strict';

/** Programs in an empty root with the layer at /opt (layer/check/empty-root.sh). */

const fs = require('node:fs');
const path = require('node:path');
const { CommandError } = require('../../error');
const { run } = require('../../process');
const { makeTemporary } = require('../../temporary');
const { LAYER } = require('../builder/ways');

const SCRIPT = path.join(LAYER, 'check', 'empty-root.sh');
const NO_NAMESPACES = 125; // its exit status
const EMULATOR = { x86_64: 'qemu-x86_64-static', arm64: 'qemu-aarch64-static' };
const OWN = { x64: 'x86_64', arm64: 'arm64' };

/** The emulator that runs programs of an architecture here. @returns {string | null} null: none is needed */
function emulatorOf(arch, env = process.env) {
  if (OWN[process.arch] === arch && process.platform === 'linux') return null;
  const folders = [...(env.PATH ?? '').split(path.delimiter), '/usr/bin'];
  const files = folders.map((folder) => path.join(folder, EMULATOR[arch]));
  const found = files.find((file) => path.isAbsolute(file) && fs.existsSync(file));
  if (found) return found;
  const hint = `apt-get install qemu-user-static, verify on a machine with ${arch}, or leave the runs out: --static`;
  throw new CommandError(`This machine can't run programs for ${arch}: ${EMULATOR[arch]} is not there`, hint);
}

/**
 * @param {object} what
 * @param {string} what.tree the folder with python/ in it
 * @param {string[]} what.command
 * @param {Record<string, string>} [what.env] the whole environment
 * @param {Record<string, string>} [what.files] what is added to the root: here → there
 * @param {{ timeout: number, signal?: AbortSignal, onLine?: (line: string) => void }} options ms
 * @throws {CommandError} when this user can't have a root of its own
 */
async function inEmptyRoot({ tree, command, env = {}, files = {} }, { timeout, signal, onLine }) {
  const root = makeTemporary('litellm-layer-root-');
  const binds = Object.entries(files).flatMap(([source, target]) => ['-b', source, target]);
  const variables = Object.entries(env).flatMap(([name, value]) => ['-e', `${name}=${value}`]);
  try {
    const args = [SCRIPT, '-r', root, ...binds, ...variables, tree, ...command];
    const result = await run('sh', args, { timeout, signal, onLine });
    if (result.code === NO_NAMESPACES) throw new CommandError(result.err.trim(), hintOf());
    return result;
  } finally {
    fs.rmdirSync(root);
  }
}

function hintOf() {
  return 'Run it as root or with sudo, allow namespaces for users, or leave the runs out: --static';
}

module.exports = { emulatorOf, inEmptyRoot };
