'use strict';

const { execFileSync } = require('node:child_process');
const fs = require('node:fs');
const path = require('node:path');
const { ROOT } = require('./paths');

/**
 * Fills a folder with this package as npm publishes it.
 * @param {string} folder made if it is not there
 */
function unpackPackage(folder) {
  fs.mkdirSync(folder, { recursive: true });
  const args = ['pack', '--silent', '--pack-destination', folder];
  const name = execFileSync('npm', args, { cwd: ROOT, encoding: 'utf8' }).trim().split('\n').pop() ?? '';
  const tarball = path.join(folder, name);
  execFileSync('tar', ['-xzf', tarball, '--strip-components=1', '-C', folder]);
  fs.rmSync(tarball);
}

module.exports = { unpackPackage };
