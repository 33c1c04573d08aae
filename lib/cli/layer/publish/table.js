'use strict';

/**
 * @param {string[]} titles
 * @param {string[][]} rows
 * @returns {string} columns, each as wide as its widest cell; the last is not padded
 */
function table(titles, rows) {
  const all = [titles, ...rows];
  const widths = titles.map((_, column) => Math.max(...all.map((row) => row[column].length)));
  return all
    .map((row) =>
      row
        .map((cell, column) => cell.padEnd(widths[column]))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}

module.exports = { table };
