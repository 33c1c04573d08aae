'use strict';

const assert = require('node:assert/strict');
const { execFile } = require('node:child_process');
const fs = require('node:fs');
const path = require('node:path');
const { test } = require('node:test');
const { promisify } = require('node:util');

const bridge = require('../../lib');
const native = require('../../lib/native');

const TSC = require.resolve('typescript/bin/tsc');
const TYPES = path.join(__dirname, '..', 'types');
const DECLARATIONS = fs.readFileSync(path.join(__dirname, '..', '..', 'lib', 'index.d.ts'), 'utf8');

for (const config of ['tsconfig.json', 'tsconfig.dom.json']) {
  test(`what users write compiles, what is wrong does not (${config})`, async () => {
    const { stdout } = await promisify(execFile)(process.execPath, [
      TSC,
      '--project',
      path.join(TYPES, config),
    ]).catch((error) => error);
    assert.equal(stdout, '');
  });
}

test('the types have every export and every code, and no other', () => {
  const classes = [...DECLARATIONS.matchAll(/^export class (\w+)/gm)].map(([, name]) => name);
  assert.deepEqual(classes.sort(), Object.keys(bridge).sort());
  const codes = [...DECLARATIONS.matchAll(/^ {2}\| '(ERR_\w+)'/gm)].map(([, code]) => code);
  assert.deepEqual(codes.sort(), Object.keys(native.errors).sort());
});

test('the classes are related in the types as they are in fact', () => {
  for (const [, name, parent] of DECLARATIONS.matchAll(/^export class (\w+) extends (\w+) \{\}/gm)) {
    assert.equal(Object.getPrototypeOf(bridge[name]), bridge[parent], name);
  }
});
