'use strict';

/** Runs one installation in a process of its own: run-install.js OPTIONS-AS-JSON */

const { install } = require('../../../lib/cli/install');

install({ ...JSON.parse(process.argv[2]), report: (line) => console.log(line) });
