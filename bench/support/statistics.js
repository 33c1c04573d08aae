'use strict';

/** @param {number[]} numbers at least one */
function median(numbers) {
  const sorted = [...numbers].sort((one, other) => one - other);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

/** The smallest number that so large a part is not above. @param {number[]} numbers at least one */
function quantile(numbers, /** @type {number} */ part) {
  const sorted = [...numbers].sort((one, other) => one - other);
  return sorted[Math.max(0, Math.ceil(part * sorted.length) - 1)];
}

module.exports = { median, quantile };
