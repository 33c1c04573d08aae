'use strict';

const HEADER = [
  ...['provider', 'first token', 'chunks', 'tokens in + out', 'cost'],
  ...['CPU per chunk: Node', 'Python'],
];

const microseconds = (total, count) => (total === null ? '-' : `${Math.round(total / count)} µs`);

function usedCpu({ before, after }, process) {
  return after[process] === null ? null : after[process] - before[process];
}

function row({ name, chunks, stream, cpu }) {
  const { usage, cost, timings } = stream;
  return [
    name,
    `${timings.ttft.toFixed(0)} ms`,
    String(chunks),
    usage ? `${usage.prompt_tokens} + ${usage.completion_tokens}` : '-',
    cost === null ? '-' : `$${cost.toFixed(6)}`,
    microseconds(usedCpu(cpu, 'node'), chunks),
    microseconds(usedCpu(cpu, 'python'), chunks),
  ];
}

/** The results as lines of aligned columns. */
function formatTable(results) {
  const rows = [HEADER, ...results.map(row)];
  const widths = HEADER.map((_, column) => Math.max(...rows.map((cells) => cells[column].length)));
  const lines = rows.map((cells) => cells.map((cell, column) => cell.padEnd(widths[column])).join('  '));
  lines.splice(1, 0, widths.map((width) => '-'.repeat(width)).join('  '));
  return lines.map((line) => line.trimEnd()).join('\n');
}

module.exports = { formatTable };
