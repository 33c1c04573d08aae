'use strict';

/** The Python environments: the worker's private one, and the tools of tests and checks. */

const { install } = require('../../lib/cli/install');
const { environmentFolder, interpreterOf, privatePython } = require('../../lib/environment');
const { CACHE, TOOLS_LOCK } = require('../paths');

/** The interpreter with pytest, ruff, mypy and clang-format; null when not installed. */
function toolsPython() {
  return interpreterOf(environmentFolder(CACHE, TOOLS_LOCK));
}

/** Made from the worker's own Python, so that its compiled packages can be loaded in tests. */
function installTools(report) {
  const python = privatePython() ?? undefined;
  return install({ python, cache: CACHE, lock: TOOLS_LOCK, module: 'pytest', report });
}

/** @type {import('../setup').Step} */
const privateEnvironment = {
  name: 'private Python environment',
  cost: '30 s, 200 MB in the cache folder of the user',
  async plan() {
    if (privatePython()) return null;
    const terminal = process.stdout.isTTY === true;
    return { what: 'litellm-bridge install', run: (report) => install({ report, terminal }) };
  },
};

/** @type {import('../setup').Step} */
const tools = {
  name: 'Python tools',
  cost: '20 s, 130 MB in .cache',
  async plan() {
    return toolsPython() ? null : { what: 'pip install -r test/requirements.lock', run: installTools };
  },
};

module.exports = { privateEnvironment, tools, toolsPython };
