'use strict';

/** The files of a layer's tree, each read once. */

const { createHash } = require('node:crypto');
const fs = require('node:fs');
const path = require('node:path');
const { isElf, readElf } = require('./elf');

/**
 * @typedef {object} File
 * @property {string} name below python/
 * @property {string} path
 * @property {number} size bytes
 * @property {number} mode permissions
 * @property {number} mtimeMs
 * @property {boolean} link
 * @property {string} sha256
 * @property {import('./elf').Elf | Error | null} elf null: it is none; an error: it can't be read as one
 *
 * @typedef {object} Tree
 * @property {string} root the folder with python/ in it
 * @property {string} home python/
 * @property {File[]} files in the order of the bytes of their names
 * @property {Map<string, File>} byName
 * @property {(name: string) => Buffer} read
 */

function* walk(folder) {
  for (const entry of fs.readdirSync(folder, { withFileTypes: true })) {
    const file = path.join(folder, entry.name);
    if (entry.isDirectory()) yield* walk(file);
    else yield file;
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

/** @param {string} root the folder with python/ in it @returns {Tree} */
function readTree(root) {
  const home = path.join(root, 'python');
  const files = [...walk(home)].map((file) => describe(home, file));
  files.sort((a, b) => Buffer.compare(Buffer.from(a.name), Buffer.from(b.name)));
  const byName = new Map(files.map((file) => [file.name, file]));
  return { root, home, files, byName, read: (name) => fs.readFileSync(path.join(home, name)) };
}

module.exports = { readTree };
