'use strict';

/** The files of a layer's tree, each read once. */

const { createHash } = require('node:crypto');
const fs = require('node:fs');
const path = require('node:path');
const { isElf, readElf } = require('./elf');

/**
 * @typedef {object} File
 * @property {string} name below python/; of what is beside it, it begins with ../
 * @property {string} path
 * @property {number} size bytes
 * @property {number} mode permissions
 * @property {number} mtimeMs
 * @property {boolean} link
 * @property {string} sha256
 * @property {import('./elf').Elf | Error | null} elf null: it is none; an error: it can't be read as one
 *
 * @typedef {{ name: string, mode: number }} Folder its name ends in a slash
 *
 * @typedef {object} Tree
 * @property {string} root the folder with python/ in it
 * @property {string} home python/
 * @property {File[]} files in the order of the bytes of their names
 * @property {Folder[]} folders python/ itself and those below it
 * @property {File[]} beside files that would be in /opt, too
 * @property {Map<string, File>} byName of files
 * @property {(name: string) => Buffer} read
 */

/**
 * A folder, and all that is in it.
 * @param {string} folder
 * @param {string} [but] another one in it, which is passed over
 * @returns {Generator<{ file: string, isFolder: boolean }>}
 */
function* walk(folder, but) {
  if (folder === but) return;
  yield { file: folder, isFolder: true };
  for (const entry of fs.readdirSync(folder, { withFileTypes: true })) {
    const file = path.join(folder, entry.name);
    if (entry.isDirectory()) yield* walk(file, but);
    else yield { file, isFolder: false };
  }
}

function elfOf(data) {
  if (!isElf(data)) return null;
  try {
    return readElf(data);
  } catch (error) {
    return error;
  }
}

/** @returns {File} */
function describe(home, file) {
  const stat = fs.lstatSync(file);
  const link = !stat.isFile();
  const data = link ? Buffer.alloc(0) : fs.readFileSync(file);
  return {
    name: path.relative(home, file),
    path: file,
    size: stat.size,
    mode: stat.mode & 0o777,
    mtimeMs: stat.mtimeMs,
    link,
    sha256: createHash('sha256').update(data).digest('hex'),
    elf: elfOf(data),
  };
}

/** The files of a walk, in the order of the bytes of their names. */
function describeAll(home, places) {
  const files = places.filter(({ isFolder }) => !isFolder).map(({ file }) => describe(home, file));
  return files.sort((a, b) => Buffer.compare(Buffer.from(a.name), Buffer.from(b.name)));
}

/** @returns {Folder} */
function describeFolder(home, file) {
  return { name: `${path.relative(home, file) || 'python'}/`, mode: fs.statSync(file).mode & 0o777 };
}

/**
 * @param {string} root the folder with python/ in it
 * @param {{ whole: boolean }} options whole: all of it becomes /opt, and not python/ alone
 * @returns {Tree}
 */
function readTree(root, { whole }) {
  const home = path.join(root, 'python');
  const places = [...walk(home)];
  const folders = places.filter(({ isFolder }) => isFolder).map(({ file }) => describeFolder(home, file));
  const files = describeAll(home, places);
  const others = whole ? [...walk(root, home)] : [];
  const byName = new Map(files.map((file) => [file.name, file]));
  const read = (name) => fs.readFileSync(path.join(home, name));
  return { root, home, files, folders, beside: describeAll(home, others), byName, read };
}

module.exports = { readTree };
