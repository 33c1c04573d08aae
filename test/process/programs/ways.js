'use strict';

/** The ways to leave a process, by name. */

const self = (signal) => () => process.kill(process.pid, signal);

const WAYS = {
  exit: () => process.exit(7),
  throw: () => {
    setImmediate(() => {
      throw new Error('uncaught on purpose');
    });
  },
  reject: () => {
    Promise.reject(new Error('unhandled on purpose'));
  },
  abort: () => process.abort(),
  SIGTERM: self('SIGTERM'),
  SIGINT: self('SIGINT'),
  SIGKILL: self('SIGKILL'),
  handled() {
    process.once('SIGTERM', () => process.exit(12));
    self('SIGTERM')();
  },
};

/** Leaves in the way that the next line of standard input names. */
function leaveWhenTold() {
  process.stdin.once('data', (line) => WAYS[`${line}`.trim()]());
}

module.exports = { WAYS, leaveWhenTold };
