'use strict';

/** CPU time that processes have used, in microseconds. */

const fs = require('node:fs');

function cpuOfThisProcess() {
  const { user, system } = process.cpuUsage();
  return user + system;
}

/**
 * All threads of another process. The kernel's count for the scheduler is exact to the
 * nanosecond; the better known one in /proc/PID/stat counts steps of 10 ms.
 * @param {number} pid
 * @returns {number | null} null where the kernel does not tell (macOS)
 */
function cpuOf(pid) {
  try {
    const folder = `/proc/${pid}/task`;
    const times = fs.readdirSync(folder).map((thread) => {
      const [nanoseconds] = fs.readFileSync(`${folder}/${thread}/schedstat`, 'utf8').split(' ');
      return Number(nanoseconds);
    });
    return times.reduce((sum, time) => sum + time, 0) / 1000;
  } catch {
    return null;
  }
}

module.exports = { cpuOf, cpuOfThisProcess };
