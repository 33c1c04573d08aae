'use strict';

/**
 * npm run bench: the comparisons of bench/, each as a table, and as JSON and a plot in
 * build/bench/.
 *   npm run bench -- spawn   only these
 *   npm run bench -- --docs  the plots go to docs/plots/, too
 */

const fs = require('node:fs');
const path = require('node:path');
const { parseArgs } = require('node:util');
const { toSvg } = require('../bench/support/plot');
const { CommandError } = require('../lib/cli/error');
const { ROOT } = require('./paths');
const { main, setup } = require('./setup');

const FOLDER = path.join(ROOT, 'bench');
const RESULTS = path.join(ROOT, 'build', 'bench');
const PLOTS = path.join(ROOT, 'docs', 'plots');

function choose(given) {
  const files = fs.readdirSync(FOLDER).filter((name) => name.endsWith('.js'));
  const all = files.map((name) => path.basename(name, '.js'));
  const unknown = given.find((name) => !all.includes(name));
  if (unknown !== undefined)
    throw new CommandError(`There is no bench ${unknown}`, `There are: ${all.join(', ')}`);
  return given.length > 0 ? given : all;
}

const round = (value) => (typeof value === 'number' ? Number(value.toPrecision(3)) : value);

function show(rows) {
  console.table(
    rows.map((row) => Object.fromEntries(Object.entries(row).map(([key, value]) => [key, round(value)]))),
  );
}

function write(folder, name, text) {
  const file = path.join(folder, name);
  fs.mkdirSync(folder, { recursive: true });
  fs.writeFileSync(file, text);
  console.log(path.relative(ROOT, file));
}

async function runBench(name, forDocs) {
  const { question, run, plot } = require(path.join(FOLDER, name));
  console.log(`\n${name}: ${question}`);
  const rows = await run();
  show(rows);
  const result = { question, node: process.version, rows };
  write(RESULTS, `${name}.json`, `${JSON.stringify(result, null, 2)}\n`);
  if (plot === undefined) return;
  const svg = await toSvg(plot(rows));
  write(RESULTS, `${name}.svg`, svg);
  if (forDocs) write(PLOTS, `${name}.svg`, svg);
}

main(async () => {
  const { values, positionals } = parseArgs({
    options: { docs: { type: 'boolean', default: false } },
    allowPositionals: true,
  });
  const names = choose(positionals);
  await setup();
  for (const name of names) await runBench(name, values.docs);
});
