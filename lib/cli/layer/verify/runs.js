'use strict';

/** What the layer's Python does, in an empty root: by itself, and under the addon. */

const path = require('node:path');
const { LAYER } = require('../builder/ways');
const { emulatorOf, inEmptyRoot } = require('./empty-root');

const TIMEOUT = 600_000; // ms; an emulator is ten times slower
const PYTHON = '/opt/python/bin/python3';
const PACKAGE = path.join(LAYER, '..');
const REBUILD = 'build the layer anew: npx litellm-bridge layer build';

/** Lambda's own, for a function from a zip file. */
const LAMBDA = {
  PATH: '/var/lang/bin:/usr/local/bin:/usr/bin/:/bin:/opt/bin',
  LD_LIBRARY_PATH:
    '/var/lang/lib:/lib64:/usr/lib64:/var/runtime:/var/runtime/lib:/var/task:/var/task/lib:/opt/lib',
  LANG: 'en_US.UTF-8',
  AWS_LAMBDA_RUNTIME_API: '127.0.0.1:1',
  AWS_EXECUTION_ENV: 'AWS_Lambda_nodejs22.x',
};

/** What to do about an error, by its words. @type {[RegExp, string][]} */
const FIXES = [
  [
    /litellm-bridge\.archive can't be used|in the start archive/,
    'the start archive is not whole: build the layer anew',
  ],
  [/ holds .*(key|token)/, 'take it out, and replace it at its issuer: whoever has the layer can read it'],
  [/No module named '(encodings|os|io|site)/, 'the standard library is not whole: build the layer anew'],
  [
    /No module named '([\w.]+)'/,
    'add the package that has it, or take the rule that removes it out of layer/prune.toml',
  ],
  [
    /error while loading shared libraries|cannot open shared object/,
    'add the library to python/clib: build the layer anew',
  ],
  [
    /exec format error|invalid ELF header|wrong ELF class/i,
    "build the layer for the function's architecture: --arch",
  ],
  [/GLIBC_[\d.]+' not found/, 'use wheels for manylinux_2_28 or older'],
  [/permission denied/i, 'chmod 755 for programs, 644 for other files, and zip with modes'],
  [/bad magic number/, 'it is compiled for another Python: build the layer anew'],
  [/ValidationException|UnknownService|DataNotFound/i, "keep the service's description in layer/prune.toml"],
];

const fixOf = (text) => FIXES.find(([sign]) => sign.test(text))?.[1] ?? REBUILD;

function parse(line) {
  try {
    return JSON.parse(line);
  } catch {
    return null;
  }
}

/** What is wrong when a program did not come to its end. @returns {Generator<[string, string, string]>} */
function* broken(what, { code, out, err }) {
  const words = (err.trim() || out.trim()).split('\n').slice(-6).join('\n');
  yield [what, `does not run to its end (exit status ${code}): ${words}`, fixOf(words)];
}

/**
 * @param {import('./tree').Tree} tree
 * @param {string} arch
 * @param {{ signal?: AbortSignal, onCheck: (name: string) => void }} options
 * @returns {Promise<[string, string, string][]>} what is wrong
 */
async function runPython(tree, arch, { signal, onCheck }) {
  const emulator = emulatorOf(arch);
  const files = Object.fromEntries(
    ['checks.py', 'secrets.json'].map((name) => [path.join(LAYER, 'check', name), `/check/${name}`]),
  );
  if (emulator) files[emulator] = '/qemu';
  const command = [...(emulator ? ['/qemu'] : []), PYTHON, '-I', '/check/checks.py'];
  const results = [];
  const onLine = (line) => {
    const result = parse(line);
    if (!result) return;
    results.push(result);
    onCheck(result.check);
  };
  const ended = await inEmptyRoot({ tree: tree.root, command, files }, { timeout: TIMEOUT, signal, onLine });
  const failed = results.filter(({ ok }) => !ok);
  /** @type {[string, string, string][]} */
  const found = failed.map(({ check, detail }) => [check, `fails: ${detail}`, fixOf(detail)]);
  if (!results.some(({ check }) => check === 'end')) found.push(...broken('bin/python3', ended));
  return found;
}

/** Why the addon can't be tried; null: it can. @returns {string | null} */
function addonProblem() {
  try {
    require('../../../native');
    return null;
  } catch (error) {
    return error.message;
  }
}

/** Where Lambda has it; here it may be anywhere, in a folder of this package or in /tmp. */
const NODE = '/var/lang/bin/node';

/** Node, the addon, and the shared libraries that they have loaded. @returns {Record<string, string>} */
function nodeFiles() {
  const { sharedObjects } = /** @type {any} */ (process.report.getReport());
  const libraries = sharedObjects.filter((/** @type {string} */ file) => path.isAbsolute(file));
  const loader = { x64: '/lib64/ld-linux-x86-64.so.2', arm64: '/lib/ld-linux-aarch64.so.1' }[process.arch];
  const files = [...libraries, loader].filter((file) => !file.startsWith(PACKAGE));
  return { ...Object.fromEntries(files.map((file) => [file, file])), [process.execPath]: NODE };
}

/**
 * Runs a program of this package under Node in an empty root with the layer, as a function.
 * @param {string} root of the layer, the folder with python/ in it
 * @param {string} program its path below the package
 * @param {{ signal?: AbortSignal }} options
 */
function runNode(root, program, { signal }) {
  const files = { ...nodeFiles(), [PACKAGE]: '/var/task/litellm-bridge' };
  const command = [NODE, path.posix.join('/var/task/litellm-bridge', program)];
  return inEmptyRoot({ tree: root, command, files, env: LAMBDA }, { timeout: TIMEOUT, signal });
}

/**
 * A stream through Node, the addon and the worker, from the layer's Python.
 * @param {import('./tree').Tree} tree
 * @param {{ signal?: AbortSignal }} options
 * @returns {Promise<[string, string, string][]>}
 */
async function runAddon(tree, { signal }) {
  const ended = await runNode(tree.root, 'lib/cli/layer/verify/stream-program.js', { signal });
  if (ended.code === 0 && ended.out.includes('"streamed"')) return [];
  return [...broken('streaming through the addon', ended)];
}

module.exports = { addonProblem, runAddon, runNode, runPython };
