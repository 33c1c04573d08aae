'use strict';

/** Aborted by Ctrl-C and by SIGTERM, so that a command can remove what it began. */
function interruption() {
  const controller = new AbortController();
  for (const name of ['SIGINT', 'SIGTERM']) process.once(name, () => controller.abort());
  return controller.signal;
}

module.exports = { interruption };
