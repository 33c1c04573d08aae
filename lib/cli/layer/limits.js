'use strict';

/** What AWS allows for layers, in bytes. */
module.exports = {
  /** The function and all its layers together, unpacked. */
  UNZIPPED: 262_144_000,
  /** A zip that is sent to Lambda with the request itself; larger ones go through S3. */
  DIRECT: 50 * 1024 * 1024,
};
