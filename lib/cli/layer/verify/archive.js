'use strict';

/** A layer's zip: what only a zip can get wrong, and its files on the disk. */

const fs = require('node:fs');
const path = require('node:path');
const { UNWRITABLE, temporaryError } = require('../../temporary');
const { TWICE, readEntry } = require('../entry');
const { DIRECT } = require('../limits');
const { openRaw, zipError } = require('../zip');

const LINK = 0o120000;
const TYPE = 0o170000;
const OPEN = 0o555; // to everybody
const REBUILD = 'build the layer anew: npx litellm-bridge layer build';

/** The date of an entry as the zip has it, without a time zone. @param {number} date */
const yearOf = (date) => 1980 + (date >> 9);

/** @param {import('yauzl').Entry} entry @returns {Generator<[string, string, string]>} */
function* checkEntry({ fileName: name, externalFileAttributes, lastModFileDate }) {
  const mode = externalFileAttributes >>> 16;
  if ((mode & TYPE) === LINK) yield [name, 'is a link', 'zip what it points to'];
  if (mode === 0) yield [name, 'has no mode: it will not be executable', 'zip on Linux or macOS'];
  else if (name.endsWith('/') && (mode & OPEN) !== OPEN) {
    const problem = "can't be entered and listed by everybody: Lambda runs functions as a user of its own";
    yield [name, problem, `chmod 755 ${name}, and zip again`];
  }
  if (yearOf(lastModFileDate) !== 1980) {
    yield [
      name,
      `has the year ${yearOf(lastModFileDate)}: the zip differs with each build`,
      'npx litellm-bridge layer build',
    ];
  }
}

/** @param {number} bytes of the zip @returns {string[]} */
function sizeNotes(bytes) {
  if (bytes <= DIRECT) return [];
  return [
    `The zip has ${bytes} bytes, more than the ${DIRECT} that can be uploaded directly: publishing goes through S3`,
  ];
}

/** As Lambda makes them, whatever the umask: folders that the zip does not name can be entered. */
function makeFolders(folder) {
  if (fs.existsSync(folder)) return;
  makeFolders(path.dirname(folder));
  fs.mkdirSync(folder);
  fs.chmodSync(folder, 0o755);
}

/**
 * @param {import('yauzl').ZipFile} zip
 * @param {import('yauzl').Entry} entry
 * @param {string} folder
 * @returns {Promise<string | null>} what is wrong with it
 */
async function extract(zip, entry, folder) {
  const target = path.join(folder, entry.fileName);
  const isFolder = entry.fileName.endsWith('/');
  makeFolders(isFolder ? target : path.dirname(target));
  if (isFolder) return readEntry(zip, entry);
  const said = entry.externalFileAttributes >>> 16;
  const mode = said === 0 ? 0o644 : (said & 0o777) | 0o400; // it is read here
  const problem = await readEntry(zip, entry, () => fs.createWriteStream(target, { mode }));
  fs.chmodSync(target, mode); // whatever the umask
  return problem;
}

/**
 * Unpacks a zip. yauzl refuses names that lead out of the folder.
 * @param {string} file
 * @param {string} folder an empty one
 * @returns {Promise<[string, string, string][]>} what is wrong with the zip itself
 * @throws {CommandError} when it can't be read, or there is no room for what is in it
 */
async function unpack(file, folder) {
  const zip = await openRaw(file);
  const names = new Set();
  try {
    /** @type {[string, string, string][]} */
    const found = [];
    for await (const entry of zip.eachEntry()) {
      const { fileName: name } = entry;
      const isSecond = names.has(name);
      names.add(name);
      found.push(...checkEntry(entry));
      const problem = isSecond ? TWICE : await extract(zip, entry, folder);
      if (problem !== null) found.push([name, problem, REBUILD]);
    }
    return found;
  } catch (cause) {
    if (UNWRITABLE.includes(cause.code)) throw temporaryError(cause);
    throw zipError(file, cause, [...names].pop());
  } finally {
    zip.close();
  }
}

module.exports = { sizeNotes, unpack };
