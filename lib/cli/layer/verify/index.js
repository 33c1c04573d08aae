'use strict';

/** `litellm-bridge layer verify`: would this layer work on Lambda? */

const fs = require('node:fs');
const path = require('node:path');
const { CommandError } = require('../../error');
const { makeTemporary } = require('../../temporary');
const { UNZIPPED } = require('../limits');
const { sizeNotes, unpack } = require('./archive');
const contents = require('./contents');
const { checkManifest, checkSize, readManifest, sizeOf } = require('./manifest');
const { elfFiles, machineOf, native } = require('./native');
const { addonProblem, runAddon, runPython } = require('./runs');
const { toText } = require('./text');
const { readTree } = require('./tree');

const STATIC = 'Nothing was run, so the modules in the start archive were not looked at';
const OWN = { x64: 'x86_64', arm64: 'arm64' };

/**
 * @typedef {object} Finding
 * @property {string} check
 * @property {string} file what it is about, below python/
 * @property {string} problem
 * @property {string} fix
 *
 * @typedef {object} Result
 * @property {boolean} ok there is no finding
 * @property {string} path
 * @property {string} arch
 * @property {Finding[]} findings
 * @property {string[]} notes
 * @property {any} manifest
 * @property {{ unzipped: number, limit: number, files: number, elf: number, zip: number | null }} figures
 *
 * @typedef {object} Options
 * @property {boolean} [static] nothing of the layer is run
 * @property {AbortSignal} [signal]
 * @property {(line: string) => void} [report]
 */

/** @returns {Finding[]} */
const findings = (check, found) => [...found].map(([file, problem, fix]) => ({ check, file, problem, fix }));

/** The checks that read the files. @returns {Finding[]} */
function readChecks(tree, arch, manifest) {
  return [
    ...findings('manifest', checkManifest(tree, manifest)),
    ...findings('size', checkSize(tree)),
    ...findings('native code', native(tree, arch)),
    ...findings('place', contents.place(tree)),
    ...findings('links', contents.links(tree)),
    ...findings('dates', contents.dates(tree)),
    ...findings('modes', contents.folderModes(tree)),
    ...findings('modes', contents.modes(tree, arch)),
    ...findings('.pth files', contents.pathFiles(tree)),
    ...findings('compiled code', contents.bytecode(tree, manifest)),
    ...findings('packages', contents.packages(tree, manifest)),
    ...findings('licences', contents.licences(tree, manifest)),
    ...findings('secrets', contents.secrets(tree)),
  ];
}

/** The checks that run the layer's Python. */
async function runChecks(tree, arch, notes, { signal, report }) {
  if (!tree.byName.has('bin/python3')) return [];
  report('Running its Python in an empty root');
  const onCheck = (name) => name.startsWith('import ') || name === 'end' || report(`  ${name}`);
  const python = findings('run', await runPython(tree, arch, { signal, onCheck }));
  if (python.length > 0) return python; // the addon would find the same again
  const why = OWN[process.arch] === arch ? addonProblem() : `this machine is ${OWN[process.arch]}`;
  if (why !== null) {
    notes.push(`Streaming through the addon is not checked here: ${why}`);
    return python;
  }
  report('Streaming through the addon');
  return [...python, ...findings('run', await runAddon(tree, { signal }))];
}

/** @template T @param {string} place @param {() => T} read @returns {T} */
function reading(place, read) {
  try {
    return read();
  } catch (cause) {
    if (cause.code !== 'EACCES') throw cause;
    const hint = 'Verify it as a user who may. On Lambda everybody has to: chmod -R a+rX python';
    throw new CommandError(`${place} can't be read: ${cause.message}`, hint, { cause });
  }
}

/**
 * Verifies a tree.
 * @param {string} root the folder with python/ in it
 * @param {Options} options
 * @param {boolean} [whole] all that is in it becomes /opt; else python/ alone
 * @returns {Promise<Result>}
 */
async function verifyTree(root, { signal, report = () => {}, static: still = false }, whole = true) {
  const tree = reading(root, () => readTree(root, { whole }));
  const manifest = readManifest(tree);
  const arch = manifest?.arch ?? machineOf(tree) ?? OWN[process.arch];
  report(`Reading ${tree.files.length} files`);
  const notes = [];
  const found = readChecks(tree, arch, manifest);
  if (!still) found.push(...(await runChecks(tree, arch, notes, { signal, report })));
  else if (manifest?.code === 'archive') notes.push(STATIC);
  const figures = {
    unzipped: sizeOf([...tree.files, ...tree.beside]),
    limit: UNZIPPED,
    files: tree.files.length,
    elf: elfFiles(tree).length,
    zip: null,
  };
  return { ok: found.length === 0, path: root, arch, findings: found, notes, manifest, figures };
}

/** @param {string} file @param {Options} options @returns {Promise<Result>} */
async function verifyZip(file, options) {
  const folder = makeTemporary('litellm-layer-');
  try {
    options.report?.(`Unpacking ${file}`);
    const wrong = findings('zip', await unpack(file, folder));
    if (!fs.existsSync(path.join(folder, 'python'))) throw nothing(file);
    const result = await verifyTree(folder, options);
    const zip = fs.statSync(file).size;
    const notes = [...result.notes, ...sizeNotes(zip)];
    const all = [...wrong, ...result.findings];
    return {
      ...result,
      path: file,
      ok: all.length === 0,
      findings: all,
      notes,
      figures: { ...result.figures, zip },
    };
  } finally {
    await fs.promises.rm(folder, { recursive: true, force: true });
  }
}

function nothing(place) {
  const hint =
    'Name a zip of `layer build`, or the folder with python/ in it. To build one: npx litellm-bridge layer build';
  return new CommandError(`There is no layer in ${place}`, hint);
}

/**
 * The layers at a path: a zip, a tree, its python/, or the folder that `layer build` fills.
 * @returns {{ zip?: string, tree?: string, whole?: boolean }[]}
 */
function layersAt(place) {
  const found = fs.statSync(place, { throwIfNoEntry: false });
  if (!found) throw nothing(place);
  if (found.isFile()) return [{ zip: place }];
  if (fs.existsSync(path.join(place, 'python'))) return [{ tree: place }];
  if (fs.existsSync(path.join(place, 'bin', 'python3'))) {
    return [{ tree: path.dirname(path.resolve(place)), whole: false }];
  }
  const zips = fs.readdirSync(place).filter((name) => /^litellm-layer-\w+\.zip$/.test(name));
  if (zips.length === 0) throw nothing(place);
  return zips.sort().map((name) => ({ zip: path.join(place, name) }));
}

/**
 * Verifies each layer at a path.
 * @param {string} place
 * @param {Options} [options]
 * @returns {Promise<Result[]>}
 * @throws {CommandError} when there is none, or it can't be run here
 */
async function verify(place, options = {}) {
  const results = [];
  for (const { zip, tree, whole } of reading(place, () => layersAt(place))) {
    results.push(
      zip ? await verifyZip(zip, options) : await verifyTree(/** @type {string} */ (tree), options, whole),
    );
  }
  return results;
}

/**
 * @param {string} place
 * @param {{ json?: boolean, static?: boolean }} options
 * @param {AbortSignal} signal
 * @returns {Promise<number>} exit status: 0, or 1 when something is wrong
 */
async function verifyCommand(place, { json, static: still }, signal) {
  const report = json ? () => {} : console.error;
  const results = await verify(place, { signal, report, static: still });
  console.log(json ? JSON.stringify(results, null, 1) : results.map(toText).join('\n\n'));
  return results.every(({ ok }) => ok) ? 0 : 1;
}

module.exports = { verify, verifyCommand };
