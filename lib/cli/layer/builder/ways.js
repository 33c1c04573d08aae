'use strict';

/** The two ways to run the same inner steps (layer/builder/build.sh): here, or in Docker. */

const fs = require('node:fs');
const path = require('node:path');
const { CommandError } = require('../../error');
const { run } = require('../../process');

const PACKAGE = path.join(__dirname, '..', '..', '..', '..');
const LAYER = path.join(PACKAGE, 'layer');
const SCRIPT = 'layer/builder/build.sh';
/** What the steps need of this package: themselves, and what makes the start archive. */
const FOLDERS = ['layer', 'lib/python'];
const IMAGE = 'debian:bookworm';
const PLATFORMS = { x86_64: 'linux/amd64', arm64: 'linux/arm64' };

/** What the steps need of this system. */
const PROGRAMS = ['apt-get', 'dpkg-deb', 'dpkg', 'bash'];

/** Variables that the tools in the container are to have, too. Docker takes the values from ours. */
const PASSED = /^(PIP_|(HTTPS?|NO|ALL)_PROXY$)|^LITELLM_BRIDGE_DEBIAN_MIRROR$/i;

/**
 * @typedef {object} Command
 * @property {string} file
 * @property {string[]} args
 * @property {() => Promise<void>} [stop] ends what a signal to the program does not end
 *
 * @typedef {object} Places folders and files of this machine
 * @property {string} cache
 * @property {string} out an empty folder
 * @property {string} log
 * @property {string | undefined} requirements
 */

function isOnPath(program, env = process.env) {
  const folders = (env.PATH ?? '').split(path.delimiter);
  return folders.some((folder) => folder !== '' && fs.existsSync(path.join(folder, program)));
}

/** Whether this system has what the steps need. */
const canBuildHere = () => process.platform === 'linux' && PROGRAMS.every((program) => isOnPath(program));

/** @param {import('./options').Plan} plan @param {Places} places @param {string} version */
function innerArguments(plan, { cache, out, log, requirements }, version) {
  return [
    ...['--arch', plan.arch, '--variant', plan.variant, '--package-version', version],
    ...['--cache', cache, '--out', out, '--log', log],
    ...(requirements === undefined ? [] : ['--requirements', requirements]),
    ...plan.extras.flatMap((name) => ['--extra', name]),
    ...(plan.refresh ? ['--refresh'] : []),
  ];
}

/** @returns {Command} */
function here(plan, places, version) {
  return { file: 'bash', args: [path.join(PACKAGE, SCRIPT), ...innerArguments(plan, places, version)] };
}

function mount(source, target, mode = '') {
  if (source.includes(':')) {
    throw new CommandError(`${source} has a colon, which Docker can't mount`, 'Build in another folder');
  }
  return ['--volume', `${source}:${target}${mode}`];
}

/** The container writes as the user who asked, to folders that are ours. */
function userArguments() {
  return process.getuid ? ['--user', `${process.getuid()}:${process.getgid?.()}`] : [];
}

/** @returns {Command} */
function inDocker(plan, places, version, env = process.env) {
  const name = `litellm-layer-${process.pid}`;
  const inner = {
    cache: '/cache',
    out: '/out',
    log: '/out/log',
    requirements: places.requirements && '/requirements',
  };
  const mounts = [
    ...FOLDERS.flatMap((folder) => mount(path.join(PACKAGE, folder), `/package/${folder}`, ':ro')),
    ...mount(places.cache, '/cache'),
    ...mount(places.out, '/out'),
    ...(places.requirements ? mount(places.requirements, '/requirements', ':ro') : []),
  ];
  const passed = Object.keys(env).filter((key) => PASSED.test(key));
  const args = [
    ...['run', '--rm', '--init', '--name', name, '--platform', PLATFORMS[plan.arch]],
    ...userArguments(),
    ...mounts,
    ...passed.sort().flatMap((key) => ['--env', key]),
    IMAGE,
    'bash',
    `/package/${SCRIPT}`,
    ...innerArguments(plan, inner, version),
  ];
  const stop = async () => {
    await run('docker', ['kill', name]).catch(() => {});
  };
  return { file: 'docker', args, stop };
}

/** @throws {CommandError} when there is no Docker, or none that answers */
async function checkDocker() {
  const hint = canBuildHere()
    ? 'Start or install Docker, or build without it (leave --docker out)'
    : 'Start or install Docker, or build on Debian or Ubuntu, where none is needed';
  const { code, err } = await run('docker', ['version', '--format', '{{.Server.Version}}']).catch((cause) => {
    throw new CommandError('There is no Docker: the program docker is not on PATH', hint, { cause });
  });
  if (code !== 0) throw new CommandError(`Docker does not answer: ${err.trim()}`, hint);
}

/**
 * @param {import('./options').Plan} plan
 * @returns {Promise<{ name: string, command: (places: Places, version: string) => Command }>}
 * @throws {CommandError} when neither way can be gone
 */
async function chooseWay(plan) {
  if (plan.docker === false && !canBuildHere()) {
    const hint = `Without Docker the build needs ${PROGRAMS.join(', ')}: Debian or Ubuntu. Leave --no-docker out`;
    throw new CommandError('The layer can not be built on this system without Docker', hint);
  }
  if (plan.docker !== true && canBuildHere()) {
    return { name: 'on this system', command: (places, version) => here(plan, places, version) };
  }
  await checkDocker();
  return { name: 'in Docker', command: (places, version) => inDocker(plan, places, version) };
}

module.exports = { LAYER, canBuildHere, chooseWay };
