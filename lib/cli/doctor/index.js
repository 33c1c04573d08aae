'use strict';

/** `litellm-bridge doctor`: what is there, what would be used, and what is wrong. */

const { examine } = require('./examine');
const { toText } = require('./text');

/** NO_COLOR: no-color.org */
const wantsColors = () => process.stdout.isTTY === true && !process.env.NO_COLOR;

/**
 * Prints the report on standard output.
 * @param {{ json?: boolean, python?: string }} options
 * @returns {Promise<number>} exit status: 0, or 1 when there is a problem
 */
async function doctor({ json, python }) {
  const report = await examine({ python });
  const text = json ? JSON.stringify(report, null, 2) : toText(report, { colors: wantsColors() });
  console.log(text);
  return report.ok ? 0 : 1;
}

module.exports = { doctor };
