'use strict';

/**
 * Runs something without root's rights, in this process; a user that has none runs it as it is.
 * @template T
 * @param {() => Promise<T>} run
 */
async function asNobody(run) {
  const user = process.geteuid?.();
  if (user === 0) process.seteuid?.(65534);
  try {
    return await run();
  } finally {
    if (user === 0) process.seteuid?.(user);
  }
}

module.exports = { asNobody };
