'use strict';

/** Addons that are built otherwise, each in a folder of its own: tests may be using the ordinary one. */

const fs = require('node:fs');
const path = require('node:path');
const { gyp } = require('./addon');
const { ROOT } = require('../paths');

const FLAGS = '-fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer';

/** What is special about the build of each, as variables. */
const VARIANTS = {
  sanitize: { CFLAGS: FLAGS, CXXFLAGS: FLAGS, LDFLAGS: FLAGS },
  portable: { LB_PORTABLE: '1' },
};

/**
 * node-gyp builds beside its binding.gyp: the folder has links to that and to the sources.
 * @param {keyof typeof VARIANTS} variant
 * @returns {Promise<string>} the folder
 */
async function buildOther(variant) {
  const folder = path.join(ROOT, 'build', variant);
  fs.mkdirSync(folder, { recursive: true });
  for (const name of ['binding.gyp', 'src']) {
    fs.rmSync(path.join(folder, name), { force: true });
    fs.symlinkSync(path.join(ROOT, name), path.join(folder, name));
  }
  const env = { ...process.env, ...VARIANTS[variant] };
  for (const command of ['configure', 'build']) await gyp(command, { cwd: folder, env });
  return folder;
}

/** Variables that make Node's tests use the addon of a folder. @param {string} folder */
function variablesFor(folder) {
  return { OTHER_ADDON: folder, NODE_OPTIONS: `--require ${path.join(ROOT, 'test', 'other-addon.js')}` };
}

module.exports = { buildOther, variablesFor };
