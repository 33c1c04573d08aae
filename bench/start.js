'use strict';

/**
 * A start against a plain import of the same LiteLLM by the same interpreter, and against the
 * usual bridge. Each start is a process of its own; what is compared takes turns.
 */

const { execFileSync } = require('node:child_process');
const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');
const { buildArchive } = require('../lib/cli/archive');
const { privatePython } = require('../lib/environment');
const { newerPython } = require('../scripts/steps/python');
const { withCompetitors } = require('./support/competitors');
const { limited } = require('./support/limits');
const { median } = require('./support/statistics');
const strace = require('./support/strace');

const PROGRAM = path.join(__dirname, 'programs', 'start.js');
const ROUNDS = 5;
const COLD_ROUNDS = 2;
const FIRST_ROUNDS = 9; // each has one first request, so three were too few
const LITTLE = { share: 0.1, bytes: 256 * 1024 * 1024, rounds: 1 };
const CACHES = '/proc/sys/vm/drop_caches';

const environment = (python) => ({
  ...process.env,
  LITELLM_LOCAL_MODEL_COST_MAP: 'True',
  LITELLM_BRIDGE_PYTHON: python,
});

/** @param {string[]} args */
function start(python, ...args) {
  return startWith([], python, ...args);
}

/** @param {string[]} prefix what the command is run by */
function startWith(prefix, python, ...args) {
  const [file, ...rest] = [...prefix, process.execPath, PROGRAM, ...args];
  return JSON.parse(execFileSync(file, rest, { encoding: 'utf8', env: environment(python) }));
}

/** @param {string[]} [prefix] */
function plainImport(python, prefix = []) {
  const begun = performance.now();
  const [file, ...rest] = [...prefix, python, '-c', 'import litellm'];
  execFileSync(file, rest, { env: environment(python) });
  return performance.now() - begun;
}

/** With a tenth of a CPU, and 256 MB. Null where there are no control groups. */
function inLittle(python) {
  return limited(LITTLE.share, LITTLE.bytes, (prefix) =>
    duel(
      LITTLE.rounds,
      () => startWith(prefix, python, 'ready').ready,
      () => plainImport(python, prefix),
    ),
  );
}

/**
 * Medians of two ways that take turns.
 * @param {number} rounds
 * @param {() => number} here
 * @param {() => number} instead
 */
function duel(rounds, here, instead, prepare = () => {}) {
  /** @type {number[]} */
  const ours = [];
  /** @type {number[]} */
  const theirs = [];
  for (let round = 0; round < rounds; round++) {
    prepare();
    ours.push(here());
    prepare();
    theirs.push(instead());
  }
  return { here: median(ours), instead: median(theirs) };
}

/** Is told at once: all of them take some minutes. @param {number} [bar] @param {number} [goal] */
function row(what, litellm, { here, instead }, bar, goal) {
  const ratio = here / instead;
  console.log(`  ${litellm}: ${what}: ${here.toPrecision(3)} / ${instead.toPrecision(3)}`);
  return { what, litellm, here, instead, ratio, bar, goal };
}

function versionOf(python) {
  const code = 'import importlib.metadata as m; print(m.version("litellm"))';
  return execFileSync(python, ['-I', '-c', code], { encoding: 'utf8' }).trim();
}

function calls(python) {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'litellm-bridge-bench-'));
  try {
    const own = strace.traced(folder, python);
    start(own.python, 'ready');
    const instead = strace.callsOf(folder, [python, '-c', 'import litellm'], environment(python));
    return { here: own.calls(), instead };
  } finally {
    fs.rmSync(folder, { recursive: true });
  }
}

/** Where the page cache may be dropped: as on a machine that has just come up. */
function dropCaches() {
  execFileSync('sync');
  fs.writeFileSync(CACHES, '3');
}

function mayDropCaches() {
  try {
    fs.accessSync(CACHES, fs.constants.W_OK);
    return process.env.CI === undefined;
  } catch {
    return false;
  }
}

/** @param {'first' | 'warmed'} way of programs/start.js */
function firstRequest(python, way, url) {
  const told = Array.from({ length: FIRST_ROUNDS }, () => start(python, way, url));
  return {
    here: median(told.map(({ first }) => first)),
    instead: median(told.flatMap(({ warm }) => warm)),
  };
}

/** @param {string} python @param {number} bar of the start, against the plain import */
async function compare(python, bar, url) {
  await buildArchive(path.join(path.dirname(python), '..'), { ifNeeded: true, report: console.log });
  const litellm = versionOf(python);
  const ready = () => start(python, 'ready').ready;
  const plain = () => plainImport(python);
  const rows = [
    row('new LiteLLM() to ready / import litellm (ms)', litellm, duel(ROUNDS, ready, plain), bar, 0.35),
    row('first request after 2 s idle / a warm one (ms)', litellm, firstRequest(python, 'first', url), 4, 2),
    row('first request after the warm-up / a warm one (ms)', litellm, firstRequest(python, 'warmed', url)),
    row(
      'to the first text of the first request / usual bridge (ms)',
      litellm,
      duel(
        ROUNDS,
        () => start(python, 'token', url).token,
        () => start(python, 'usual', url).token,
      ),
      0.45,
      0.3,
    ),
  ];
  if (strace.isThere())
    rows.push(row('file system calls / of import litellm', litellm, calls(python), 1 / 10, 1 / 30));
  if (mayDropCaches())
    rows.push(
      row('to ready / import, cold page cache (ms)', litellm, duel(COLD_ROUNDS, ready, plain, dropCaches)),
    );
  const little = inLittle(python);
  if (little) rows.push(row('to ready / import, 1/10 of a CPU and 256 MB (ms)', litellm, little));
  return rows;
}

async function run() {
  const pythons = /** @type {[string | null, number][]} */ ([
    [privatePython(), 0.45],
    [newerPython(), 0.55],
  ]);
  return withCompetitors([], async (url) => {
    const rows = [];
    for (const [python, bar] of pythons) if (python) rows.push(...(await compare(python, bar, url)));
    return rows;
  });
}

/** Each ratio, and what it has to be. A Vega-Lite specification. */
function plot(rows) {
  const y = {
    field: 'name',
    type: 'nominal',
    sort: null,
    title: null,
    axis: { labelLimit: 420 },
  };
  return {
    width: 420,
    height: { step: 22 },
    data: { values: rows.map((row) => ({ ...row, name: `${row.what}, ${row.litellm}` })) },
    encoding: { y },
    layer: [
      {
        mark: { type: 'bar', color: '#e45756' },
        encoding: { x: { field: 'ratio', type: 'quantitative', scale: { type: 'symlog', constant: 0.1 } } },
      },
      {
        mark: { type: 'tick', color: 'black', thickness: 2 },
        encoding: {
          x: { field: 'bar', type: 'quantitative', title: 'ratio (the tick: the bar that was set)' },
        },
      },
      {
        mark: { type: 'text', align: 'left', dx: 4 },
        encoding: { x: { field: 'ratio', type: 'quantitative' }, text: { field: 'ratio', format: '.2~r' } },
      },
    ],
    config: { font: 'Helvetica, Arial, sans-serif' },
  };
}

module.exports = {
  question: 'How long does a start take, and what does it ask of the file system, against plain LiteLLM?',
  run,
  plot,
};
