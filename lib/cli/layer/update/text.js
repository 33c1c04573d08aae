'use strict';

/** What an update changes, for people. */

const { table } = require('../publish/table');

const megabytes = (bytes) => `${(bytes / 1e6).toFixed(1)} MB`;

/** @param {number} before @param {number} after @param {(value: number) => string} show */
function change(before, after, show) {
  const difference = after - before;
  const percent = before === 0 ? 0 : (100 * difference) / before;
  const sign = difference < 0 ? '-' : '+';
  return [
    show(before),
    show(after),
    `${sign}${show(Math.abs(difference))} (${sign}${Math.abs(percent).toFixed(1)} %)`,
  ];
}

function sizes(before, after) {
  return [
    ['unzipped', ...change(before.unzipped.bytes, after.unzipped.bytes, megabytes)],
    ['zipped', ...change(before.zip.bytes, after.zip.bytes, megabytes)],
    ['files', ...change(before.unzipped.files, after.unzipped.files, String)],
  ];
}

/** @param {import('./measure').Start} before @param {import('./measure').Start} after */
function starts(before, after) {
  return [
    ['start to ready', ...change(before.ms, after.ms, (ms) => `${Math.round(ms)} ms`)],
    ['memory when ready', ...change(before.rss, after.rss, megabytes)],
    ['modules imported', ...change(before.modules, after.modules, String)],
  ];
}

/** @param {Record<string, string>} before @param {Record<string, string>} after */
function packages(before, after) {
  const names = [...new Set([...Object.keys(before), ...Object.keys(after)])].sort();
  const changed = names.filter((name) => before[name] !== after[name]);
  return changed.map((name) => [name, before[name] ?? '-', after[name] ?? '-', '']);
}

/**
 * @param {any} before the report of the build
 * @param {any} after
 * @param {import('./measure').Start[] | null} measured before and after; null: it could not be run
 * @returns {string}
 */
function toText(before, after, measured) {
  const rows = [
    ...packages(before.manifest.packages, after.manifest.packages),
    ...sizes(before, after),
    ...(measured ? starts(measured[0], measured[1]) : []),
  ];
  return table(['', 'before', 'after', 'change'], rows);
}

module.exports = { toText };
