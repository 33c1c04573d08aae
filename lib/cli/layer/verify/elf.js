'use strict';

/** Reads of an ELF file what decides whether it can be loaded. */

const CLASS_64 = 2;
const LITTLE = 1;
const PT_LOAD = 1;
const PT_DYNAMIC = 2;
const PT_INTERP = 3;
const DT = { NEEDED: 1, STRTAB: 5, SONAME: 14, RPATH: 15, RUNPATH: 29 };
const VERDEF = 0x6ffffffc;
const VERNEED = 0x6ffffffe;
const VERNEED_COUNT = 0x6fffffff;
const VERDEF_COUNT = 0x6ffffffd;
const MOST = 4096; // of a list: a damaged file may claim any number

const MACHINES = { 62: 'x86_64', 183: 'arm64' };

/** @typedef {ReturnType<typeof readElf>} Elf */

/** @param {Buffer} data */
const isElf = (data) => data.length >= 64 && data.readUInt32BE(0) === 0x7f454c46;

const u64 = (data, at) => Number(data.readBigUInt64LE(at));

/** A text that ends in a zero byte. */
function textAt(data, at) {
  const end = data.indexOf(0, at);
  return data.toString('latin1', at, end < 0 ? data.length : end);
}

function segments(data) {
  const [offset, size, count] = [u64(data, 32), data.readUInt16LE(54), data.readUInt16LE(56)];
  return Array.from({ length: count }, (_, index) => {
    const at = offset + index * size;
    const type = data.readUInt32LE(at);
    return { type, offset: u64(data, at + 8), address: u64(data, at + 16), size: u64(data, at + 32) };
  });
}

/** Where an address of the loaded program is in the file. */
function offsetOf(all, address) {
  const found = all.find(
    ({ type, address: start, size }) => type === PT_LOAD && start <= address && address < start + size,
  );
  if (!found) throw new RangeError('an address is in no segment');
  return found.offset + address - found.address;
}

/** @returns {Map<number, number[]>} the values of each tag */
function dynamicSection(data, all) {
  const tags = new Map();
  const section = all.find(({ type }) => type === PT_DYNAMIC);
  if (!section) return tags;
  for (let at = section.offset; at < section.offset + section.size; at += 16) {
    const tag = u64(data, at);
    if (tag === 0) break;
    tags.set(tag, [...(tags.get(tag) ?? []), u64(data, at + 8)]);
  }
  return tags;
}

/** The versions of symbols that a file wants of others, such as GLIBC_2.28. */
function* neededVersions(data, at, count, text) {
  for (let left = Math.min(count, MOST); left > 0; left--) {
    let entry = at + data.readUInt32LE(at + 8);
    for (let more = data.readUInt16LE(at + 2); more > 0; more--) {
      yield text(data.readUInt32LE(entry + 8));
      entry += data.readUInt32LE(entry + 12);
    }
    at += data.readUInt32LE(at + 12);
  }
}

/** The versions that a library has. */
function* definedVersions(data, at, count, text) {
  for (let left = Math.min(count, MOST); left > 0; left--) {
    yield text(data.readUInt32LE(at + data.readUInt32LE(at + 12)));
    at += data.readUInt32LE(at + 16);
  }
}

/** The highest of the GLIBC_2.N among the names, as a number N; null: there is none. */
function highestGlibc(names) {
  const minors = [...names].map((name) => /^GLIBC_2\.(\d+)/.exec(name)?.[1]).filter(Boolean);
  return minors.length === 0 ? null : Math.max(...minors.map(Number));
}

/**
 * @param {Buffer} data of a file that `isElf`
 * @throws {RangeError} when it is cut off or makes no sense
 */
function readElf(data) {
  if (data[4] !== CLASS_64 || data[5] !== LITTLE) {
    return { bits: data[4] === 1 ? 32 : 64, machine: 'unknown', needed: [], rpath: null, runpath: null };
  }
  const all = segments(data);
  const tags = dynamicSection(data, all);
  const [strings] = (tags.get(DT.STRTAB) ?? []).map((address) => offsetOf(all, address));
  const text = (offset) => textAt(data, strings + offset);
  /** @param {number} tag */
  const first = (tag) => tags.get(tag)?.[0] ?? 0;
  const versions = (tag, count, read) =>
    tags.has(tag) ? [...read(data, offsetOf(all, first(tag)), first(count), text)] : [];
  const interpreter = all.find(({ type }) => type === PT_INTERP);
  /** @param {number} tag */
  const path = (tag) => (tags.has(tag) ? text(first(tag)) : null);
  return {
    bits: 64,
    machine: MACHINES[data.readUInt16LE(18)] ?? `machine ${data.readUInt16LE(18)}`,
    interpreter: interpreter ? textAt(data, interpreter.offset) : null,
    needed: (tags.get(DT.NEEDED) ?? []).map(text),
    rpath: path(DT.RPATH),
    runpath: path(DT.RUNPATH),
    glibcNeeded: highestGlibc(versions(VERNEED, VERNEED_COUNT, neededVersions)),
    glibcDefined: highestGlibc(versions(VERDEF, VERDEF_COUNT, definedVersions)),
  };
}

module.exports = { isElf, readElf };
