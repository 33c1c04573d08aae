'use strict';

/** CPU and speed of streams. The competitors take turns; each row has the medians of its rounds. */

const { withCompetitors } = require('./support/competitors');
const { median } = require('./support/statistics');
const { FAMILIES, request } = require('./support/wire');

const ROUNDS = 7; // V8 and CPython optimize what they run often: the first of them cost more
const LITELLM = ['bridge', 'LiteLLM'];
const ALL = [...LITELLM, 'JSON lines', 'OpenAI client'];
const PACED = { family: 'openai', speed: 'paced', texts: 500, at_once: 1 };
const BURST = { family: 'openai', speed: 'burst', texts: 5000, at_once: 1 };

/**
 * What is streamed: its first two parts are the provider's path. Each scenario has processes of its
 * own, which live through its rounds, or, where it has a `life`, through so many of them. `before`:
 * what they have read then, often enough to have been optimized for it.
 */
const SCENARIOS = [
  { ...BURST, names: ALL },
  { ...BURST, texts: 100, names: ALL },
  { ...PACED, names: ALL },
  { ...PACED, names: ALL, state: 'new', life: 1 },
  { ...PACED, names: ['bridge', 'OpenAI client'], state: 'after bursts', before: BURST },
  ...FAMILIES.slice(1).map((family) => ({ ...BURST, family, texts: 2000, names: LITELLM })),
  { ...BURST, texts: 1000, at_once: 64, names: LITELLM, rounds: 1 }, // minutes
];

/** Whether all give the same: LiteLLM's competitors the same chunks, the OpenAI client the text. */
async function compared(competitors, task) {
  const digests = [];
  for (const one of competitors) digests.push(await one.ask({ kind: 'digest', ...task }));
  const [first, ...others] = digests;
  others.forEach((other, i) => {
    const key = competitors[i + 1].name === 'OpenAI client' ? 'text' : 'chunks';
    if (other[key] !== first[key]) throw new Error(`${competitors[i + 1].name}: other ${key}`);
  });
  return first.count;
}

/** One round: adds what each was measured to need. @param {Map<string, any[]>} told */
async function round(competitors, task, told) {
  for (const one of competitors) {
    const runs = told.get(one.name) ?? [];
    runs.push(await one.measure({ kind: 'streams', ...task }));
    told.set(one.name, runs);
  }
}

/** A row of the table: µs of CPU a chunk, and how often the bridge's goes into it. */
function row(scenario, name, runs, equal) {
  const of = (/** @type {(run: any) => number} */ value) => median(runs.map(value));
  const inPython = name === 'LiteLLM';
  return {
    format: scenario.family,
    speed: [scenario.speed, scenario.state].filter(Boolean).join(', '),
    streams: `${scenario.at_once} x ${scenario.texts}`,
    who: name,
    node: inPython ? 0 : of(({ cpu, count }) => cpu.own / count),
    python: of(({ cpu, count }) => (inPython ? cpu.own : cpu.python) / count),
    cpu: of(({ cpu, count }) => (cpu.own + cpu.python) / count),
    perSecond: of(({ count, ms }) => (count / ms) * 1000),
    equal,
  };
}

/** @param {string} url of the provider */
const taskOf = (url, { family, speed, texts, at_once }) => ({
  request: request(family, `${url}/${family}-${speed}-${texts}`),
  at_once,
});

/** @param {string} url of the provider @param {any[]} competitors */
async function warmUp(url, competitors, before) {
  const task = { kind: 'streams', ...taskOf(url, before) };
  for (let left = ROUNDS; left > 0; left--) for (const one of competitors) await one.ask(task);
}

/** @param {string} url of the provider @param {any[]} competitors @param {Map<string, any[]>} told */
async function live(url, competitors, scenario, told) {
  const { rounds = ROUNDS, life = rounds, before } = scenario;
  if (before) await warmUp(url, competitors, before);
  const task = taskOf(url, scenario);
  const equal = await compared(competitors, task);
  for (let left = life; left > 0; left--) await round(competitors, task, told);
  return equal;
}

async function compare(scenario) {
  const { names, rounds = ROUNDS, life = rounds } = scenario;
  const told = new Map();
  let equal = 0;
  for (let left = rounds; left > 0; left -= life) {
    equal = await withCompetitors(names, (url, all) => live(url, all, scenario, told));
  }
  const rows = names.map((name) => row(scenario, name, told.get(name), equal));
  return rows.map((one) => ({
    ...one,
    'times the CPU': one.cpu / rows[0].cpu,
    'times the speed': one.perSecond / rows[0].perSecond,
  }));
}

async function run() {
  const wanted = process.env.BENCH_STREAM; // e.g. openai-paced: only these
  const chosen = SCENARIOS.filter(
    ({ family, speed, texts }) => !wanted || `${family}-${speed}-${texts}`.startsWith(wanted),
  );
  const rows = [];
  for (const scenario of chosen) rows.push(...(await compare(scenario)));
  return rows;
}

/** A Vega-Lite specification. */
function plot(rows) {
  const values = rows.map((row) => ({ ...row, what: `${row.format}, ${row.speed}, ${row.streams}` }));
  const what = { field: 'what', type: 'nominal', sort: null, title: null };
  const who = { field: 'who', type: 'nominal', sort: ALL, title: null };
  return {
    width: 460,
    height: { step: 13 },
    data: { values },
    encoding: {
      y: { ...what, axis: { labelLimit: 320 } },
      yOffset: who,
      x: {
        field: 'cpu',
        type: 'quantitative',
        scale: { type: 'log', domain: [1, 4000], clamp: true },
        title: 'µs of CPU a chunk, Node and Python together (median)',
      },
    },
    layer: [
      { mark: 'bar', encoding: { color: { ...who, scale: { range: COLORS } }, x2: { datum: 1 } } },
      {
        mark: { type: 'text', align: 'left', dx: 3 },
        encoding: { text: { field: 'cpu', format: '.2~r' } },
      },
    ],
    config: { font: 'Helvetica, Arial, sans-serif', legend: { orient: 'top' } },
  };
}

const COLORS = ['#e45756', '#4c78a8', '#9ecae9', '#bab0ac'];

module.exports = {
  question: 'What does a streamed chunk cost (µs of CPU), and how many come in a second?',
  run,
  plot,
};
