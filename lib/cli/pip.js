'use strict';

/** Installs a hash-locked requirements file with pip, and shows how far it is. */

const fs = require('node:fs/promises');
const { CommandError } = require('./error');
const { run } = require('./process');

const OPTIONS = [
  // The lock is complete, but for what LiteLLM does not need (hf-xet): pip would refuse that.
  '--no-deps',
  '--require-hashes',
  ...['--only-binary', ':all:'],
  '--no-compile', // pip compiles one file at a time; we do it with every core
  ...['--no-input', '--disable-pip-version-check', '--no-warn-script-location'],
];

/**
 * The user's settings, such as the index and the proxy, but for those that would have pip put the
 * packages elsewhere than into the environment.
 */
function settings() {
  const { PIP_TARGET, PIP_PREFIX, PIP_ROOT, ...env } = process.env;
  return { ...env, PIP_USER: '0' }; // a file of settings may have that, too
}

/** The name and version that pip begins with: from the index, or a file of a wheel folder. */
function packageOf(line) {
  const [, spec, file] = /^(?:Collecting (\S+)|Processing (?:.*\/)?(\S+)\.whl)/.exec(line) ?? [];
  return spec?.replace('==', ' ') ?? file?.split('-').slice(0, 2).join(' ');
}

/** Turns pip's lines into one line per package. */
function counter(total, report) {
  let count = 0;
  return (line) => {
    const name = packageOf(line);
    if (name) report(`  ${++count} of ${total}: ${name}`);
    if (line.startsWith('Installing collected')) report(`  unpacking ${count} packages`);
  };
}

async function countPackages(lock) {
  const text = await fs.readFile(lock, 'utf8');
  return text.match(/^[\w.[\]-]+==/gm)?.length ?? 0;
}

function failure(lock, { code, out, err }) {
  const words = (err.trim() || out.trim()).split('\n').slice(-30).join('\n');
  if (/DO NOT MATCH THE HASHES/.test(words)) {
    const hint =
      'Nothing was installed. Try again; if it stays so, report it to whoever runs the package index or the proxy in between: it changes files';
    return new CommandError(`A package does not have the hash that ${lock} names.\n${words}`, hint);
  }
  const hint = 'Nothing was installed. The reason is in the words of pip above';
  return new CommandError(`pip failed (exit status ${code}).\n${words}`, hint);
}

/**
 * Installs the packages of a lock file into an environment.
 * @param {string} python the environment's interpreter
 * @param {string} lock
 * @param {object} options
 * @param {(line: string) => void} options.report
 * @param {boolean} [options.terminal] pip draws its own progress bar on our standard output
 * @param {AbortSignal} [options.signal]
 * @throws {CommandError} with pip's own words
 */
async function installPackages(python, lock, { report, terminal, signal }) {
  const args = ['-I', '-m', 'pip', 'install', ...OPTIONS, '-r', lock];
  const onLine = counter(await countPackages(lock), report);
  const result = await run(python, args, { env: settings(), signal, show: terminal, onLine });
  if (result.code !== 0) throw failure(lock, result);
}

module.exports = { installPackages };
