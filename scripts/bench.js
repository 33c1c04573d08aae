'use strict';

/**
 * npm run bench: the comparisons of bench/, each as a table and as JSON in build/bench/.
 *   npm run bench -- spawn   only these
 */

const fs = require('node:fs');
const path = require('node:path');
const { CommandError } = require('../lib/cli/error');
const { ROOT } = require('./paths');
const { main, setup } = require('./setup');

const FOLDER = path.join(ROOT, 'bench');
const RESULTS = path.join(ROOT, 'build', 'bench');

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

async function runBench(name) {
  const { question, run } = require(path.join(FOLDER, name));
  console.log(`\n${name}: ${question}`);
  const rows = await run();
  show(rows);
  const file = path.join(RESULTS, `${name}.json`);
  fs.mkdirSync(RESULTS, { recursive: true });
  fs.writeFileSync(file, `${JSON.stringify({ question, node: process.version, rows }, null, 2)}\n`);
  console.log(file);
}

main(async () => {
  const names = choose(process.argv.slice(2));
  await setup();
  for (const name of names) await runBench(name);
});
