'use strict';

/** Lambda's own runtime clients for Node, which the test group `lambda` runs. npm compiles them. */

const fs = require('node:fs');
const path = require('node:path');
const { removeFolder } = require('../../lib/cli/draft');
const { headersOf } = require('./node-versions');
const { folderOf, npmCi } = require('./npm-folder');

const SOURCE = 'test/lambda/clients';
const HEADERS_MAJOR = '22'; // the oldest that both clients are for

const clientsFolder = () => folderOf('lambda-clients', SOURCE);

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

function install(report) {
  const onLine = (line) => line.startsWith('>') && report(line);
  // In the foreground, npm says which package it compiles.
  const args = ['--foreground-scripts'];
  return npmCi(clientsFolder(), SOURCE, { args, env: environment(), onLine, finish: removeSources });
}

/** @type {import('../setup').Step} */
const lambdaClients = {
  name: 'runtime clients of Lambda',
  cost: '2 to 5 minutes, once; 12 MB in .cache',
  async plan() {
    return fs.existsSync(clientsFolder())
      ? null
      : { what: `npm ci in ${SOURCE}; compiles two copies of curl`, run: install };
  },
};

module.exports = { clientFolder, lambdaClients };
