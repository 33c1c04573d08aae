'use strict';

/**
 * Before npm packs: compiles the worker for the layer's Python, into an archive (docs/start.md), and
 * what reads that into .pyc files. A function's folder is read-only, so that Lambda would compile
 * it at every cold start. Both are held against the sources. Other versions of Python compile for
 * themselves. After npm has packed, `--clean` takes all of it away.
 */

const fs = require('node:fs');
const path = require('node:path');
const { ARCHIVE, privatePython } = require('../lib/environment');
const { must, succeeds } = require('./command');
const { ROOT } = require('./paths');

const WORKER = path.join(ROOT, 'lib', 'python', 'litellm_bridge');
const BUILDER = path.join(WORKER, 'archive', 'build.py');
/** What __main__.py imports before the archive is open. */
const BOOTSTRAP = ['__init__.py', 'roomy.py', 'strays.py', 'archive'];
const IS_LAYERS = ['-I', '-c', 'import sys; sys.exit(sys.version_info[:2] != (3, 11))'];

async function findPython() {
  for (const file of [privatePython(), 'python3.11', 'python3']) {
    if (file && (await succeeds(file, IS_LAYERS))) return file;
  }
  return null;
}

/** What other versions, or dates instead of hashes, have left must not be packed; nor is it to stay. */
function removeBytecode() {
  for (const name of fs.readdirSync(WORKER, { recursive: true, encoding: 'utf8' })) {
    if (path.basename(name) === '__pycache__') fs.rmSync(path.join(WORKER, name), { recursive: true });
  }
  fs.rmSync(path.join(WORKER, '..', ARCHIVE), { force: true });
}

async function main() {
  removeBytecode();
  if (process.argv.includes('--clean')) return;
  const python = await findPython();
  if (python === null) {
    console.error(
      'No Python 3.11 was found: the package goes without bytecode, and starts slower on Lambda.',
    );
    return;
  }
  const files = BOOTSTRAP.map((name) => path.join(WORKER, name));
  const options = ['-q', '-s', ROOT, '-p', '/litellm-bridge', '--invalidation-mode', 'checked-hash'];
  await must('Compiling the worker', '', python, ['-I', '-m', 'compileall', ...options, ...files]);
  await must('The archive of the worker', '', python, ['-I', '-S', '-X', 'utf8', BUILDER, '--package']);
}

main();
