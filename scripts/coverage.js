'use strict';

/**
 * npm run coverage: the branches of src/core that the C tests take. Fails below LEAST percent. Each
 * line with a branch that is never taken is shown, with the reason that test/c/uncovered.json has
 * for it.
 */

const fs = require('node:fs');
const path = require('node:path');
const { run } = require('../lib/cli/process');
const { CommandError } = require('../lib/cli/error');
const { must } = require('./command');
const { ROOT } = require('./paths');
const { main, setup } = require('./setup');
const { toolsPython } = require('./steps/python');

const LEAST = 90; // percent of the branches
const FOLDER = path.join(ROOT, 'build', 'c-coverage');
const REPORT = path.join(FOLDER, 'coverage.json');
const EXCEPTIONS = path.join(ROOT, 'test', 'c', 'uncovered.json');

async function runTests() {
  const show = (line) => console.log(line);
  const args = ['-s', '-C', 'test/c', 'check', 'COVERAGE=1'];
  const { code } = await run('make', args, { cwd: ROOT, onLine: show, onErrorLine: show });
  if (code !== 0) throw new CommandError('The C tests failed', 'See above');
}

async function gcovr() {
  const tool = path.join(path.dirname(toolsPython() ?? ''), 'gcovr');
  const args = ['--root', ROOT, '--filter', 'src/core/', '--json', REPORT, path.join(FOLDER, 'core')];
  await must('gcovr', 'See its words above', tool, args);
  return JSON.parse(fs.readFileSync(REPORT, 'utf8')).files;
}

const isTaken = ({ count }) => count > 0;

/** Of one file: its branches, and the lines where some are missed. */
function measure({ file, lines }) {
  const text = fs.readFileSync(path.join(ROOT, file), 'utf8').split('\n');
  const branches = lines.flatMap((line) => line.branches ?? []);
  const missed = lines
    .filter((line) => !(line.branches ?? []).every(isTaken))
    .map((line) => ({ file, number: line.line_number, text: text[line.line_number - 1].trim() }));
  return { file, all: branches.length, taken: branches.filter(isTaken).length, missed };
}

/** Exceptions are known by the file and the text of their line. */
function reasonFor({ file, text }, exceptions) {
  return exceptions[path.basename(file)]?.[text] ?? 'NO REASON IS LISTED';
}

const percent = (part, whole) => (whole === 0 ? 100 : (part / whole) * 100);

function show(files) {
  const exceptions = JSON.parse(fs.readFileSync(EXCEPTIONS, 'utf8'));
  console.log('\nBranches that no C test takes:');
  for (const line of files.flatMap(({ missed }) => missed)) {
    console.log(`${line.file}:${line.number}: ${line.text}\n    ${reasonFor(line, exceptions)}`);
  }
  console.log('\nBranches taken:');
  for (const { file, all, taken } of files) {
    if (all > 0) console.log(`${percent(taken, all).toFixed(1).padStart(6)} %  ${taken}/${all}  ${file}`);
  }
}

main(async () => {
  await setup({ forTests: true });
  await runTests();
  const files = (await gcovr()).map(measure);
  show(files);
  const sum = (key) => files.reduce((total, file) => total + file[key], 0);
  const total = percent(sum('taken'), sum('all'));
  console.log(
    `${total.toFixed(1).padStart(6)} %  ${sum('taken')}/${sum('all')}  src/core, at least ${LEAST} %`,
  );
  if (total < LEAST) throw new CommandError('Too few branches of src/core are tested', 'See the list above');
});
