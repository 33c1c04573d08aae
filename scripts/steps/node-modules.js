'use strict';

/** The node modules of package-lock.json. */

const fs = require('node:fs');
const path = require('node:path');
const { must } = require('../command');
const { ROOT } = require('../paths');

function readJson(...parts) {
  return JSON.parse(fs.readFileSync(path.join(ROOT, ...parts), 'utf8'));
}

function isInstalled([folder, { version, optional }]) {
  if (optional || folder === '') return true; // packages for other machines; the project itself
  try {
    return readJson(folder, 'package.json').version === version;
  } catch {
    return false;
  }
}

/** @type {import('../setup').Step} */
module.exports = {
  name: 'node modules',
  cost: '10 s, 160 MB',
  async plan() {
    if (Object.entries(readJson('package-lock.json').packages).every(isInstalled)) return null;
    const hint = 'See the words of npm above; the package registry must be reachable';
    return { what: 'npm ci', run: () => must('npm ci', hint, 'npm', ['ci']) };
  },
};
