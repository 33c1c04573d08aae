'use strict';

/**
 * The addon with the address and undefined-behaviour sanitizers, in a folder of its own: tests may
 * be using the ordinary one.
 */

const fs = require('node:fs');
const path = require('node:path');
const { gyp } = require('./addon');
const { ROOT } = require('../paths');

const FOLDER = path.join(ROOT, 'build', 'sanitize');
const FLAGS = '-fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer';

/** node-gyp builds beside its binding.gyp: the folder has links to that and to the sources. */
async function buildSanitized() {
  fs.mkdirSync(FOLDER, { recursive: true });
  for (const name of ['binding.gyp', 'src']) {
    fs.rmSync(path.join(FOLDER, name), { force: true });
    fs.symlinkSync(path.join(ROOT, name), path.join(FOLDER, name));
  }
  const env = { ...process.env, CFLAGS: FLAGS, CXXFLAGS: FLAGS, LDFLAGS: FLAGS };
  for (const command of ['configure', 'build']) await gyp(command, { cwd: FOLDER, env });
}

module.exports = { FOLDER, buildSanitized };
