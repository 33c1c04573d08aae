'use strict';

/** The native addon. make knows what is out of date; when nothing changed it is not even asked. */

const fs = require('node:fs');
const path = require('node:path');
const { must } = require('../command');
const { ADDON, ROOT } = require('../paths');

const SOURCES = ['binding.gyp', 'src'];
const HINT = 'The words of the compiler are above';

/** ms since 1970 of the newest file below a path. */
function newest(file) {
  const stat = fs.statSync(file);
  if (!stat.isDirectory()) return stat.mtimeMs;
  return Math.max(...fs.readdirSync(file).map((name) => newest(path.join(file, name))));
}

function modified(file) {
  return fs.existsSync(file) ? newest(file) : 0;
}

/** The running Node's own headers, where it was installed with them; else node-gyp's default. */
function headerOptions() {
  const folder = path.join(path.dirname(process.execPath), '..');
  return fs.existsSync(path.join(folder, 'include', 'node')) ? [`--nodedir=${folder}`] : [];
}

/**
 * @param {string} command
 * @param {{ cwd?: string, env?: NodeJS.ProcessEnv }} [options] cwd: the folder of binding.gyp
 */
function gyp(command, options = {}) {
  const script = path.join(ROOT, 'node_modules', 'node-gyp', 'bin', 'node-gyp.js');
  const args = [script, command, '--release', ...headerOptions()];
  return must(`node-gyp ${command}`, HINT, process.execPath, args, options);
}

/** Configured anew each time: the list of sources is made then. */
async function build() {
  await gyp('configure');
  await gyp('build');
}

/** @type {import('../setup').Step & { gyp: typeof gyp }} */
module.exports = {
  gyp,
  name: 'addon',
  cost: '20 s',
  async plan() {
    const sources = SOURCES.map((name) => modified(path.join(ROOT, name)));
    return modified(ADDON) >= Math.max(...sources) ? null : { what: 'node-gyp build', run: build };
  },
};
