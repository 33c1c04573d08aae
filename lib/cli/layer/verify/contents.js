'use strict';

/** What may be in a layer, and what must be. */

const fs = require('node:fs');
const path = require('node:path');
const { ARCHIVE } = require('../../../environment');
const { LAYER } = require('../builder/ways');
const { LIBRARIES, LOADERS } = require('./native');

const REBUILD = 'build the layer anew: npx litellm-bridge layer build';
const EPOCH_1980 = Date.UTC(1980, 0, 1);
const PYTHON_311_MAGIC = 'a70d0d0a';
const UNCHECKED_HASH = 1;

const ARCHIVE_MAGIC = 'LBARC';
const ARCHIVE_SIZE_AT = 8; // in its header: archive/file.py

/** Files that people keep secrets in. */
const SECRET_NAMES =
  /(^|\/)(\.env(\..*)?|\.netrc|\.pypirc|\.npmrc|pip\.conf|credentials(\.json)?|id_(rsa|dsa|ecdsa|ed25519)|.*\.(p12|pfx|key)|\.git\/.*|\.aws\/.*)$/i;

/**
 * Secrets by their form; what documents show as an example is none. Also read by check/checks.py.
 * @returns {[string, RegExp][]}
 */
function secretForms() {
  const forms = JSON.parse(fs.readFileSync(path.join(LAYER, 'check', 'secrets.json'), 'utf8'));
  return forms.map(([what, pattern]) => [what, new RegExp(pattern)]);
}

/** @param {import('./tree').Tree} tree */
function* secrets({ files, beside }) {
  const forms = secretForms();
  for (const { name, path: file, elf, link } of [...files, ...beside]) {
    if (SECRET_NAMES.test(name))
      yield [name, 'is a file that secrets are kept in', 'take it out of the layer'];
    if (elf !== null || link) continue;
    const text = fs.readFileSync(file, 'latin1');
    for (const [what, pattern] of forms) {
      if (!pattern.test(text)) continue;
      yield [
        name,
        `holds ${what}`,
        'take it out, and replace it at its issuer: whoever has the layer can read it',
      ];
    }
  }
}

/** A layer of ours has python/ alone: /opt/lib and /opt/bin come before what others have there. */
function* place({ beside }) {
  const tops = new Set(beside.map(({ name }) => /^\.\.\/[^/]*\/?/.exec(name)?.[0] ?? name));
  for (const name of tops) {
    yield [name, 'is beside python/, and would be in /opt, too', 'take it out: a layer has python/ alone'];
  }
}

function* links({ files }) {
  for (const { name, link } of files) {
    if (link)
      yield [name, 'is a link, or a special file', 'copy what it points to: zips of layers may lose links'];
  }
}

function* dates({ files }) {
  for (const { name, mtimeMs } of files) {
    if (mtimeMs < EPOCH_1980) yield [name, 'has a date before 1980, which a zip can not hold', 'touch it'];
  }
}

function* pathFiles({ files }) {
  for (const { name } of files) {
    if (!name.endsWith('.pth')) continue;
    yield [
      name,
      'runs at each start of Python: malicious packages came with such a file',
      'take it out; look at where it came from',
    ];
  }
}

function* folderModes({ folders }) {
  for (const { name, mode } of folders) {
    if ((mode & 0o555) === 0o555) continue;
    const place = name === 'python/' ? 'python' : `python/${name.slice(0, -1)}`;
    yield [
      name,
      "can't be entered and listed by everybody: Lambda runs functions as a user of its own",
      `chmod 755 ${place}`,
    ];
  }
}

