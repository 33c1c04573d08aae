'use strict';

/** `litellm-bridge doctor`: what is there, what would be used, and what is wrong. */

const { examine } = require('./examine');
const { examineStart, startText } = require('./start');
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

/**
 * Starts Python and prints where the time goes; where it does not start, what keeps it from it.
 * @param {{ json?: boolean, python?: string }} options
 * @returns {Promise<number>} exit status
 */
async function doctorStart({ json, python }) {
  const report = await examineStart({ python }).catch(() => null);
  if (report === null) return doctor({ json, python });
  console.log(json ? JSON.stringify(report, null, 2) : startText(report, { colors: wantsColors() }));
  return 0;
}

module.exports = { doctor, doctorStart };
