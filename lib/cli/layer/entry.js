'use strict';

/** What a zip says of an entry, against what the entry is. Whoever unpacks may believe either. */

const { Writable } = require('node:stream');
const { pipeline } = require('node:stream/promises');

const POLYNOMIAL = 0xedb88320;
const TWICE = 'is there twice: who unpacks it takes the one or the other';
const DESCRIPTOR = 1 << 3; // a flag: checksum and sizes are behind the data

const TABLE = Int32Array.from({ length: 256 }, (_, byte) => {
  let value = byte;
  for (let bit = 0; bit < 8; bit++) value = (value >>> 1) ^ (value & 1 ? POLYNOMIAL : 0);
  return value;
});

/** A CRC-32 of data that comes in pieces; zlib has one since Node 20.15. */
class Checksum {
  #value = -1;

  get value() {
    return ~this.#value >>> 0;
  }

  /** Passes the pieces on. @param {AsyncIterable<Buffer>} source */
  async *add(source) {
    for await (const data of source) {
      let value = this.#value;
      for (let at = 0; at < data.length; at++) value = (value >>> 8) ^ TABLE[(value ^ data[at]) & 255];
      this.#value = value;
      yield data;
    }
  }
}

/**
 * @param {import('yauzl').Entry} entry of the table of contents
 * @param {import('yauzl').LocalFileHeader} header in front of its data
 * @returns {string | null} what is wrong
 */
function headerProblem(entry, header) {
  const differs = (what) => `has another ${what} in front of its data than in the table of contents`;
  if (!header.fileName.equals(entry.fileNameRaw)) return differs('name');
  const told = (header.generalPurposeBitFlag & DESCRIPTOR) === 0;
  return told && header.crc32 !== entry.crc32 ? differs('checksum') : null;
}

/** Takes data, and keeps none. */
const nowhere = () => new Writable({ write: (_data, _encoding, done) => done() });

/**
 * Reads an entry to its end.
 * @param {import('yauzl').ZipFile} zip
 * @param {import('yauzl').Entry} entry
 * @param {() => NodeJS.WritableStream} [open] where its data goes
 * @returns {Promise<string | null>} what is wrong with it
 */
async function readEntry(zip, entry, open = nowhere) {
  const header = await zip.readLocalFileHeaderPromise(entry);
  const checksum = new Checksum();
  await pipeline(await zip.openReadStreamPromise(entry), (source) => checksum.add(source), open());
  if (checksum.value !== entry.crc32) return 'does not have the checksum that the zip names: it is damaged';
  return headerProblem(entry, header);
}

module.exports = { TWICE, readEntry };
