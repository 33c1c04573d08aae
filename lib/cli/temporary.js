'use strict';

/** Folders for the time of one command. */

const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');
const { CommandError } = require('./error');

/** There is no room, or nothing may be written. */
const UNWRITABLE = ['EACCES', 'EDQUOT', 'ENOSPC', 'EROFS'];

/** @param {Error} cause @returns {CommandError} */
function temporaryError(cause) {
  const hint = 'Make room there and let it be written, or name another folder: TMPDIR=FOLDER';
  return new CommandError(`The folder for temporary files, ${os.tmpdir()}: ${cause.message}`, hint, {
    cause,
  });
}

/**
 * @param {string} prefix of its name
 * @returns {string} a new folder; the caller removes it
 * @throws {CommandError}
 */
function makeTemporary(prefix) {
  try {
    return fs.mkdtempSync(path.join(os.tmpdir(), prefix));
  } catch (cause) {
    throw temporaryError(cause);
  }
}

module.exports = { UNWRITABLE, makeTemporary, temporaryError };
