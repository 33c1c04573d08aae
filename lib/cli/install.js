'use strict';

/** `litellm-bridge install`: makes the private Python environment. */

const fs = require('node:fs/promises');
const path = require('node:path');
const { LOCK, MARKER, cacheFolder, environmentFolder, interpreterOf } = require('../environment');
const { buildArchive } = require('./archive');
const { findBasePython } = require('./base-python');
const { makeDraft, moveIntoPlace, removeFolder } = require('./draft');
const { CommandError } = require('./error');
const { installPackages } = require('./pip');
const { run } = require('./process');

/**
 * @typedef {object} InstallOptions
 * @property {string} [python] the base interpreter, path or name; else the first suitable one
 * @property {boolean} [force] make it anew even if it is there
 * @property {string} [cache] the folder in which environments are kept
 * @property {string} [lock] the requirements file, every package with its hashes
 * @property {string} [module] is imported at the end, as the proof that it works
 * @property {AbortSignal} [signal] stops, and leaves nothing
 * @property {(line: string) => void} [report] progress, a line at a time
 * @property {boolean} [terminal] pip may draw its progress bar on our standard output
 */

/** Runs a step that says little; its own words are the error when it fails. */
async function step(what, file, args, options) {
  const { code, out, err } = await run(file, args, options);
  if (code === 0) return out.trim();
  const words = err.trim() || out.trim();
  throw new CommandError(`${what} failed (exit status ${code}).\n${words}`, 'Nothing was installed');
}

/**
 * Compiles every module. Some packages ship templates that are no valid Python, so the exit
 * status says nothing. -s and -p: tracebacks must name the files' later place.
 */
async function precompile(python, draft, target, { version, signal }) {
  const packages = path.join(draft, 'lib', `python${version}`, 'site-packages');
  const place = ['-s', draft, '-p', target];
  await run(python, ['-I', '-m', 'compileall', '-qq', '-j', '0', ...place, packages], { signal });
}

/** Programs that pip and venv wrote name the draft's interpreter; they are to name their later place. */
async function relocateScripts(draft, target) {
  const folder = path.join(draft, 'bin');
  for (const entry of await fs.readdir(folder, { withFileTypes: true })) {
    const file = path.join(folder, entry.name);
    const text = entry.isFile() ? await fs.readFile(file, 'latin1') : ''; // keeps the bytes of binaries
    if (text.includes(draft)) await fs.writeFile(file, text.replaceAll(draft, target), 'latin1');
  }
}

/** @returns {Promise<string>} the version of the package that was imported */
function verify(python, name, signal) {
  const code = `import importlib.metadata, ${name}; print(importlib.metadata.version("${name}"))`;
  // Else LiteLLM fetches its price list over the network while it is imported.
  const env = { ...process.env, LITELLM_LOCAL_MODEL_COST_MAP: 'True' };
  return step(`import ${name}`, python, ['-I', '-c', code], { env, signal });
}

/** Only a start of the worker tells what belongs into an archive. */
const takesArchive = ({ module }) => module === 'litellm';

/** Fills the draft; the marker comes last. */
async function build(draft, target, base, options) {
  const { lock, module, signal, report } = options;
  const python = path.join(draft, 'bin', 'python3');
  const version = base.version.slice(0, 2).join('.');
  report(`Making an environment from ${base.path} (Python ${base.version.join('.')})`);
  await step('venv', base.path, ['-I', '-m', 'venv', draft], { signal });
  report('Installing packages');
  await installPackages(python, lock, options);
  report('Compiling modules');
  await relocateScripts(draft, target);
  await precompile(python, draft, target, { version, signal });
  const found = await verify(python, module, signal);
  report(`It works: ${module} ${found}`);
  if (takesArchive(options)) await buildArchive(draft, { ...options, at: target }); // nothing changes after it
  const marker = { python: base.version.join('.'), [module]: found };
  await fs.writeFile(path.join(draft, MARKER), `${JSON.stringify(marker)}\n`);
}

async function make(target, options) {
  const base = await findBasePython(options);
  const draft = await makeDraft(target);
  try {
    await build(draft, target, base, options);
    const keep = () => !options.force && interpreterOf(target) !== null;
    return await moveIntoPlace(draft, target, keep);
  } finally {
    await removeFolder(draft);
  }
}

/**
 * Makes the environment unless it is there, and its start archive unless that fits. Safe when
 * several processes do it at once, and when one is killed in the middle.
 * @param {InstallOptions} [options]
 * @returns {Promise<{python: string, created: boolean}>} its interpreter
 * @throws {CommandError} nothing was changed then
 */
async function install(options = {}) {
  const { cache = cacheFolder(), lock = LOCK, module = 'litellm', report = () => {} } = options;
  const settings = { ...options, lock, module, report };
  const target = environmentFolder(cache, lock);
  const python = path.join(target, 'bin', 'python3');
  if (options.force || !interpreterOf(target)) return { python, created: await make(target, settings) };
  if (takesArchive(settings)) await buildArchive(target, { ...settings, ifNeeded: true });
  return { python, created: false };
}

module.exports = { install };
