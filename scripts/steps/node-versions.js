'use strict';

/** The Node versions that the addon, built once, is tested under. npm brings their binaries. */

const fs = require('node:fs');
const path = require('node:path');
const { makeDraft, moveIntoPlace, removeFolder } = require('../../lib/cli/draft');
const { must } = require('../command');
const { CACHE } = require('../paths');

const VERSIONS = { 20: '20.20.2', 22: '22.23.3', 24: '24.21.0' };
const MAJORS = Object.keys(VERSIONS);
const RUNNING = process.versions.node.split('.')[0];

function packageName() {
  const prefix = process.platform === 'darwin' && process.arch === 'arm64' ? 'node-bin' : 'node';
  return `${prefix}-${process.platform}-${process.arch}`;
}

function folderOf(major) {
  return path.join(CACHE, `node-${VERSIONS[major]}`);
}

/**
 * The binary of a major version; the running one where it fits.
 * @param {string} major
 */
function nodeBinary(major) {
  if (major === RUNNING) return process.execPath;
  return path.join(folderOf(major), 'node_modules', packageName(), 'bin', 'node');
}

/**
 * The folder with `include/node` of a major version, as node-gyp's nodedir wants it.
 * @param {string} major
 * @returns {string | null} null when that Node came without headers
 */
function headersOf(major) {
  const folder = path.join(path.dirname(nodeBinary(major)), '..');
  return fs.existsSync(path.join(folder, 'include', 'node')) ? folder : null;
}

async function download(major) {
  const spec = `${packageName()}@${VERSIONS[major]}`;
  const hint = 'See the words of npm above; the package registry must be reachable';
  const draft = await makeDraft(folderOf(major));
  try {
    const args = ['install', '--prefix', draft, '--no-save', '--ignore-scripts', spec];
    await must(`npm install ${spec}`, hint, 'npm', args);
    await moveIntoPlace(draft, folderOf(major), () => true);
  } finally {
    await removeFolder(draft);
  }
}

/** @type {import('../setup').Step} */
const nodeVersions = {
  name: 'Node versions for tests',
  cost: '10 s, 190 MB in .cache for each',
  async plan() {
    const missing = MAJORS.filter((major) => !fs.existsSync(nodeBinary(major)));
    if (missing.length === 0) return null;
    const run = async () => {
      for (const major of missing) await download(major);
    };
    return { what: `Node ${missing.join(' and ')} from npm`, run };
  },
};

module.exports = { MAJORS, headersOf, nodeBinary, nodeVersions };
