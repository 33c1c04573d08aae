'use strict';

/** Names that AWS would refuse, refused before anything is sent. */

const { CommandError } = require('../../error');

const RULES = {
  layer: {
    pattern: /^[a-zA-Z0-9_-]{1,140}$/,
    rule: 'AWS takes up to 140 letters, digits, "-" and "_" for the name of a layer',
  },
  region: {
    pattern: /^[a-z]{2,4}(-[a-z]+)+-\d+$/,
    rule: 'A region is written like eu-west-1; several are separated by commas',
  },
  account: { pattern: /^\d{12}$/, rule: 'The number of an AWS account has 12 digits' },
  organisation: {
    pattern: /^o-[a-z0-9]{10,32}$/,
    rule: 'The id of an organisation is "o-" and 10 to 32 small letters or digits',
  },
  bucket: {
    pattern: /^(?!\d+(\.\d+){3}$)(?!.*\.\.)[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/,
    rule: 'AWS takes 3 to 63 small letters, digits, "-" and "." for the name of a bucket, beginning and ending with a letter or digit',
  },
  function: {
    pattern: /^(arn:aws[a-z-]*:lambda:[a-z0-9-]+:\d{12}:function:)?[a-zA-Z0-9_-]{1,64}$/,
    rule: 'Give the name of the function, or its ARN without a version: layers belong to $LATEST',
  },
};

/**
 * @param {keyof typeof RULES} kind
 * @param {string} name
 * @returns {string} the name
 * @throws {CommandError} with the rule of AWS
 */
function checkName(kind, name) {
  if (RULES[kind].pattern.test(name)) return name;
  throw new CommandError(`${JSON.stringify(name)} is no valid ${kind}`, RULES[kind].rule);
}

/**
 * @param {keyof typeof RULES} kind
 * @param {string} list separated by commas
 * @returns {string[]} each once
 */
function parseList(kind, list) {
  const names = list
    .split(',')
    .map((name) => name.trim())
    .filter(Boolean);
  if (names.length === 0) checkName(kind, '');
  return [...new Set(names.map((name) => checkName(kind, name)))];
}

module.exports = { checkName, parseList };
