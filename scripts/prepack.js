'use strict';

/**
 * Before npm packs: compiles the worker for the layer's Python. A function's folder is read-only,
 * so that Lambda would compile it at every cold start. The bytecode is checked against the hash of
 * its source, so that a checkout in which it stays may be edited. Other versions of Python compile
 * for themselves.
 */

const fs = require('node:fs');
const path = require('node:path');
const { privatePython } = require('../lib/environment');
const { must, succeeds } = require('./command');
const { ROOT } = require('./paths');

const WORKER = path.join(ROOT, 'lib', 'python', 'litellm_bridge');
const IS_LAYERS = ['-I', '-c', 'import sys; sys.exit(sys.version_info[:2] != (3, 11))'];

async function findPython() {
  for (const file of [privatePython(), 'python3.11', 'python3']) {
    if (file && (await succeeds(file, IS_LAYERS))) return file;
  }
  return null;
}

/** What other versions, or dates instead of hashes, have left must not be packed. */
function removeBytecode() {
  for (const name of fs.readdirSync(WORKER, { recursive: true, encoding: 'utf8' })) {
    if (path.basename(name) === '__pycache__') fs.rmSync(path.join(WORKER, name), { recursive: true });
  }
}

async function main() {
  removeBytecode();
  const python = await findPython();
  if (python === null) {
    console.error(
      'No Python 3.11 was found: the package goes without bytecode, and starts slower on Lambda.',
    );
    return;
  }
  const args = ['-I', '-m', 'compileall', '-q', '-s', ROOT, '-p', '/litellm-bridge'];
  await must('Compiling the worker', '', python, [...args, '--invalidation-mode', 'checked-hash', WORKER]);
}

main();
