'use strict';

/** Each size and way is measured in processes of its own; the ways take turns. */

const { execFileSync } = require('node:child_process');
const path = require('node:path');
const { median } = require('./support/statistics');

const PROGRAM = path.join(__dirname, 'programs', 'start-gap.js');
const MEGABYTES = [50, 500, 2000]; // of ballast; Node itself has some 45
const WAYS = ['bridge', 'child_process'];
const ROUNDS = 9;

function measure(how, megabytes) {
  return JSON.parse(execFileSync(process.execPath, [PROGRAM, how, String(megabytes)], { encoding: 'utf8' }));
}

/** The medians of what each way's processes told. */
function compare(megabytes) {
  /** @type {Record<string, any[]>} */
  const told = Object.fromEntries(WAYS.map((how) => [how, []]));
  for (let round = 0; round < ROUNDS; round++) {
    for (const how of WAYS) told[how].push(measure(how, megabytes));
  }
  return WAYS.map((how) => {
    const of = (/** @type {string} */ key) => median(told[how].map((one) => one[key]));
    return { megabytes, how, first: of('first'), later: of('later'), busy: of('busy') };
  });
}

/** What is drawn: one line each. */
const SERIES = [
  { how: 'child_process', key: 'first', name: 'child_process.spawn(), first call', above: true },
  { how: 'child_process', key: 'later', name: 'child_process.spawn(), later calls', above: false },
  { how: 'bridge', key: 'first', name: 'new LiteLLM(), first call', above: true },
  { how: 'bridge', key: 'later', name: 'new LiteLLM(), later calls', above: false },
];
const COLORS = ['#4c78a8', '#4c78a8', '#e45756', '#e45756'];
const [SOLID, DASHED] = [
  [1, 0],
  [4, 3],
];

/** A point for each median. */
function points(rows) {
  return SERIES.flatMap(({ how, key, name, above }) =>
    rows
      .filter((row) => row.how === how)
      .map((row) => ({ name, above, megabytes: row.megabytes, ms: row[key] })),
  );
}

/** The figures, above or below their points. */
function labels(above) {
  return {
    transform: [{ filter: { field: 'above', equal: above } }],
    mark: { type: 'text', dy: above ? -9 : 13 },
    encoding: { text: { field: 'ms', format: '.2~r' } },
  };
}

/** A Vega-Lite specification. */
function plot(rows) {
  const domain = SERIES.map(({ name }) => name);
  const series = { field: 'name', type: 'nominal', title: null };
  return {
    width: 560,
    height: 280,
    data: { values: points(rows) },
    encoding: {
      x: {
        field: 'megabytes',
        type: 'quantitative',
        scale: { type: 'log', domain: [38, 2700] },
        axis: { values: MEGABYTES, grid: false, title: 'memory that the Node process has touched (MB)' },
      },
      y: {
        field: 'ms',
        type: 'quantitative',
        scale: { type: 'log', domain: [0.1, 1000] },
        axis: { values: [0.1, 1, 10, 100, 1000], title: 'ms that the call takes on the event loop (median)' },
      },
      color: { ...series, scale: { domain, range: COLORS } },
    },
    layer: [
      {
        mark: { type: 'line', point: true },
        encoding: { strokeDash: { ...series, scale: { domain, range: [SOLID, DASHED, SOLID, DASHED] } } },
      },
      labels(true),
      labels(false),
    ],
    config: {
      font: 'Helvetica, Arial, sans-serif',
      legend: { orient: 'top', columns: 2, labelLimit: 300, symbolType: 'stroke', symbolSize: 500 },
    },
  };
}

module.exports = {
  question: 'For how long does a start of Python block the event loop (ms), by the size of the Node process?',
  run: () => MEGABYTES.flatMap(compare),
  plot,
};
