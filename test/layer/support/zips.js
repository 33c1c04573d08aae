'use strict';

/** Zips whose headers say what a test wants: entries are stored as they are. */

const fs = require('node:fs');
const path = require('node:path');
const { gzipSync } = require('node:zlib');
const { temporary } = require('./copies');

const DATE = 0x21; // 1 January 1980
const MADE_ON_UNIX = (3 << 8) | 20;
const FILE = 0o100644;

/** The checksum that gzip puts behind its data. */
const crcOf = (data) => gzipSync(data).readUInt32LE(gzipSync(data).length - 8);

/** What both headers say alike. */
function fields({ name, data, crc = crcOf(data) }) {
  const head = Buffer.alloc(26);
  head.writeUInt16LE(20, 0);
  head.writeUInt16LE(DATE, 8);
  head.writeUInt32LE(crc, 10);
  head.writeUInt32LE(data.length, 14);
  head.writeUInt32LE(data.length, 18);
  head.writeUInt16LE(Buffer.byteLength(name), 22);
  return head;
}

function central(entry, offset) {
  const tail = Buffer.alloc(14);
  tail.writeUInt32LE(((entry.mode ?? FILE) << 16) >>> 0, 6);
  tail.writeUInt32LE(offset, 10);
  const version = Buffer.from([MADE_ON_UNIX & 255, MADE_ON_UNIX >> 8]);
  return Buffer.concat([Buffer.from('PK\x01\x02'), version, fields(entry), tail, Buffer.from(entry.name)]);
}

function local({ name, localName = name, data, localCrc, crc }) {
  const head = fields({ name: localName, data, crc: localCrc ?? crc });
  return Buffer.concat([Buffer.from('PK\x03\x04'), head, Buffer.from(localName), data]);
}

/**
 * @param {import('node:test').TestContext} t
 * @param {{ name: string, data?: string, mode?: number, crc?: number, localName?: string, localCrc?: number }[]} entries
 *   localName and localCrc: what the header in front of the data says, if not the same
 * @returns {string} its path
 */
function zipWith(t, entries) {
  const all = entries.map((entry) => ({ ...entry, data: Buffer.from(entry.data ?? '') }));
  const [parts, table] = [[], []];
  let offset = 0;
  for (const entry of all) {
    parts.push(local(entry));
    table.push(central(entry, offset));
    offset += parts[parts.length - 1].length;
  }
  const end = Buffer.alloc(18);
  end.writeUInt16LE(all.length, 4);
  end.writeUInt16LE(all.length, 6);
  end.writeUInt32LE(Buffer.concat(table).length, 8);
  end.writeUInt32LE(offset, 12);
  const file = path.join(temporary(t), 'layer.zip');
  fs.writeFileSync(file, Buffer.concat([...parts, ...table, Buffer.from('PK\x05\x06'), end]));
  return file;
}

module.exports = { zipWith };
