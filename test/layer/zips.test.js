'use strict';

/** What only a zip can have wrong: verify names the entry and the fix, publish refuses it. */

const assert = require('node:assert/strict');
const { spawnSync } = require('node:child_process');
const fs = require('node:fs');
const path = require('node:path');
const { before, suite, test } = require('node:test');
const { checkEntries } = require('../../lib/cli/layer/zip');
const { verify } = require('../../lib/cli/layer/verify');
const { builtLayer } = require('../../scripts/steps/layer');
const { asNobody } = require('../js/support/nobody');
const { patched, temporary } = require('./support/copies');
const { zipWith } = require('./support/zips');

const CLI = path.join(__dirname, '../../lib/cli/index.js');
const TIMEOUT = 900_000; // ms
const IS_ROOT = process.getuid?.() === 0;
const FOLDER = 0o040000;
const NAME = 'python/bin/python3';

/** @type {Awaited<ReturnType<typeof builtLayer>>} */
let layer;

before(
  async () => {
    layer = await builtLayer();
  },
  { timeout: TIMEOUT },
);

/** The findings on the zip itself. */
async function zipFindings(file) {
  const [{ findings }] = await verify(file, { static: true });
  return findings.filter(({ check }) => check === 'zip').map(({ check: _, ...finding }) => finding);
}

const other = { name: 'python/other', data: 'x' };

suite('verify, of a zip', { timeout: TIMEOUT }, () => {
  test('folders that only their owner can enter', async (t) => {
    const file = zipWith(t, [
      { name: 'python/', mode: FOLDER | 0o700 },
      { name: 'python/bin/', mode: FOLDER | 0o755 },
      other,
    ]);
    const found = await zipFindings(file);
    assert.deepEqual(
      found.map(({ file }) => file),
      ['python/'],
    );
    assert.match(found[0].problem, /can't be entered and listed by everybody/);
    assert.match(found[0].fix, /755/);
  });

  test('whatever the umask, folders without an entry can be entered', async (t) => {
    const former = process.umask(0o077);
    t.after(() => process.umask(former));
    const [{ findings }] = await verify(layer.zip, { static: true });
    assert.deepEqual(findings, []);
  });

  test('a file with a mode that allows nothing', async (t) => {
    const [{ findings }] = await verify(zipWith(t, [{ ...other, mode: 0o100000 }]), { static: true });
    const found = findings.find(({ check, file }) => check === 'modes' && file === 'other');
    assert.match(found?.problem ?? '', /can't be read by everybody/);
  });

  test('two entries of one name', async (t) => {
    const [found, ...more] = await zipFindings(zipWith(t, [other, { ...other, data: 'y' }]));
    assert.deepEqual([found.file, more], [other.name, []]);
    assert.match(found.problem, /is there twice/);
    assert.match(found.fix, /layer build/);
  });

  for (const [what, change] of Object.entries({
    name: { localName: 'python/another' },
    checksum: { localCrc: 1 },
  })) {
    test(`another ${what} in front of the data than in the table of contents`, async (t) => {
      const [found, ...more] = await zipFindings(zipWith(t, [{ ...other, ...change }]));
      assert.deepEqual([found.file, more], [other.name, []]);
      assert.match(found.problem, new RegExp(`has another ${what} in front of its data`));
      assert.match(found.fix, /layer build/);
    });
  }

  test('compressed data that is damaged names the entry', async (t) => {
    const data = fs.readFileSync(layer.zip);
    const at = data.indexOf(NAME) + NAME.length;
    const file = path.join(temporary(t), 'layer.zip');
    fs.writeFileSync(file, patched(data, at, [0xff, 0xff, 0xff]));
    const message = /can't be read as a zip: python\/bin\/python3: /;
    await assert.rejects(verify(file), { name: 'CommandError', message });
  });
});

/** The layer's zip with a bit of the interpreter's checksum flipped, in both headers. */
function withWrongChecksum(t) {
  const data = fs.readFileSync(layer.zip);
  for (const [at, back] of [
    [data.indexOf(NAME), 16],
    [data.lastIndexOf(NAME), 30],
  ]) {
    data[at - back] ^= 1;
  }
  const file = path.join(temporary(t), 'layer.zip');
  fs.writeFileSync(file, data);
  return file;
}

suite('a zip whose data does not have its checksum', { timeout: TIMEOUT }, () => {
  test('verify names the entry', async (t) => {
    const [found, ...more] = await zipFindings(withWrongChecksum(t));
    assert.deepEqual([found.file, more], [NAME, []]);
    assert.match(found.problem, /does not have the checksum/);
    assert.match(found.fix, /layer build/);
  });

  test('publish refuses it, and what is there twice', async (t) => {
    const message = /python\/bin\/python3 does not have the checksum/;
    await assert.rejects(checkEntries(withWrongChecksum(t)), { name: 'CommandError', message });
    const twice = zipWith(t, [other, other]);
    await assert.rejects(checkEntries(twice), {
      name: 'CommandError',
      message: /python\/other is there twice/,
    });
    await checkEntries(layer.zip);
  });
});

/** `layer verify` as a program, with another folder for temporary files. */
function verifyIn(folder, place, before = '') {
  const command = `${before} TMPDIR='${folder}' '${process.execPath}' '${CLI}' layer verify '${place}'`;
  const args = ['--mount', ...(IS_ROOT ? [] : ['--user', '--map-root-user']), 'sh', '-c', command];
  return spawnSync('unshare', args, { encoding: 'utf8' });
}

suite('the folder for temporary files', { timeout: TIMEOUT }, () => {
  test('that is not there: of a zip and of a tree it is said what to do', async () => {
    for (const place of [layer.zip, layer.tree]) {
      const { status, stderr } = verifyIn('/nowhere', place);
      assert.equal(status, 1);
      assert.match(stderr, /The folder for temporary files, \/nowhere: ENOENT.*\n\n.*TMPDIR=FOLDER\n$/);
    }
  });

  test('without room is not taken for a damaged zip', async (t) => {
    const folder = temporary(t);
    const { status, stderr } = verifyIn(folder, layer.zip, `mount -t tmpfs -o size=8m tmpfs '${folder}' &&`);
    assert.equal(status, 1);
    assert.match(stderr, /The folder for temporary files, .*: ENOSPC.*\n\nMake room there.*TMPDIR=FOLDER\n$/);
  });
});

test('a zip that this user may not read is not taken for a damaged one', async (t) => {
  const file = zipWith(t, [other]);
  fs.chmodSync(file, 0);
  const refused = { name: 'CommandError', message: /can't be read: EACCES/, hint: /Let this user read it/ };
  await asNobody(() => assert.rejects(checkEntries(file), refused));
});
