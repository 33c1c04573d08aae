'use strict';

/**
 * The Python environments: the worker's private one, another with a newer LiteLLM, and the tools
 * of tests and checks.
 */

const fs = require('node:fs');
const path = require('node:path');
const { install } = require('../../lib/cli/install');
const {
  LOCK,
  cacheFolder,
  environmentFolder,
  hasArchive,
  interpreterOf,
  privatePython,
} = require('../../lib/environment');
const { CACHE, NEWER_LOCK, TOOLS_LOCK } = require('../paths');

/** The interpreter with pytest, ruff, mypy and clang-format; null when not installed. */
function toolsPython() {
  return interpreterOf(environmentFolder(CACHE, TOOLS_LOCK));
}

/** @param {string} python of an environment */
function packagesOf(python) {
  const library = path.join(path.dirname(python), '..', 'lib');
  const [version] = fs.readdirSync(library).filter((name) => name.startsWith('python3.'));
  return path.join(library, version, 'site-packages');
}

/**
 * Lends the worker's packages to the tools' environment: tests run with the LiteLLM that will
 * run. A path line, which Python and the worker's own bootstrap both honour.
 */
function lending() {
  const file = path.join(packagesOf(toolsPython() ?? ''), 'litellm-bridge.pth');
  return { file, line: `${packagesOf(privatePython() ?? '')}\n` };
}

function isLent() {
  const { file, line } = lending();
  return fs.existsSync(file) && fs.readFileSync(file, 'utf8') === line;
}

/** Made from the worker's own Python, so that its compiled packages can be loaded. */
async function installTools(report) {
  const python = privatePython() ?? undefined;
  await install({ python, cache: CACHE, lock: TOOLS_LOCK, module: 'pytest', report });
  const { file, line } = lending();
  fs.writeFileSync(file, line);
}

/** @type {import('../setup').Step} */
const privateEnvironment = {
  name: 'private Python environment',
  cost: '30 s, 200 MB in the cache folder of the user',
  async plan() {
    const python = privatePython();
    if (python && hasArchive(path.join(path.dirname(python), '..'))) return null;
    const terminal = process.stdout.isTTY === true;
    return { what: 'litellm-bridge install', run: (report) => install({ report, terminal }) };
  },
};

/** @type {import('../setup').Step} */
const tools = {
  name: 'Python tools',
  cost: '20 s, 130 MB in .cache',
  async plan() {
    return toolsPython() && isLent()
      ? null
      : { what: 'pip install -r test/requirements.lock', run: installTools };
  },
};

/** The LiteLLM that a lock file names. */
function litellmOf(lock) {
  const [, version] = /^litellm==([\d.]+)/m.exec(fs.readFileSync(lock, 'utf8')) ?? [];
  return version ?? '';
}

const LOCKED_LITELLM = litellmOf(LOCK);
const NEWER_LITELLM = litellmOf(NEWER_LOCK);
const LITELLMS = [LOCKED_LITELLM, NEWER_LITELLM];
const NEWER_STREAMS = '500'; // generated ones: a quarter of what the locked LiteLLM is given

/** The interpreter with the newer LiteLLM; null when not installed. */
function newerPython() {
  return interpreterOf(environmentFolder(cacheFolder(), NEWER_LOCK));
}

/**
 * How to run pytest with one of LITELLMS. The newer one's own packages and the tools: the former
 * come with its interpreter, the latter by PYTHONPATH, so that the environment stays as locked.
 * @param {string} litellm
 * @returns {{ python: string, env: NodeJS.ProcessEnv }}
 */
function pytestWith(litellm) {
  const tools = toolsPython() ?? '';
  if (litellm === LOCKED_LITELLM) return { python: tools, env: {} };
  const env = { PYTHONPATH: packagesOf(tools), LITELLM_BRIDGE_STREAMS: NEWER_STREAMS };
  return { python: newerPython() ?? '', env };
}

/** @type {import('../setup').Step} */
const newerEnvironment = {
  name: `Python environment with LiteLLM ${NEWER_LITELLM}`,
  cost: 'a minute, 310 MB in the cache folder of the user',
  async plan({ litellms }) {
    if (!litellms.includes(NEWER_LITELLM) || newerPython()) return null;
    const run = (report) => install({ lock: NEWER_LOCK, report });
    return { what: 'pip install -r test/newer.lock', run };
  },
};

module.exports = {
  LITELLMS,
  LOCKED_LITELLM,
  NEWER_LITELLM,
  newerEnvironment,
  newerPython,
  privateEnvironment,
  pytestWith,
  tools,
  toolsPython,
};