function* modes({ files, byName }, arch) {
  const programs = ['bin/python3', `${LIBRARIES}/${LOADERS[arch]}`];
  for (const name of programs) {
    const file = byName.get(name);
    if (file && (file.mode & 0o555) !== 0o555) {
      yield [
        name,
        'is not executable for everybody (EACCES)',
        `chmod 755 python/${name}, and zip with modes`,
      ];
    }
  }
  for (const { name, mode, link } of files) {
    if (link || programs.includes(name)) continue;
    if (mode & 0o111) yield [name, 'is executable, and no program of the layer', `chmod 644 python/${name}`];
    if ((mode & 0o444) !== 0o444) {
      yield [
        name,
        "can't be read by everybody: Lambda runs functions as a user of its own",
        `chmod 644 python/${name}`,
      ];
    }
  }
}

/**
 * Each module has code that is taken without looking at a source's date. What is in the archive
 * only Python can read: check/checks.py.
 */
function* bytecode({ files, byName, read }, manifest) {
  for (const { name, link } of files) {
    if (!link && name.endsWith('.pyc')) yield* compiledFile(name, read(name));
  }
  if (manifest?.code !== 'archive') return;
  const file = byName.get(ARCHIVE);
  if (!file) yield [ARCHIVE, "is not there: it has the modules' code", REBUILD];
  else yield* archiveFile(file, read(ARCHIVE));
}

function* archiveFile({ size }, data) {
  if (data.toString('latin1', 0, ARCHIVE_MAGIC.length) !== ARCHIVE_MAGIC) {
    yield [ARCHIVE, 'is no start archive', REBUILD];
  } else if (data.readBigUInt64LE(ARCHIVE_SIZE_AT) !== BigInt(size)) {
    yield [ARCHIVE, `has ${size} bytes, and not those that it names: it is not whole`, REBUILD];
  }
}

function* compiledFile(name, data) {
  if (data.subarray(0, 4).toString('hex') !== PYTHON_311_MAGIC) {
    yield [name, 'is compiled for another Python than 3.11', REBUILD];
  } else if (data.readUInt32LE(4) !== UNCHECKED_HASH) {
    const fix = 'python3 -m compileall --invalidation-mode unchecked-hash';
    yield [name, "is checked against its source's date, which a zip changes", fix];
  }
}

/** The licence of each package, as a text or by name, and of each Debian package. */
function* licences({ byName, files, read }, manifest) {
  const infos = new Set(files.map(({ name }) => /^[^/]+\.dist-info(?=\/)/.exec(name)?.[0]).filter(Boolean));
  for (const info of infos) {
    const texts = files.filter(
      ({ name }) => name.startsWith(`${info}/`) && /licen[cs]e|copying|notice/i.test(name),
    );
    const head = byName.has(`${info}/METADATA`) ? read(`${info}/METADATA`).toString() : '';
    if (texts.length > 0 || /^(License(-Expression)?|Classifier: License ::).*\S/m.test(head)) continue;
    yield [
      info,
      'says nothing of its licence',
      'add the text of its licence; METADATA names it, where it is whole',
    ];
  }
  for (const { name } of manifest?.interpreter?.packages ?? []) {
    if (byName.has(`licenses/debian/${name}`)) continue;
    yield [`licenses/debian/${name}`, 'is not there: the licence of a Debian package in the layer', REBUILD];
  }
}

/** The packages that the manifest names are there, and no others. */
function* packages({ files }, manifest) {
  if (!manifest?.packages) return;
  const found = files.map(({ name }) => /^([^/]+)-([^-/]+)\.dist-info\/METADATA$/.exec(name)).filter(Boolean);
  const have = new Map(
    found.map(([, name, version]) => [name.toLowerCase().replace(/[-_.]+/g, '-'), version]),
  );
  for (const [name, version] of Object.entries(manifest.packages)) {
    if (have.get(name) === version) continue;
    yield [`${name} ${version}`, `is in the manifest, and ${have.get(name) ?? 'not'} in the layer`, REBUILD];
  }
  for (const name of have.keys()) {
    if (!(name in manifest.packages)) yield [name, 'is in the layer, and not in the manifest', REBUILD];
  }
}

module.exports = {
  bytecode,
  dates,
  folderModes,
  licences,
  links,
  modes,
  packages,
  pathFiles,
  place,
  secrets,
};
