'use strict';

/** Libraries of native/ that programs are run with. */

const assert = require('node:assert/strict');
const { spawnSync } = require('node:child_process');
const path = require('node:path');

const NATIVE = path.join(__dirname, '..', 'native');

/**
 * Compiles one.
 * @param {string} name
 * @param {string} folder
 * @returns {string} its path
 */
function compile(name, folder) {
  const library = path.join(folder, `${name}.so`);
  const source = path.join(NATIVE, `${name}.c`);
  const args = ['-shared', '-fPIC', '-o', library, source, '-lpthread', '-ldl'];
  const { status, stderr } = spawnSync('cc', args);
  assert.equal(status, 0, `${stderr}`);
  return library;
}

/** A value of LD_PRELOAD; sanitizers have to stay the first in it. @param {string} library */
const preloaded = (library) => [process.env.LD_PRELOAD, library].filter(Boolean).join(' ');

module.exports = { compile, preloaded };
