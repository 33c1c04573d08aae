'use strict';

/** A control group with little CPU and memory, as a small function has; by cgroup 1 or 2. */

const fs = require('node:fs');
const path = require('node:path');

const ROOT = '/sys/fs/cgroup';
const NAME = `litellm-bridge-bench-${process.pid}`;
const PERIOD = 100_000; // µs

/** @typedef {{ folder: string, files: Record<string, string> }} Group */

/** @param {number} share of a CPU @param {number} bytes @returns {Group[]} */
function groups(share, bytes) {
  const quota = Math.round(share * PERIOD);
  if (fs.existsSync(path.join(ROOT, 'cgroup.controllers'))) {
    const files = { 'cpu.max': `${quota} ${PERIOD}`, 'memory.max': `${bytes}` };
    return [{ folder: path.join(ROOT, NAME), files }];
  }
  return [
    { folder: path.join(ROOT, 'cpu', NAME), files: { 'cpu.cfs_quota_us': `${quota}` } },
    { folder: path.join(ROOT, 'memory', NAME), files: { 'memory.limit_in_bytes': `${bytes}` } },
  ];
}

/** @param {Group[]} made */
function remove(made) {
  for (const { folder } of made) if (fs.existsSync(folder)) fs.rmdirSync(folder);
}

/**
 * Runs with the words that put a command into such a group.
 * @template T
 * @param {number} share of a CPU
 * @param {number} bytes
 * @param {(prefix: string[]) => T} run
 * @returns {T | null} null: there are no control groups to be had here
 */
function limited(share, bytes, run) {
  const made = groups(share, bytes);
  try {
    for (const { folder, files } of made) {
      fs.mkdirSync(folder);
      for (const [name, text] of Object.entries(files)) fs.writeFileSync(path.join(folder, name), text);
    }
  } catch {
    remove(made);
    return null;
  }
  const enter = made.map(({ folder }) => `echo $$ > ${folder}/cgroup.procs`).join(' && ');
  try {
    return run(['/bin/sh', '-c', `${enter} && exec "$0" "$@"`]);
  } finally {
    remove(made);
  }
}

module.exports = { limited };
