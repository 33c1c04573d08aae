'use strict';

/** The file of ARNs that CDK, Terraform and the like read, and `prune` and `attach` go by. */

const fs = require('node:fs/promises');
const path = require('node:path');
const { setTimeout: delay } = require('node:timers/promises');
const { CommandError } = require('../../error');

/** Where it is unless another is named: below the output folder of `layer build`. */
const FILE = path.join('litellm-layer', 'layers.json');
const LOCK_WAIT = 5000; // ms; a lock is held for a few
const LOCK_PAUSE = 20; // ms
const OTHER = 'Name another file: --output FILE';

/**
 * @typedef {object} Published
 * @property {string} arn
 * @property {number} version
 * @property {string} sha256 of the zip, hex
 * @property {string} litellm version
 * @property {string} python version
 *
 * @typedef {Record<string, Record<string, Record<string, Published>>>} Layers by the layer's
 *   name, architecture and region
 */

/** Whether it is a table of tables …, so many deep. */
function isTable(value, depth) {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return false;
  return depth === 1 || Object.values(value).every((inner) => isTable(inner, depth - 1));
}

/** @returns {Promise<string | null>} null: there is none */
async function textOf(file) {
  try {
    return await fs.readFile(file, 'utf8');
  } catch (cause) {
    if (cause.code === 'ENOENT') return null;
    throw new CommandError(`${file} can't be read: ${cause.message}`, 'Name another file', { cause });
  }
}

/** @param {string} file @returns {Promise<{ format: 1, layers: Layers } | null>} null: there is none */
async function read(file) {
  const text = await textOf(file);
  if (text === null) return null;
  try {
    const record = JSON.parse(text);
    if (record?.format === 1 && isTable(record.layers, 4)) return record;
  } catch {
    // told below
  }
  throw new CommandError(`${file} is not what layer publish wrote`, 'Remove it, or name another file');
}

/**
 * What was published, by the file.
 * @param {string} [named] the option `--layers-file`; else the usual one, which need not be there
 * @returns {Promise<{ file: string, layers: Layers }>}
 * @throws {CommandError} when it is no file of ARNs
 */
async function readRecord(named) {
  const file = named ?? FILE;
  const record = await read(file);
  if (record === null && named !== undefined) {
    throw new CommandError(`There is no ${file}`, 'Name the file that layer publish --output wrote');
  }
  return { file, layers: record?.layers ?? {} };
}

/** Whoever makes the file `lock` has the lock. */
async function acquire(lock) {
  const deadline = Date.now() + LOCK_WAIT;
  for (;;) {
    try {
      return await fs.writeFile(lock, '', { flag: 'wx' });
    } catch (error) {
      if (error.code !== 'EEXIST') throw error;
    }
    if (Date.now() > deadline) {
      const hint = 'If no other layer publish is at work, one was killed: remove it, then run this again';
      throw new CommandError(`${lock} has been there for ${LOCK_WAIT / 1000} s`, hint);
    }
    await delay(LOCK_PAUSE);
  }
}

/**
 * One at a time of all that write the file, in other processes as well. A lock is never taken away
 * from another: nobody could do that without now and then taking a new one.
 * @param {string} file
 * @param {() => Promise<void>} work
 */
async function locked(file, work) {
  const lock = `${file}.lock`;
  try {
    await fs.mkdir(path.dirname(file), { recursive: true });
    await acquire(lock);
    await work().finally(() => fs.rm(lock, { force: true }));
  } catch (cause) {
    if (cause instanceof CommandError) throw cause;
    throw new CommandError(`${file} can't be written: ${cause.message}`, OTHER, { cause });
  }
}

/**
 * Finds out, before anything is published, whether the file can be read and written.
 * @param {string} file
 * @param {{ dry?: boolean }} [options] dry: only read
 */
async function checkRecord(file, { dry = false } = {}) {
  if (file === '') throw new CommandError('--output names no file', `Name one, or leave it out for ${FILE}`);
  await read(file);
  if (!dry) await locked(file, async () => {});
}

/** Adds them; regions, architectures and layers that are not named keep theirs. */
function add(layers, name, layer, outcomes) {
  const { arch, litellm, python } = layer.manifest;
  layers[name] ??= {};
  layers[name][arch] ??= {};
  for (const { region, arn, version } of outcomes) {
    if (arn === null || version === null) continue;
    layers[name][arch][region] = { arn, version, sha256: layer.sha256, litellm, python };
  }
}

/**
 * Adds what was published.
 * @param {string} file
 * @param {string} name of the layer
 * @param {Awaited<ReturnType<import('../zip').readLayer>>} layer
 * @param {import('./region').Outcome[]} outcomes
 * @throws {CommandError} when it can't be read or written
 */
function writeRecord(file, name, layer, outcomes) {
  return locked(file, async () => {
    const record = (await read(file)) ?? { format: 1, layers: {} };
    add(record.layers, name, layer, outcomes);
    const draft = `${file}.${process.pid}.draft`;
    await fs.writeFile(draft, `${JSON.stringify(record, null, 2)}\n`);
    await fs.rename(draft, file); // whoever reads it never sees half of one
  });
}

module.exports = { FILE, checkRecord, readRecord, writeRecord };
