'use strict';

/**
 * A folder that is built beside its place and renamed when all is done, so that whoever looks
 * sees either nothing or something complete. That needs no lock: of two builders at once the
 * first to finish stays, and one that was killed leaves only a draft, which the next removes.
 */

const fs = require('node:fs/promises');
const os = require('node:os');
const path = require('node:path');
const { CommandError } = require('./error');

const ABANDONED = 24 * 3600 * 1000; // ms; a draft of another machine is given up after a day
const NAME = /\.draft-(?<host>.+)-(?<pid>\d+)-\w{6}$/;

/** Removes a folder and all in it; none is fine. */
function removeFolder(folder) {
  return fs.rm(folder, { recursive: true, force: true, maxRetries: 5 });
}

/** Whether the process that makes a draft may still be at work. */
function isAtWork(host, pid) {
  if (host !== os.hostname()) return true; // a shared home folder: it can't be asked
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error.code === 'EPERM';
  }
}

/** @param {{ [group: string]: string }} draft what its name says */
async function isAbandoned(folder, draft) {
  if (!isAtWork(draft.host, Number(draft.pid))) return true;
  const { mtimeMs } = await fs.stat(folder);
  return Date.now() - mtimeMs > ABANDONED;
}

/** Removes what killed builders left. Failing to is no reason not to build. */
async function removeAbandoned(parent) {
  for (const name of await fs.readdir(parent)) {
    const draft = NAME.exec(name)?.groups;
    const folder = path.join(parent, name);
    if (draft && (await isAbandoned(folder, draft).catch(() => false))) {
      await removeFolder(folder).catch(() => {});
    }
  }
}

function newDraft(target) {
  return fs.mkdtemp(`${target}.draft-${os.hostname()}-${process.pid}-`);
}

/**
 * Makes a new empty folder beside the target: on the same file system a rename is atomic.
 * @param {string} target
 * @returns {Promise<string>} its path; the caller removes it
 * @throws {CommandError} when the parent can't be written
 */
async function makeDraft(target) {
  const parent = path.dirname(target);
  try {
    await fs.mkdir(parent, { recursive: true });
    await removeAbandoned(parent);
    return await newDraft(target);
  } catch (cause) {
    const hint = 'Make it writable, or choose another cache folder with XDG_CACHE_HOME';
    throw new CommandError(`${parent} can't be written: ${cause.message}`, hint, { cause });
  }
}

/** Moves what is at the target out of the way, in one step, and removes it. */
async function displace(target) {
  const old = await newDraft(target);
  await fs.rename(target, old);
  await removeFolder(old);
}

/** @returns {Promise<boolean>} false: there is something at the target */
async function renameUnlessTaken(draft, target) {
  try {
    await fs.rename(draft, target);
    return true;
  } catch (error) {
    if (error.code === 'ENOTEMPTY' || error.code === 'EEXIST') return false;
    throw error;
  }
}

/**
 * Renames the draft to its place.
 * @param {string} draft
 * @param {string} target
 * @param {() => boolean} keep whether what is already at the target is to stay
 * @returns {Promise<boolean>} false: it stays; the draft was not moved
 */
async function moveIntoPlace(draft, target, keep) {
  while (!(await renameUnlessTaken(draft, target))) {
    if (keep()) return false;
    await displace(target);
  }
  return true;
}

module.exports = { makeDraft, moveIntoPlace, removeFolder };
