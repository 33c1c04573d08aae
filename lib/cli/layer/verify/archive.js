'use strict';

/** A layer's zip: what only a zip can get wrong, and its files on the disk. */

const fs = require('node:fs');
const path = require('node:path');
const { pipeline } = require('node:stream/promises');
const yauzl = require('yauzl');
const { CommandError } = require('../../error');
const { DIRECT } = require('../limits');

const LINK = 0o120000;
const TYPE = 0o170000;
const HOME = 'python/';

/** The date of an entry as the zip has it, without a time zone. @param {number} date */
const yearOf = (date) => 1980 + (date >> 9);

/** @param {yauzl.Entry} entry @returns {Generator<[string, string, string]>} */
function* checkEntry({ fileName: name, externalFileAttributes, lastModFileDate }) {
  const mode = externalFileAttributes >>> 16;
  if (!name.startsWith(HOME)) {
    yield [
      name,
      'is not below python/: the layer is looked for at /opt/python',
      'zip the folder python itself',
    ];
  }
  if ((mode & TYPE) === LINK) yield [name, 'is a link', 'zip what it points to'];
  if (mode === 0) yield [name, 'has no mode: it will not be executable', 'zip on Linux or macOS'];
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

async function extract(zip, entry, folder) {
  const target = path.join(folder, entry.fileName);
  if (entry.fileName.endsWith('/')) {
    fs.mkdirSync(target, { recursive: true });
    return;
  }
  fs.mkdirSync(path.dirname(target), { recursive: true });
  const mode = (entry.externalFileAttributes >>> 16) & 0o777 || 0o644;
  await pipeline(await zip.openReadStreamPromise(entry), fs.createWriteStream(target, { mode }));
  fs.chmodSync(target, mode); // whatever the umask
}

/**
 * Unpacks a zip. yauzl refuses names that lead out of the folder.
 * @param {string} file
 * @param {string} folder an empty one
 * @returns {Promise<[string, string, string][]>} what is wrong with the zip itself
 * @throws {CommandError} when it can't be read
 */
async function unpack(file, folder) {
  try {
    const zip = await yauzl.openPromise(file, { lazyEntries: true, autoClose: false });
    /** @type {[string, string, string][]} */
    const found = [];
    for await (const entry of zip.eachEntry()) {
      found.push(...checkEntry(entry));
      await extract(zip, entry, folder);
    }
    zip.close();
    return found;
  } catch (cause) {
    const hint = 'Build it anew: npx litellm-bridge layer build';
    throw new CommandError(`${file} can't be read as a zip: ${cause.message}`, hint, { cause });
  }
}

module.exports = { sizeNotes, unpack };
