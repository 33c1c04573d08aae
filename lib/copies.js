'use strict';

/**
 * Warns where a process has loaded two copies of this package. Each runs a Python of its own and
 * knows nothing of the other: that works, but is seldom what anybody wants.
 */

/**
 * Warns once for each copy that is not the first, whatever threads load it: the addon tells of
 * others only to the first thread of the process that loads it.
 * @param {string} file the addon's own
 * @param {string[]} others those that were loaded before it
 */
function noteCopies(file, others) {
  if (others.length === 0) return;
  process.emitWarning(
    `litellm-bridge is loaded more than once in this process, from ${[...others, file].join(' and ')}. ` +
      'Each copy starts a Python of its own. Let all of the program resolve to one copy ' +
      '(npm ls litellm-bridge, npm dedupe)',
    { code: 'LITELLM_BRIDGE_COPIES' },
  );
}

module.exports = { noteCopies };
