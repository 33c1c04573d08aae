'use strict';

/** osls and the AWS CDK, with which the test group `iac` packages and synthesises the examples. */

const fs = require('node:fs');
const path = require('node:path');
const { folderOf, npmCi } = require('./npm-folder');

const SOURCE = 'test/iac/tools';

/** Its node_modules. */
const iacModules = () => path.join(folderOf('iac-tools', SOURCE), 'node_modules');

/** @type {import('../setup').Step} */
const iacTools = {
  name: 'tools of infrastructure as code',
  cost: '40 s, 280 MB in .cache',
  async plan() {
    if (fs.existsSync(iacModules())) return null;
    const target = folderOf('iac-tools', SOURCE);
    const run = () => npmCi(target, SOURCE, { args: ['--ignore-scripts'] });
    return { what: `npm ci in ${SOURCE}`, run };
  },
};

module.exports = { iacModules, iacTools };
