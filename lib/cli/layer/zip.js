'use strict';

/** What is in a layer's zip, without unpacking it. */

const { createHash } = require('node:crypto');
const fs = require('node:fs');
const { text } = require('node:stream/consumers');
const yauzl = require('yauzl');
const { CommandError } = require('../error');
const { TWICE, readEntry } = require('./entry');

const MANIFEST = 'python/litellm-bridge.json';
const REBUILD = 'Build it anew: npx litellm-bridge layer build';

/**
 * @typedef {object} Entry
 * @property {string} name a folder's ends in a slash
 * @property {number} size bytes, unpacked
 * @property {number} compressedSize bytes
 * @property {number} mode Unix type and permissions; 0: the zip does not say
 *
 * @typedef {object} Manifest what `layer build` writes; of it only this is relied upon
 * @property {'x86_64' | 'arm64'} arch
 * @property {string} python version
 * @property {string} litellm version
 * @property {string} [variant] default, slim or full
 */

/** @param {yauzl.Entry} entry @returns {Entry} */
function describe({ fileName, uncompressedSize, compressedSize, externalFileAttributes }) {
  return { name: fileName, size: uncompressedSize, compressedSize, mode: externalFileAttributes >>> 16 };
}

/**
 * @param {string} file
 * @param {NodeJS.ErrnoException} cause
 * @param {string} [name] of the entry that was being read
 */
function zipError(file, cause, name) {
  if (cause.code === 'ENOENT') return missing(file);
  if (cause.code === 'EACCES') {
    return new CommandError(`${file} can't be read: ${cause.message}`, 'Let this user read it', { cause });
  }
  const where = name === undefined ? '' : `${name}: `;
  return new CommandError(`${file} can't be read as a zip: ${where}${cause.message}`, REBUILD, { cause });
}

function missing(file) {
  return new CommandError(`There is no ${file}`, 'Build it: npx litellm-bridge layer build, or name the zip');
}

/**
 * @param {string} file
 * @returns {Promise<yauzl.ZipFile>} the caller closes it
 * @throws {CommandError} when it is no zip
 */
async function openRaw(file) {
  try {
    return await yauzl.openPromise(file, { lazyEntries: true, autoClose: false });
  } catch (cause) {
    throw zipError(file, cause);
  }
}

/**
 * Reads the table of contents.
 * @param {string} file
 * @returns {Promise<{ entries: Entry[], read: (name: string) => Promise<string>, close: () => void }>}
 *   the caller closes it
 * @throws {CommandError} when it is no zip
 */
async function openZip(file) {
  const zip = await openRaw(file);
  const raw = new Map();
  try {
    for await (const entry of zip.eachEntry()) raw.set(entry.fileName, entry);
  } catch (cause) {
    zip.close();
    throw zipError(file, cause);
  }
  return {
    entries: [...raw.values()].map(describe),
    read: (name) => readText(file, zip, raw.get(name)),
    close: () => zip.close(),
  };
}

/** @throws {CommandError} when its data is damaged */
async function readText(file, zip, entry) {
  try {
    return await text(await zip.openReadStreamPromise(entry));
  } catch (cause) {
    throw zipError(file, cause, entry.fileName);
  }
}

/** @param {string} file @param {string} words the manifest's text @returns {Manifest} */
function parseManifest(file, words) {
  try {
    const manifest = JSON.parse(words);
    if (['arch', 'python', 'litellm'].every((key) => typeof manifest[key] === 'string')) return manifest;
  } catch {
    // told below
  }
  throw new CommandError(`${MANIFEST} in ${file} is no manifest of this version`, REBUILD);
}

/** @param {string} file @returns {Promise<string>} SHA-256, hex */
async function digest(file) {
  const hash = createHash('sha256');
  for await (const data of fs.createReadStream(file)) hash.update(data);
  return hash.digest('hex');
}

/**
 * @param {string} file
 * @returns {Promise<{ file: string, bytes: number, unzipped: number, sha256: string, manifest: Manifest }>}
 * @throws {CommandError} when it is no layer of `layer build`
 */
async function readLayer(file) {
  const zip = await openZip(file);
  try {
    const names = new Set(zip.entries.map(({ name }) => name));
    for (const name of [MANIFEST, 'python/bin/python3']) {
      if (!names.has(name)) throw new CommandError(`${file} has no ${name}: it is no layer of ours`, REBUILD);
    }
    const manifest = parseManifest(file, await zip.read(MANIFEST));
    const unzipped = zip.entries.reduce((sum, { size }) => sum + size, 0);
    return { file, bytes: fs.statSync(file).size, unzipped, sha256: await digest(file), manifest };
  } finally {
    zip.close();
  }
}

/** @param {yauzl.ZipFile} zip @returns {Promise<string | null>} the first entry that is not what it says */
async function entriesProblem(zip) {
  const names = new Set();
  for await (const entry of zip.eachEntry()) {
    const { fileName: name } = entry;
    const problem = names.has(name) ? TWICE : await readEntry(zip, entry);
    if (problem !== null) return `${name} ${problem}`;
    names.add(name);
  }
  return null;
}

/**
 * Reads all data, as whoever unpacks it will.
 * @param {string} file
 * @throws {CommandError} when an entry is not what the zip says, or is there twice
 */
async function checkEntries(file) {
  const zip = await openRaw(file);
  const problem = await entriesProblem(zip)
    .catch((cause) => {
      throw zipError(file, cause);
    })
    .finally(() => zip.close());
  if (problem !== null) throw new CommandError(`${file}: ${problem}`, REBUILD);
}

module.exports = { MANIFEST, checkEntries, openRaw, openZip, readLayer, zipError };
