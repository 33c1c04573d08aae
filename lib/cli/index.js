#!/usr/bin/env node
'use strict';

const { Command } = require('commander');
const { version } = require('../../package.json');
const { doctor, doctorStart } = require('./doctor');
const { CommandError } = require('./error');
const { install } = require('./install');
const { interruption } = require('./interruption');
const { addLayer } = require('./layer');

const INTERRUPTED = 130; // what a shell expects of a program that SIGINT ended

async function runInstall({ python, force }) {
  const report = (line) => console.log(line);
  const terminal = process.stdout.isTTY === true;
  const signal = interruption();
  const result = await install({ python, force, report, terminal, signal });
  console.log(`${result.created ? 'Installed' : 'Already installed'}: ${result.python}`);
}

function fail(error) {
  if (error.name === 'AbortError') {
    console.error('Interrupted; nothing was changed.');
    process.exitCode = INTERRUPTED;
    return;
  }
  console.error(error instanceof CommandError ? `${error.message}\n\n${error.hint}` : error);
  process.exitCode = 1;
}

const program = new Command('litellm-bridge')
  .description('LiteLLM in Node, with no proxy server')
  .version(version);

program
  .command('install')
  .description('make the private Python environment that litellm-bridge uses on this machine')
  .option('--python <path>', 'the Python (3.11 to 3.13) to make it from')
  .option('--force', 'make it anew even if it is there')
  .action(runInstall);

program
  .command('doctor')
  .description('show which Python is used and why, and what is wrong; exit status 1 when something is')
  .option('--json', 'as JSON')
  .option('--start', 'start Python, and show where the time goes')
  .option('--python <path>', 'examine this interpreter, as the option of new LiteLLM()')
  .action(async (options) => {
    process.exitCode = await (options.start ? doctorStart(options) : doctor(options));
  });

addLayer(program);

program.parseAsync().catch(fail);
