'use strict';

/** File system calls, counted as `strace -f -e trace=file,desc` prints them. */

const { execFileSync } = require('node:child_process');
const fs = require('node:fs');
const path = require('node:path');

/** Network calls are traced to see when ready is sent, and are not counted. */
const ARGS = ['-f', '-s', '256', '-e', 'trace=file,desc,network'];
const NETWORK =
  /^\d+ +(socket|socketpair|connect|bind|listen|accept4?|send\w+|recv\w+|shutdown|[gs]et(sockopt|sockname)|getpeername)\(/;

function isThere() {
  try {
    execFileSync('strace', ['-V'], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}

/** @param {string} log */
function count(log) {
  const lines = fs.readFileSync(log, 'latin1').split('\n');
  const end = lines.findIndex((line) => line.includes('\\"litellm\\":') && line.includes('send'));
  const considered = end < 0 ? lines : lines.slice(0, end);
  return considered.filter((line) => /^\d+ +\w+\(/.test(line) && !NETWORK.test(line)).length;
}

/** Of a program, to its end. @param {string} folder @param {string[]} command */
function callsOf(folder, command, env) {
  const log = path.join(folder, 'strace.log');
  execFileSync('strace', [...ARGS, '-o', log, ...command], { env });
  return count(log);
}

/** An interpreter that is traced, and what counts what its last start asked, up to ready. */
function traced(folder, python) {
  const log = path.join(folder, 'start.log');
  const file = path.join(folder, 'python');
  fs.writeFileSync(file, `#!/bin/sh\nexec strace ${ARGS.join(' ')} -o ${log} ${python} "$@"\n`);
  fs.chmodSync(file, 0o755);
  return { python: file, calls: () => count(log) };
}

module.exports = { callsOf, isThere, traced };
