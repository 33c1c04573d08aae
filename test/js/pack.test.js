'use strict';

const assert = require('node:assert');
const { execFileSync } = require('node:child_process');
const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');
const { test } = require('node:test');

const ROOT = path.join(__dirname, '..', '..');
const WORKER = 'package/lib/python/litellm_bridge';

function pack(folder) {
  const args = ['pack', '--silent', '--pack-destination', folder];
  const name = execFileSync('npm', args, { cwd: ROOT, encoding: 'utf8' }).trim().split('\n').pop();
  execFileSync('tar', ['-xzf', path.join(folder, name ?? ''), '-C', folder]);
  return fs.readdirSync(folder, { recursive: true, encoding: 'utf8' });
}

test('the package has the bytecode of each of its modules for the layer, checked by the hash of the source', (t) => {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'pack-'));
  t.after(() => fs.rmSync(folder, { recursive: true }));
  const names = pack(folder);
  const compiled = names.filter((name) => name.endsWith('.pyc'));
  const sources = names.filter((name) => name.startsWith(WORKER) && name.endsWith('.py'));
  const expected = sources.map((name) => {
    const { dir, name: module } = path.parse(name);
    return path.join(dir, '__pycache__', `${module}.cpython-311.pyc`);
  });
  assert.deepStrictEqual(compiled.sort(), expected.sort());
  for (const name of compiled) {
    const flags = fs.readFileSync(path.join(folder, name)).readUInt32LE(4);
    assert.strictEqual(flags, 0b11, `${name}: hash-based, checked`); // PEP 552
    assert.ok(!fs.readFileSync(path.join(folder, name)).includes(ROOT), `${name} names no folder of ours`);
  }
});
