'use strict';

/** The report of a build for people. */

const pc = require('picocolors');

const SHOWN = 8;
const WIDTH = 76;

const megabytes = (bytes) => `${(bytes / 1e6).toFixed(1)} MB`;
const share = (bytes, limit) => `${Math.round((bytes / limit) * 100)} %`;

function sizes({ unzipped, zip, limits }) {
  const room = limits.unzipped - unzipped.bytes;
  const direct =
    zip.bytes <= limits.zip
      ? `${share(zip.bytes, limits.zip)} of what can be uploaded directly`
      : `more than the ${megabytes(limits.zip)} that can be uploaded directly: publishing goes through S3`;
  return [
    `  unzipped  ${megabytes(unzipped.bytes)} in ${unzipped.files} files, ${share(unzipped.bytes, limits.unzipped)} of the limit; ${megabytes(room)} are left for the function`,
    `  zipped    ${megabytes(zip.bytes)}, ${direct}`,
  ];
}

function cut(text) {
  return text.length <= WIDTH ? text : `${text.slice(0, WIDTH - 1)}…`;
}

/** @param {any} report @returns {string} */
function toText(report) {
  const { manifest } = report;
  const largest = report.largest.slice(0, SHOWN);
  const pruned = report.pruned.filter(({ bytes }) => bytes > 0);
  const total = pruned.reduce((sum, { bytes }) => sum + bytes, 0);
  return [
    pc.bold(
      `Layer ${report.arch}, ${report.variant}: Python ${manifest.python}, LiteLLM ${manifest.litellm}`,
    ),
    ...sizes(report),
    '',
    'Largest, unzipped',
    ...largest.map(({ name, bytes }) => `  ${megabytes(bytes).padStart(9)}  ${name}`),
    '',
    `Left out, before compilation: ${megabytes(total)}`,
    ...pruned.map(({ bytes, reason }) => `  ${megabytes(bytes).padStart(9)}  ${cut(reason)}`),
  ].join('\n');
}

module.exports = { megabytes, toText };
