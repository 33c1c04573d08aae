'use strict';

/** Processes as the kernel shows them. */

const fs = require('node:fs');

/** What /proc/PID/stat says; null when the process is not there. */
function statOf(pid) {
  try {
    const stat = fs.readFileSync(`/proc/${pid}/stat`, 'latin1');
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return { state: fields[0], parent: Number(fields[1]), threads: Number(fields[17]) };
  } catch (error) {
    if (error.code !== 'ENOENT' && error.code !== 'ESRCH') throw error;
    return null;
  }
}

/** Dead to the last thread: a zombie whose threads still end holds its descriptors. */
function isGone(pid) {
  const stat = statOf(pid);
  return stat === null || (stat.state === 'Z' && stat.threads <= 1);
}

const isStopped = (pid) => statOf(pid)?.state === 'T';

/** @param {number} parent @returns {number[]} pids */
function childrenOf(parent) {
  const pids = fs.readdirSync('/proc').filter((name) => /^\d+$/.test(name));
  return pids.map(Number).filter((pid) => statOf(pid)?.parent === parent);
}

/** Environment variables that a process was started with. */
function variablesOf(pid) {
  const entries = fs.readFileSync(`/proc/${pid}/environ`, 'utf8').split('\0');
  return Object.fromEntries(entries.map((entry) => entry.split(/=(.*)/s).slice(0, 2)));
}

module.exports = { childrenOf, isGone, isStopped, variablesOf };
