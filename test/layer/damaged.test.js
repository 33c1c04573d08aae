'use strict';

/** Layers that are damaged in one way each: verify says which file it is, and what to do. */

const assert = require('node:assert/strict');
const fs = require('node:fs');
const path = require('node:path');
const { before, suite, test } = require('node:test');
const { verify } = require('../../lib/cli/layer/verify');
const { ARCHIVE } = require('../../lib/environment');
const { DIRECT, UNZIPPED } = require('../../lib/cli/layer/limits');
const { builtLayer } = require('../../scripts/steps/layer');
const { asNobody } = require('../js/support/nobody');
const { copyOf, describe, patched, temporary } = require('./support/copies');

const TIMEOUT = 900_000; // ms
const CODEC = 'lib/python3.11/encodings/utf_8.pyc';
const OTHER = { x86_64: ['arm64', 183], arm64: ['x86_64', 62] };

/** @type {Awaited<ReturnType<typeof builtLayer>>} */
let layer;

before(
  async () => {
    layer = await builtLayer();
  },
  { timeout: TIMEOUT },
);

const extension = (copy, name) => {
  const folder = 'lib/python3.11/lib-dynload';
  const found = fs.readdirSync(copy.place(folder)).find((file) => file.startsWith(`${name}.`));
  return `${folder}/${found}`;
};

/**
 * Each: a name, the check that finds it, the file, what is said of it, the fix, and the damage.
 * @type {[string, string, RegExp, RegExp, RegExp, (copy: ReturnType<typeof copyOf>) => void][]}
 */
