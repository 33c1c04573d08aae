'use strict';

/** Lambda's own runtime clients for Node, which the test group `lambda` runs. npm compiles them. */

const { createHash } = require('node:crypto');
const fs = require('node:fs');
const path = require('node:path');
const { makeDraft, moveIntoPlace, removeFolder } = require('../../lib/cli/draft');
const { must } = require('../command');
const { CACHE, ROOT } = require('../paths');
const { headersOf } = require('./node-versions');

const MANIFESTS = ['package.json', 'package-lock.json'];
const SOURCE = path.join(ROOT, 'test', 'lambda', 'clients');
const HEADERS_MAJOR = '22'; // the oldest that both clients are for

/** The folder of the clients that the lock describes; another lock is another folder. */
function clientsFolder() {
  const lock = fs.readFileSync(path.join(SOURCE, 'package-lock.json'));
  const digest = createHash('sha256').update(lock).digest('hex');
  return path.join(CACHE, `lambda-clients-${digest.slice(0, 16)}`);
}

/** @param {'ric-3' | 'ric-4'} name of a dependency in test/lambda/clients/package.json */
const clientFolder = (name) => path.join(clientsFolder(), 'node_modules', name);

/** Where the headers are at hand, node-gyp need not fetch any. */
function environment() {
  const headers = headersOf(HEADERS_MAJOR);
  const parallel = { MAKEFLAGS: '-j2' };
  return { ...process.env, ...parallel, ...(headers ? { npm_config_nodedir: headers } : {}) };
}

async function removeSources(draft) {
  for (const name of ['ric-3', 'ric-4']) await removeFolder(path.join(draft, 'node_modules', name, 'deps'));
}

async function install(report) {
  const hint = 'See the words of npm and the compilers above; the package registry must be reachable';
  const draft = await makeDraft(clientsFolder());
  const show = (line) => line.startsWith('>') && report(line);
  try {
    for (const name of MANIFESTS) fs.copyFileSync(path.join(SOURCE, name), path.join(draft, name));
    // In the foreground, npm says which package it compiles.
    const args = ['ci', '--foreground-scripts'];
    const options = { cwd: draft, env: environment(), onLine: show };
    await must('npm ci in test/lambda/clients', hint, 'npm', args, options);
    await removeSources(draft);
    await moveIntoPlace(draft, clientsFolder(), () => true);
  } finally {
    await removeFolder(draft);
  }
}

/** @type {import('../setup').Step} */
const lambdaClients = {
  name: 'runtime clients of Lambda',
  cost: '2 to 5 minutes, once; 12 MB in .cache',
  async plan() {
    return fs.existsSync(clientsFolder())
      ? null
      : { what: 'npm ci in test/lambda/clients; compiles two copies of curl', run: install };
  },
};

module.exports = { clientFolder, lambdaClients };
