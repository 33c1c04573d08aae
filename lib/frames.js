'use strict';

/** Types of the frames that reach lib/ (docs/protocol.md). */
module.exports = Object.freeze({
  RESULT: 0x11,
  TEMPLATE: 0x12,
  DELTA: 0x13,
  CHUNK: 0x14,
  END: 0x15,
  ERROR: 0x16,
  LOG: 0x44,
});