const DAMAGES = [
  [
    'a library for another machine',
    'native code',
    /tokenizers\.abi3\.so$/,
    /is built for (arm64|x86_64), and the layer is for/,
    /--arch/,
    (copy) => {
      const name = 'tokenizers/tokenizers.abi3.so';
      const machine = Buffer.alloc(2);
      machine.writeUInt16LE(OTHER[layer.arch][1]);
      copy.write(name, patched(copy.read(name), 18, machine));
    },
  ],
  [
    'a library for 32 bits',
    'native code',
    /_ssl\./,
    /is for 32 bits/,
    /layer build/,
    (copy) => {
      const name = extension(copy, '_ssl');
      copy.write(name, patched(copy.read(name), 4, [1]));
    },
  ],
  [
    'a library that was cut off',
    'native code',
    /clib\/libcrypto\.so\.3$/,
    /is damaged/,
    /layer build/,
    (copy) => copy.write('clib/libcrypto.so.3', copy.read('clib/libcrypto.so.3').subarray(0, 200)),
  ],
  [
    'a symbol of a newer glibc',
    'native code',
    /^regex\/_regex/,
    /needs GLIBC_2\.99, and the layer's own is 2\.36/,
    /manylinux_2_28/,
    (copy) => {
      const name = `regex/${fs.readdirSync(copy.place('regex')).find((file) => file.startsWith('_regex.'))}`;
      const data = copy.read(name);
      copy.write(name, patched(data, data.indexOf('GLIBC_2.') + 8, '99\0'));
    },
  ],
  [
    'a shared library that is not there',
    'native code',
    /_sqlite3\./,
    /needs libsqlite3\.so\.0, which is not in the layer/,
    /clib/,
    (copy) => copy.remove('clib/libsqlite3.so.0'),
  ],
  [
    'RUNPATH, which LD_LIBRARY_PATH overrides',
    'native code',
    /^bin\/python3$/,
    /RUNPATH .*does not look into clib first/,
    /force-rpath/,
    (copy) => copy.write('bin/python3', withRunpath(copy.read('bin/python3')), 0o755),
  ],
  [
    'no interpreter',
    'native code',
    /^bin\/python3$/,
    /is not there \(spawn python3 ENOENT\)/,
    /layer build/,
    (copy) => copy.remove('bin/python3'),
  ],
  [
    'no loader',
    'native code',
    /^clib\/ld-linux/,
    /is not there, and the interpreter needs it/,
    /layer build/,
    (copy) =>
      copy.remove(`clib/${fs.readdirSync(copy.place('clib')).find((name) => name.startsWith('ld-linux'))}`),
  ],
  [
    'an interpreter that is not executable',
    'modes',
    /^bin\/python3$/,
    /is not executable for everybody/,
    /chmod 755/,
    (copy) => copy.write('bin/python3', copy.read('bin/python3'), 0o644),
  ],
  [
    'a file that Lambda may not read',
    'modes',
    /^certifi\/cacert\.pem$/,
    /can't be read by everybody/,
    /chmod 644/,
    (copy) => copy.write('certifi/cacert.pem', copy.read('certifi/cacert.pem'), 0o600),
  ],
  [
    'a folder that Lambda may not enter',
    'modes',
    /^litellm\/$/,
    /can't be entered and listed by everybody/,
    /chmod 755 python\/litellm$/,
    (copy) => fs.chmodSync(copy.place('litellm'), 0o700),
  ],
  [
    'python/ itself, closed to Lambda',
    'modes',
    /^python\/$/,
    /can't be entered and listed by everybody/,
    /chmod 755 python$/,
    (copy) => fs.chmodSync(copy.place('.'), 0o711),
  ],
  [
    'another program',
    'modes',
    /^bin\/pip$/,
    /is executable, and no program of the layer/,
    /chmod 644/,
    (copy) => copy.write('bin/pip', '#!/bin/sh\n', 0o755),
  ],
  [
    'a link',
    'links',
    /^bin\/python$/,
    /is a link/,
    /copy what it points to/,
    (copy) => fs.symlinkSync('python3', copy.place('bin/python')),
  ],
  [
    'a date before 1980',
    'dates',
    /^old\.txt$/,
    /before 1980/,
    /touch/,
    (copy) => {
      copy.write('old.txt', 'old');
      fs.utimesSync(copy.place('old.txt'), 1, 1);
    },
  ],
  [
    'an unknown .pth file',
    '.pth files',
    /^litellm_init\.pth$/,
    /runs at each start of Python/,
    /take it out/,
    (copy) => copy.write('litellm_init.pth', 'import os\n'),
  ],
  [
    'code for another Python',
    'compiled code',
    /^lib\/python3\.11\/encodings\/utf_8\.pyc$/,
    /compiled for another Python/,
    /layer build/,
    (copy) => copy.write(CODEC, patched(copy.read(CODEC), 0, [0xcb, 0x0d])),
  ],
  [
    'code with a date',
    'compiled code',
    /^lib\/python3\.11\/encodings\/utf_8\.pyc$/,
    /checked against its source's date/,
    /unchecked-hash/,
    (copy) => copy.write(CODEC, patched(copy.read(CODEC), 4, [0])),
  ],
  [
    'a start archive that is gone',
    'compiled code',
    /^litellm-bridge\.archive$/,
    /is not there: it has the modules' code/,
    /layer build/,
    (copy) => copy.remove(ARCHIVE),
  ],
  [
    'a start archive that is cut short',
    'compiled code',
    /^litellm-bridge\.archive$/,
    /is not whole/,
    /layer build/,
    (copy) => copy.write(ARCHIVE, copy.read(ARCHIVE).subarray(0, -1)),
  ],
  [
    'another file in its place',
    'compiled code',
    /^litellm-bridge\.archive$/,
    /is no start archive/,
    /layer build/,
    (copy) => copy.write(ARCHIVE, 'something else\n'),
  ],
  [
    'a package that the manifest does not know',
    'packages',
    /^evil$/,
    /is in the layer, and not in the manifest/,
    /layer build/,
    (copy) => copy.write('evil-1.0.dist-info/METADATA', 'Name: evil\nVersion: 1.0\nLicense: MIT\n'),
  ],
  [
    'a package that is gone',
    'packages',
    /^boto3 /,
    /is in the manifest, and not in the layer/,
    /layer build/,
    (copy) => copy.remove(fs.readdirSync(copy.place('.')).find((name) => /^boto3-.*dist-info$/.test(name))),
  ],
  [
    'a package without a licence',
    'licences',
    /^evil-1\.0\.dist-info$/,
    /says nothing of its licence/,
    /add the text/,
    (copy) => copy.write('evil-1.0.dist-info/METADATA', 'Name: evil\nVersion: 1.0\n'),
  ],
  [
    'a Debian licence that is gone',
    'licences',
    /^licenses\/debian\/libssl3$/,
    /is not there: the licence of a Debian package/,
    /layer build/,
    (copy) => copy.remove('licenses/debian/libssl3'),
  ],
  [
    'an .env file',
    'secrets',
    /^litellm\/\.env$/,
    /a file that secrets are kept in/,
    /take it out/,
    (copy) => copy.write('litellm/.env', 'A=1\n'),
  ],
  [
    'an AWS key',
    'secrets',
    /^litellm\/config\.txt$/,
    /holds an AWS access key/,
    /replace it at its issuer/,
    (copy) => copy.write('litellm/config.txt', `key = ${'AKIA'}${'Q3EGRIBP4ZK7WYT2'}\n`),
  ],
  [
    "a provider's key",
    'secrets',
    /^litellm\/config\.txt$/,
    /holds a provider's key/,
    /replace it at its issuer/,
    (copy) => copy.write('litellm/config.txt', `${'sk-'}${'a1B2'.repeat(12)}\n`),
  ],
  [
    'a private key',
    'secrets',
    /^litellm\/config\.txt$/,
    /holds a private key/,
    /replace it at its issuer/,
    (copy) =>
      copy.write('litellm/config.txt', `-----BEGIN ${'PRIVATE'} KEY-----\n${'MIIEvQIBADANBgkq'.repeat(4)}\n`),
  ],
  [
    'a folder beside python/',
    'place',
    /^\.\.\/lib\/$/,
    /is beside python\/, and would be in \/opt/,
    /take it out/,
    (copy) => copy.write('../lib/some/file', 'x'),
  ],
  [
    'a secret beside python/',
    'secrets',
    /^\.\.\/config\.txt$/,
    /holds an AWS access key/,
    /replace it at its issuer/,
    (copy) => copy.write('../config.txt', `key = ${'AKIA'}${'Q3EGRIBP4ZK7WYT2'}\n`),
  ],
  [
    'more than AWS takes, with what is beside python/',
    'size',
    /^python\/$/,
    new RegExp(`bytes unzipped; AWS allows ${UNZIPPED}`),
    /the largest file is \.\.\/large\.bin/,
    (copy) => {
      copy.write('../large.bin', '');
      fs.truncateSync(copy.place('../large.bin'), UNZIPPED);
    },
  ],
  [
    'a manifest with another LiteLLM than its packages',
    'manifest',
    /^litellm-bridge\.json$/,
    /says LiteLLM 1\.110\.2, and its packages have 1\.78\.7/,
    /layer build/,
    (copy) => describe(copy, { litellm: '1.110.2' }),
  ],
  [
    'a manifest with another number of files',
    'manifest',
    /^litellm-bridge\.json$/,
    /says 3 files, and there are \d\d\d/,
    /layer build/,
    (copy) => describe(copy, { files: 3 }),
  ],
  [
    'a manifest with another Python',
    'manifest',
    /^litellm-bridge\.json$/,
    /says Python 3\.12\.9, and the layer's is 3\.11/,
    /layer build/,
    (copy) => describe(copy, { python: '3.12.9' }),
  ],
  ...['full', 'huge'].map((variant) => [
    `a manifest with the variant ${variant}`,
    'manifest',
    /^litellm-bridge\.json$/,
    new RegExp(`says the variant ${variant}, and `),
    /layer build/,
    (copy) => describe(copy, { variant }),
  ]),
  [
    'no manifest',
    'manifest',
    /^litellm-bridge\.json$/,
    /is not there/,
    /layer build/,
    (copy) => copy.remove('litellm-bridge.json'),
  ],
  [
    'a manifest that is no JSON',
    'manifest',
    /^litellm-bridge\.json$/,
    /is no JSON/,
    /layer build/,
    (copy) => copy.write('litellm-bridge.json', '{'),
  ],
  [
    'a file that was changed after the build',
    'manifest',
    /^litellm-bridge\.json$/,
    /files were changed, added or lost/,
    /layer build/,
    (copy) =>
      copy.write('certifi/cacert.pem', Buffer.concat([copy.read('certifi/cacert.pem'), Buffer.from('#')])),
  ],
  [
    'more than AWS takes',
    'size',
    /^python\/$/,
    new RegExp(`bytes unzipped; AWS allows ${UNZIPPED}`),
    /--slim/,
    (copy) => {
      copy.write('large.bin', '');
      fs.truncateSync(copy.place('large.bin'), UNZIPPED);
    },
  ],
];

