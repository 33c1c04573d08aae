'use strict';

/**
 * npm run check: formatters, linters and types. With --write (npm run format) the formatters
 * mend the files.
 */

const { execFileSync } = require('node:child_process');
const fs = require('node:fs');
const path = require('node:path');
const { run } = require('../lib/cli/process');
const { ROOT } = require('./paths');
const { main, setup } = require('./setup');
const { toolsPython } = require('./steps/python');

const WRITE = process.argv.includes('--write');

function sources(folder, endings) {
  const all = fs.readdirSync(path.join(ROOT, folder), { recursive: true, encoding: 'utf8' });
  const files = all.filter((name) => endings.includes(path.extname(name)));
  return files.map((name) => path.join(folder, name));
}

function cSources() {
  return [...sources('src', ['.c', '.h', '.cc']), ...sources('test/c', ['.c', '.h'])];
}

const binary = (name) => path.join(ROOT, 'node_modules', '.bin', name);
const tool = (name) => path.join(path.dirname(toolsPython() ?? ''), name);
const PYTHON = ['lib/python', 'layer', 'test/python', 'test/publish', 'test/iac'];

/** @returns {[string, string, string[]][]} each a name, a program and its arguments */
function checks() {
  return [
    ['biome', binary('biome'), ['check', ...(WRITE ? ['--write'] : ['--error-on-warnings'])]],
    ['tsc', binary('tsc'), ['--project', 'tsconfig.json']],
    ['ruff format', tool('ruff'), ['format', ...(WRITE ? [] : ['--check', '--diff']), ...PYTHON]],
    ['ruff check', tool('ruff'), ['check', ...(WRITE ? ['--fix'] : []), ...PYTHON]],
    ['mypy', tool('mypy'), ['--strict', 'lib/python/litellm_bridge', 'layer/builder']],
    ['clang-format', tool('clang-format'), clangArguments()],
    ...(WRITE ? [] : [tidy()]),
  ];
}

function clangArguments() {
  return [...(WRITE ? ['-i'] : ['--dry-run', '-Werror']), ...cSources()];
}

/**
 * Over the core: its rules, and the length of functions, are in .clang-tidy.
 * @returns {[string, string, string[]]}
 */
function tidy() {
  const flags = execFileSync('pkg-config', ['--cflags', 'libuv', 'libcjson'], { encoding: 'utf8' });
  const files = sources(path.join('src', 'core'), ['.c']);
  const args = ['--quiet', ...files, '--', '-std=gnu11', ...flags.trim().split(/\s+/)];
  return ['clang-tidy', tool('clang-tidy'), args];
}

async function check([name, file, args]) {
  const show = (line) => console.log(`  ${line}`);
  const { code } = await run(file, args, { cwd: ROOT, onLine: show, onErrorLine: show });
  console.log(`${code === 0 ? 'ok    ' : 'FAILED'} ${name}`);
  return code === 0;
}

main(async () => {
  await setup({ forTests: true });
  for (const command of checks()) {
    if (!(await check(command))) process.exitCode = 1;
  }
});
