'use strict';

/** Time to the first text of a warm process, call after call; the competitors take turns. */

const { withCompetitors } = require('./support/competitors');
const { quantile } = require('./support/statistics');
const { FAMILIES, request } = require('./support/wire');

const ROUNDS = 10;
const TIMES = 30; // calls a turn
const TEXTS = 3; // of a stream
const LITELLM = ['bridge', 'LiteLLM'];
const ALL = [...LITELLM, 'JSON lines', 'OpenAI client'];

async function compare(url, all, family) {
  const competitors = all.filter(({ name }) => family === 'openai' || LITELLM.includes(name));
  const task = { kind: 'firstTexts', request: request(family, `${url}/${family}-burst-${TEXTS}`) };
  const told = new Map(competitors.map(({ name }) => [name, { waits: [], cpu: 0 }]));
  for (const one of competitors) await one.ask({ ...task, times: TIMES });
  for (let round = 0; round < ROUNDS; round++) {
    for (const one of competitors) {
      const { waits, cpu } = await one.measure({ ...task, times: TIMES });
      const known = /** @type {{ waits: number[], cpu: number }} */ (told.get(one.name));
      known.waits.push(...waits);
      known.cpu += cpu.own + cpu.python;
    }
  }
  const rows = [...told].map(([who, { waits, cpu }]) => ({
    format: family,
    who,
    p50: quantile(waits, 0.5),
    p95: quantile(waits, 0.95),
    cpu: cpu / 1000 / waits.length,
    calls: waits.length,
  }));
  const plain = rows.find(({ who }) => who === 'LiteLLM')?.p50 ?? 1;
  return rows.map((row) => ({ ...row, 'of LiteLLM': row.p50 / plain }));
}

async function run() {
  const wanted = process.env.BENCH_TTFT; // a family: only this one
  const families = FAMILIES.filter((family) => !wanted || family === wanted);
  return withCompetitors(ALL, async (url, competitors) => {
    const rows = [];
    for (const family of families) rows.push(...(await compare(url, competitors, family)));
    return rows;
  });
}

/** A Vega-Lite specification. */
function plot(rows) {
  const who = { field: 'who', type: 'nominal', sort: ALL, title: null };
  return {
    width: 460,
    height: { step: 14 },
    data: { values: rows },
    encoding: {
      y: { field: 'format', type: 'nominal', sort: null, title: null },
      yOffset: who,
      x: { field: 'p50', type: 'quantitative', title: 'ms from the call to the first text (median)' },
    },
    layer: [
      {
        mark: 'bar',
        encoding: { color: { ...who, scale: { range: ['#e45756', '#4c78a8', '#9ecae9', '#bab0ac'] } } },
      },
      { mark: { type: 'text', align: 'left', dx: 3 }, encoding: { text: { field: 'p50', format: '.2~r' } } },
    ],
    config: { font: 'Helvetica, Arial, sans-serif', legend: { orient: 'top' } },
  };
}

module.exports = {
  question: 'How long does a warm call take to its first text (ms), and how much CPU a call (ms)?',
  run,
  plot,
};
