'use strict';

/** A start in the layer asks the file system little: its modules are in one file, and so are the worker's. */

const assert = require('node:assert/strict');
const { execFileSync } = require('node:child_process');
const fs = require('node:fs');
const path = require('node:path');
const { test } = require('node:test');
const { privatePython } = require('../../lib/environment');
const { unpackPackage } = require('../../scripts/packed');
const { builtLayer } = require('../../scripts/steps/layer');
const { temporary } = require('./support/copies');

const ROOT = path.join(__dirname, '../..');
const EMPTY_ROOT = path.join(ROOT, 'layer', 'check', 'empty-root.sh');
const PYTHON = '/opt/python/bin/python3';
const LOCAL = 'LITELLM_LOCAL_MODEL_COST_MAP=True';

/** The calls of a program and its children since it was executed, a line each. */
function callsOf(record, program) {
  const lines = fs.readFileSync(record, 'utf8').split('\n');
  const begun = lines.findLastIndex((line) => line.includes(`execve("${program}"`));
  assert.ok(begun >= 0, `${program} was not run`);
  return lines.slice(begun + 1).filter((line) => /^\d+ +\w+\(/.test(line));
}

/** @param {string} record where the calls are written @param {string[]} command */
function strace(record, command) {
  execFileSync('strace', ['-f', '-e', 'trace=file,desc', '-o', record, ...command], { stdio: 'pipe' });
}

test('a start up to the import makes a tenth of the calls of a plain import', {
  timeout: 600_000,
}, async (t) => {
  const folder = temporary(t);
  const record = path.join(folder, 'record');
  const python = privatePython() ?? '';
  const code = 'import litellm';
  strace(record, ['env', LOCAL, python, '-c', code]);
  const plain = callsOf(record, python).length;

  const { tree } = await builtLayer();
  const packed = path.join(folder, 'package');
  unpackPackage(packed);
  const worker = ['-b', path.join(packed, 'lib', 'python'), '/worker'];
  const program = ['-I', '-S', '-X', 'utf8', '/worker/litellm_bridge/profile_start.py'];
  strace(record, ['sh', EMPTY_ROOT, ...worker, '-e', LOCAL, tree, PYTHON, ...program]);
  const calls = callsOf(record, PYTHON);
  assert.ok(calls.length < plain / 10, `${calls.length} calls, ${plain} of a plain import`);
  const opened = calls.filter((line) => /openat\(.*\.pyc?"/.test(line) && !line.includes('ENOENT'));
  const first =
    /\/(encodings|start_archive|archive|__pycache__)\/|\/(profile_start|__init__|roomy|strays|__future__)\.pyc?"/;
  assert.deepEqual(
    opened.filter((line) => !first.test(line)),
    [],
  );
});
