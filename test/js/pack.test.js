'use strict';

const assert = require('node:assert');
const { execFileSync } = require('node:child_process');
const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');
const { after, before, suite, test } = require('node:test');
const { ARCHIVE, privatePython } = require('../../lib/environment');
const { unpackPackage } = require('../../scripts/packed');

const ROOT = path.join(__dirname, '..', '..');
const WORKER = 'lib/python/litellm_bridge';

/**
 * The interpreter of the private environment, if it takes what is made for the layer's. Not by the
 * environment's own name: its start archive has the worker, too.
 */
function layersPython() {
  const python = privatePython();
  const version = 'import sys; print(sys.version_info[:2] == (3, 11))';
  const fits = python && execFileSync(python, ['-I', '-c', version], { encoding: 'utf8' }).trim() === 'True';
  return fits ? fs.realpathSync(python) : null;
}

suite('the package for the layer', { skip: !layersPython() && 'needs Python 3.11' }, () => {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'pack-'));
  after(() => fs.rmSync(folder, { recursive: true }));
  /** @type {string[]} */
  let names;
  before(() => {
    unpackPackage(folder);
    names = fs.readdirSync(folder, { recursive: true, encoding: 'utf8' });
  });
  const worker = path.join(folder, WORKER);

  test('what is imported before its archive is compiled, and checked by the hash of the source', () => {
    const compiled = names.filter((name) => name.endsWith('.pyc'));
    const modules = compiled.map((name) =>
      name.replace('__pycache__/', '').replace('.cpython-311.pyc', '.py'),
    );
    const first = ['__init__', 'roomy', 'strays', 'archive/__init__', 'archive/file', 'archive/importing'];
    for (const name of first) assert.ok(modules.includes(path.join(WORKER, `${name}.py`)), name);
    for (const name of compiled) {
      const data = fs.readFileSync(path.join(folder, name));
      assert.strictEqual(data.readUInt32LE(4), 0b11, `${name}: hash-based, checked`); // PEP 552
      assert.ok(!data.includes(ROOT), `${name} names no folder of ours`);
    }
  });

  /** Runs a program with the packed worker's modules. */
  function run(program) {
    const begin = `
import json, sys
opened = []
sys.addaudithook(lambda name, args: name == "open" and opened.append(str(args[0])))
sys.path.insert(0, ${JSON.stringify(path.dirname(worker))})
from litellm_bridge import roomy, strays
from litellm_bridge.archive import importing
importing.begin(sys.path.pop(0))
opened.clear()
`;
    const args = ['-I', '-S', '-X', 'utf8', '-c', begin + program];
    return JSON.parse(execFileSync(layersPython() ?? '', args, { encoding: 'utf8' }));
  }

  test('no other file of it is read at a start', () => {
    const program = `
from litellm_bridge import worker
print(json.dumps([opened, len([name for name in sys.modules if name.startswith("litellm_bridge.")])]))`;
    const [opened, modules] = run(program);
    assert.deepStrictEqual(
      opened.filter((file) => file.startsWith(folder)),
      [],
    );
    assert.ok(modules > 30, `${modules}`);
    const archive = fs.readFileSync(path.join(path.dirname(worker), ARCHIVE));
    assert.ok(!archive.includes(ROOT), 'it names no folder of ours');
  });

  test('nothing of it stays in the checkout', () => {
    const made = path.join(ROOT, 'lib', 'python', ARCHIVE);
    assert.strictEqual(fs.existsSync(made), false);
  });

  test('a source that somebody edits counts', () => {
    const file = path.join(worker, 'clock.py');
    const text = fs.readFileSync(file, 'utf8');
    fs.writeFileSync(file, text.replace(/^"""./, '"""!')); // of the same size
    const documented = 'from litellm_bridge import clock\nprint(json.dumps(clock.__doc__))';
    assert.match(run(documented), /^!/);
    fs.writeFileSync(file, text);
    assert.doesNotMatch(run(documented), /^!/);
  });
});
