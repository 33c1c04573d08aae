'use strict';

/** A failure that is told to a person as a text and what to do, without a stack. */
class CommandError extends Error {
  /**
   * @param {string} message what happened, and what is wrong
   * @param {string} hint what to do
   * @param {ErrorOptions} [options]
   */
  constructor(message, hint, options) {
    super(message, options);
    this.name = 'CommandError';
    this.hint = hint;
  }
}

module.exports = { CommandError };