/** The interpreter with the tag of its DT_RPATH made that of RUNPATH. */
function withRunpath(data) {
  const [RPATH, RUNPATH, DYNAMIC] = [15n, 29n, 2];
  const copy = Buffer.from(data);
  const [table, size, count] = [
    Number(copy.readBigUInt64LE(32)),
    copy.readUInt16LE(54),
    copy.readUInt16LE(56),
  ];
  for (let index = 0; index < count; index++) {
    const at = table + index * size;
    if (copy.readUInt32LE(at) !== DYNAMIC) continue;
    for (let tag = Number(copy.readBigUInt64LE(at + 8)); copy.readBigUInt64LE(tag) !== 0n; tag += 16) {
      if (copy.readBigUInt64LE(tag) === RPATH) copy.writeBigUInt64LE(RUNPATH, tag);
    }
  }
  return copy;
}

suite('verify, of a damaged tree, names the file and the fix', { timeout: TIMEOUT }, () => {
  for (const [name, check, file, problem, fix, damage] of DAMAGES) {
    test(name, async (t) => {
      const copy = copyOf(t, layer.tree);
      damage(copy);
      const [result] = await verify(copy.root, { static: true });
      assert.equal(result.ok, false);
      const found = result.findings.filter((finding) => finding.check === check && file.test(finding.file));
      assert.ok(
        found.some((finding) => problem.test(finding.problem) && fix.test(finding.fix)),
        JSON.stringify(result.findings.slice(0, 5), null, 1),
      );
      const others = result.findings.filter((finding) => ![check, 'manifest'].includes(finding.check));
      assert.ok(others.length <= 2, JSON.stringify(others.slice(0, 5), null, 1));
    });
  }

  test('of python/ itself, what is beside it is no part of the layer', async (t) => {
    const copy = copyOf(t, layer.tree);
    copy.write('../.env', 'A=1\n');
    const [result] = await verify(copy.place('.'), { static: true });
    assert.deepEqual(result.findings, []);
  });

  test('a folder that this user may not read', async (t) => {
    const copy = copyOf(t, layer.tree);
    fs.chmodSync(copy.place('litellm'), 0);
    await asNobody(() => assert.rejects(verify(copy.root), { name: 'CommandError', hint: /chmod -R a\+rX/ }));
  });

  test('an undamaged tree has no finding', async () => {
    const [result] = await verify(layer.tree, { static: true });
    assert.deepEqual(result.findings, []);
    assert.equal(result.ok, true);
  });
});

suite('verify, of a place that is no layer', () => {
  test('nothing there', async () => {
    await assert.rejects(verify('/nowhere/layer.zip'), { name: 'CommandError', hint: /layer build/ });
  });

  test('a file that is no zip', async (t) => {
    const file = path.join(temporary(t), 'layer.zip');
    fs.writeFileSync(file, 'not a zip');
    await assert.rejects(verify(file), { message: /can't be read as a zip/ });
  });

  test('a zip that was cut off', async (t) => {
    const file = path.join(temporary(t), 'layer.zip');
    fs.writeFileSync(file, fs.readFileSync(layer.zip).subarray(0, 1e6));
    await assert.rejects(verify(file), { message: /can't be read as a zip/ });
  });

  test('an empty folder', async (t) => {
    await assert.rejects(verify(temporary(t)), { message: /There is no layer in/ });
  });
});

test('the limits are those of AWS', () => {
  assert.deepEqual([UNZIPPED, DIRECT], [262_144_000, 52_428_800]);
});
