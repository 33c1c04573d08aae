'use strict';

/** Everything that the doctor finds, as one object: what `doctor --json` prints. */

const { version } = require('../../../package.json');
const { addonFile } = require('../../load');
const { keys, neededGlibc, node, variables } = require('./facts');
const { layerProblems, layerWarnings, measureLayer } = require('./layer');

/** What `verify()` reports, where nothing can be started. */
const NOTHING = Object.freeze({
  platform: null,
  candidates: [],
  python: null,
  litellm: null,
  addon: { path: null, napi: null, node: null },
  packages: {},
  ok: false,
  warnings: [],
});

/** @param {any} error of this package, or of the loading of its addon */
function toProblem({ code, message, hint }) {
  return { code: code ?? null, message, hint: hint ?? '' };
}

/** The time and memory of a start, once it has succeeded. */
function watchStart(llm) {
  const start = { ms: null, rss: null };
  llm.on('timing', ({ startupDuration, memoryUsage }) => {
    if (memoryUsage) Object.assign(start, { ms: Math.round(startupDuration), rss: memoryUsage.rss });
  });
  return start;
}

/**
 * Starts Python as a program would, asks it, and ends it.
 * @param {string | undefined} python
 */
async function verify(python) {
  // Here, since it loads the addon, which may be what is broken.
  const { LiteLLM } = require('../../client');
  const llm = new LiteLLM({ log: 'silent', ...(python === undefined ? {} : { python }) });
  const start = watchStart(llm);
  try {
    return { ...(await llm.verify()), start };
  } finally {
    await llm.close();
  }
}

/** @param {string | undefined} python */
async function verification(python) {
  try {
    return await verify(python);
  } catch (error) {
    const addon = { ...NOTHING.addon, path: addonFile() };
    return { ...NOTHING, addon, start: null, problems: [toProblem(error)] };
  }
}

/**
 * @param {{ python?: string, env?: NodeJS.ProcessEnv }} [options] python: as the option of `new LiteLLM()`
 * @returns {Promise<any>} JSON; `ok`: there is no problem
 */
async function examine({ python, env = process.env } = {}) {
  const report = await verification(python);
  const chosen = report.candidates.find((candidate) => candidate.chosen);
  const layer = await measureLayer(chosen, report.platform);
  const problems = [...report.problems, ...layerProblems(layer)];
  return {
    version,
    ok: problems.length === 0,
    platform: report.platform,
    node: node(),
    addon: { ...report.addon, glibc: neededGlibc(report.addon.path) },
    candidates: report.candidates,
    python: report.python,
    litellm: report.litellm,
    packages: report.packages,
    start: report.start,
    layer,
    environment: variables(env),
    keys: keys(env),
    problems,
    warnings: [...report.warnings, ...layerWarnings(layer)],
  };
}

module.exports = { examine };
