'use strict';

/** What was verified, for people. */

const pc = require('picocolors');

const SHOWN = 40; // findings; the rest is counted

const megabytes = (bytes) => `${(bytes / 1e6).toFixed(1)} MB`;

function heading({ path, arch, manifest }) {
  const what = manifest
    ? `Python ${manifest.python}, LiteLLM ${manifest.litellm}, ${manifest.variant}`
    : 'no manifest';
  return pc.bold(`${path}: ${arch}, ${what}`);
}

function figuresOf({ figures: { unzipped, limit, files, elf, zip } }) {
  const zipped = zip === null ? '' : `, zip ${megabytes(zip)}`;
  const share = Math.round((unzipped / limit) * 100);
  return `  ${megabytes(unzipped)} unzipped (${share} % of the limit)${zipped}; ${files} files, ${elf} with native code`;
}

/** @param {import('./index').Finding} finding */
function lines({ check, file, problem, fix }) {
  return [`  ${pc.red('x')} ${check}: ${file} ${problem}`, `      ${fix}`];
}

/** @param {import('./index').Result} result */
function toText(result) {
  const { findings, notes, ok } = result;
  const more = findings.length - SHOWN;
  return [
    heading(result),
    figuresOf(result),
    ...findings.slice(0, SHOWN).flatMap(lines),
    ...(more > 0 ? [`  and ${more} more: --json shows all`] : []),
    ...notes.map((note) => `  note: ${note}`),
    ok ? pc.green('  It works.') : pc.red(`  ${findings.length} findings.`),
  ].join('\n');
}

module.exports = { toText };
