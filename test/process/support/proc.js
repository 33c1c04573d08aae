'use strict';

/** What /proc tells about processes. */

const fs = require('node:fs');
const { setTimeout: pause } = require('node:timers/promises');

const POLL = 5; // ms

/** Resolves once the condition holds; the test's own time limit is the limit. */
async function until(condition) {
  while (!(await condition())) await pause(POLL);
}

/** Reads a file of /proc; null when the process has gone. */
function read(file) {
  try {
    return fs.readFileSync(file, 'latin1');
  } catch (error) {
    if (!['ENOENT', 'ESRCH', 'EACCES'].includes(error.code)) throw error;
    return null;
  }
}

/** @returns {{ state: string, parent: number } | null} null: there is no such process */
function stat(pid) {
  const text = read(`/proc/${pid}/stat`);
  if (text === null) return null;
  const [state, parent] = text.slice(text.lastIndexOf(')') + 2).split(' ');
  return { state, parent: Number(parent) };
}

function pids() {
  const names = fs.readdirSync('/proc').filter((name) => /^\d+$/.test(name));
  return names.map(Number);
}

/** Ended. An orphan that init has not taken away yet has ended, too. */
function isGone(pid) {
  return [undefined, 'Z', 'X'].includes(stat(pid)?.state);
}

/** It waits for something: one that writes, for whoever reads. */
const isAsleep = (pid) => stat(pid)?.state === 'S';

const untilGone = (...all) => until(() => all.every(isGone));

function children(pid) {
  return pids().filter((other) => stat(other)?.parent === pid);
}

/** Children that ended and that nobody has waited for. */
const zombies = (pid) => children(pid).filter((child) => stat(child)?.state === 'Z');

/** Children, their children, and so on; those that run. */
function descendants(pid) {
  const running = children(pid).filter((child) => !isGone(child));
  return running.flatMap((child) => [child, ...descendants(child)]);
}

/** Processes with this variable in their environment, those that run. */
function withVariable(name, value) {
  return pids().filter((pid) => read(`/proc/${pid}/environ`)?.split('\0').includes(`${name}=${value}`));
}

/** What each open descriptor of a process is, by number. */
function descriptors(pid) {
  const folder = `/proc/${pid}/fd`;
  const entries = fs.readdirSync(folder).map((fd) => [fd, linkOf(`${folder}/${fd}`)]);
  return Object.fromEntries(entries.filter(([, target]) => target !== null));
}

/** The listing's own descriptor is closed by the time it is looked at. */
function linkOf(file) {
  try {
    return fs.readlinkSync(file);
  } catch (error) {
    if (error.code !== 'ENOENT') throw error;
    return null;
  }
}

const countDescriptors = (pid) => Object.keys(descriptors(pid)).length;

/** Resident memory, in bytes. */
function rss(pid) {
  return Number(/^VmRSS:\s+(\d+) kB$/m.exec(read(`/proc/${pid}/status`))[1]) * 1024;
}

/** Threads of a user's processes: what RLIMIT_NPROC counts. */
function countTasks(uid) {
  return pids()
    .map((pid) => read(`/proc/${pid}/status`))
    .filter((text) => text !== null && new RegExp(`^Uid:\\s+${uid}\\s`, 'm').test(text))
    .reduce((sum, text) => sum + Number(/^Threads:\s+(\d+)$/m.exec(text)?.[1] ?? 0), 0);
}

module.exports = {
  children,
  countDescriptors,
  countTasks,
  descendants,
  descriptors,
  isAsleep,
  isGone,
  rss,
  until,
  untilGone,
  withVariable,
  zombies,
};
