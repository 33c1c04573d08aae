'use strict';

/** A stand-in for AWS and checkers of templates, for the test groups `publish` and `iac`. */

const path = require('node:path');
const { install } = require('../../lib/cli/install');
const { environmentFolder, interpreterOf } = require('../../lib/environment');
const { CACHE, ROOT } = require('../paths');

const LOCK = path.join(ROOT, 'test', 'aws', 'requirements.lock');

/** The interpreter with moto and cfn-lint; null when not installed. */
function awsPython() {
  return interpreterOf(environmentFolder(CACHE, LOCK));
}

/** @type {import('../setup').Step} */
const awsTools = {
  name: 'stand-in for AWS',
  cost: '40 s, 420 MB in .cache',
  async plan() {
    if (awsPython()) return null;
    const run = (report) => install({ cache: CACHE, lock: LOCK, module: 'moto', report });
    return { what: 'pip install -r test/aws/requirements.lock', run };
  },
};

module.exports = { awsPython, awsTools };
