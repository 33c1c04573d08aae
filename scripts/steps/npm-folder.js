'use strict';

/** Node packages that a group of tests alone needs, from a lock of their own, in .cache. */

const { createHash } = require('node:crypto');
const fs = require('node:fs');
const path = require('node:path');
const { makeDraft, moveIntoPlace, removeFolder } = require('../../lib/cli/draft');
const { must } = require('../command');
const { CACHE, ROOT } = require('../paths');

const MANIFESTS = ['package.json', 'package-lock.json'];
const HINT = 'See the words of npm above; the package registry must be reachable';

/**
 * @param {string} name of the folder in .cache; another lock is another folder
 * @param {string} source the folder with package.json and its lock, below the project's
 */
function folderOf(name, source) {
  const lock = fs.readFileSync(path.join(ROOT, source, 'package-lock.json'));
  const digest = createHash('sha256').update(lock).digest('hex');
  return path.join(CACHE, `${name}-${digest.slice(0, 16)}`);
}

/**
 * Runs `npm ci` there.
 * @param {string} target of `folderOf`
 * @param {string} source
 * @param {object} options
 * @param {string[]} options.args more for npm
 * @param {NodeJS.ProcessEnv} [options.env]
 * @param {(line: string) => void} [options.onLine]
 * @param {(draft: string) => Promise<void>} [options.finish] what else is to be done with it
 */
async function npmCi(target, source, { args, finish, ...options }) {
  const draft = await makeDraft(target);
  try {
    for (const name of MANIFESTS) fs.copyFileSync(path.join(ROOT, source, name), path.join(draft, name));
    await must(`npm ci in ${source}`, HINT, 'npm', ['ci', ...args], { cwd: draft, ...options });
    await finish?.(draft);
    await moveIntoPlace(draft, target, () => true);
  } finally {
    await removeFolder(draft);
  }
}

module.exports = { folderOf, npmCi };
