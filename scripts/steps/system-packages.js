'use strict';

/** The system's own packages: compilers, cJSON for the addon, libuv and cmocka for the C tests. */

const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');
const { CommandError } = require('../../lib/cli/error');
const { findBasePython } = require('../../lib/cli/base-python');
const { run } = require('../../lib/cli/process');
const { privatePython } = require('../../lib/environment');
const { must, succeeds } = require('../command');

const hasLibrary = (name) => succeeds('pkg-config', ['--exists', name]);
const isProgram = (program) => succeeds(program, ['--version']);

async function hasCompilers() {
  return (await isProgram('cc')) && (await isProgram('c++')) && (await isProgram('make'));
}

async function canMakeEnvironments() {
  if (privatePython()) return true;
  return findBasePython().then(
    () => true,
    () => false,
  );
}

const NEEDS = [
  { package: 'build-essential', isThere: hasCompilers },
  { package: 'pkg-config', isThere: () => isProgram('pkg-config') },
  { package: 'libcjson-dev', isThere: () => hasLibrary('libcjson') },
  { package: 'python3-venv', isThere: canMakeEnvironments },
];

const TEST_NEEDS = [
  { package: 'libuv1-dev', isThere: () => hasLibrary('libuv') },
  { package: 'libcmocka-dev', isThere: () => hasLibrary('cmocka') },
];

/** Its runtime is a package of its own, which the compiler only recommends. */
async function hasFuzzer() {
  const file = path.join(os.tmpdir(), `litellm-bridge-fuzzer-${process.pid}`);
  const target = 'int LLVMFuzzerTestOneInput(const char *data, long size) { return !data && size; }';
  fs.writeFileSync(`${file}.c`, target);
  const args = ['-fsanitize=fuzzer,address', `${file}.c`, '-o', file];
  const isThere = await succeeds('clang', args);
  for (const made of [file, `${file}.c`]) fs.rmSync(made, { force: true });
  return isThere;
}

const DEBOOTSTRAP = { package: 'debootstrap', isThere: () => isProgram('debootstrap') };
const STRACE = { package: 'strace', isThere: () => isProgram('strace') };

/** An emulator for the layer of the other machine. */
const QEMU = {
  package: 'qemu-user-static',
  isThere: async () => process.arch === 'arm64' || isProgram('qemu-aarch64-static'),
};

/** What a group of tests needs beyond that. @type {Record<string, typeof NEEDS>} */
const GROUP_NEEDS = {
  tls: [{ package: 'openssl', isThere: () => isProgram('openssl') }],
  start: [STRACE],
  fuzz: [{ package: 'clang libclang-rt-dev', isThere: hasFuzzer }],
  sanitize: [{ package: 'valgrind', isThere: () => isProgram('valgrind') }],
  layer: [DEBOOTSTRAP, STRACE],
  'layer-arm64': [QEMU],
  'e2e-lambda': [DEBOOTSTRAP],
  lambda: [
    { package: 'autoconf', isThere: () => isProgram('autoconf') },
    { package: 'automake', isThere: () => isProgram('automake') },
    { package: 'libtool', isThere: () => isProgram('libtoolize') },
    { package: 'cmake', isThere: () => isProgram('cmake') },
    { package: 'xz-utils', isThere: () => isProgram('xz') },
  ],
};

async function missingPackages({ forTests, groups }) {
  const more = forTests ? [...TEST_NEEDS, ...groups.flatMap((name) => GROUP_NEEDS[name] ?? [])] : [];
  const needs = [...NEEDS, ...more];
  const found = await Promise.all(needs.map(({ isThere }) => isThere()));
  return needs.filter((_, index) => !found[index]).flatMap((need) => need.package.split(' '));
}

/** The words before `apt-get` that let us install, or an error that says what a person can do. */
async function privilege(packages) {
  const hint = `Install them yourself: apt-get install ${packages.join(' ')}`;
  const list = `These system packages are missing: ${packages.join(', ')}`;
  if (!(await isProgram('apt-get'))) throw new CommandError(`${list}. There is no apt-get here`, hint);
  if (process.getuid?.() === 0) return [];
  if (await isProgram('sudo')) return ['sudo'];
  throw new CommandError(`${list}. Installing them needs root or sudo`, hint);
}

async function aptInstall(packages) {
  const [file, ...rest] = [...(await privilege(packages)), 'apt-get'];
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
  // The lists may be missing or old. One source that can't be reached need not matter.
  await run(file, [...rest, 'update'], { env });
  const args = [...rest, 'install', '--yes', '--no-install-recommends', ...packages];
  await must('apt-get install', 'See the words of apt-get above', file, args, { env });
}

/** @type {import('../setup').Step} */
module.exports = {
  name: 'system packages',
  cost: 'up to a minute, 50 MB',
  async plan(need) {
    const packages = await missingPackages(need);
    if (packages.length === 0) return null;
    return { what: `apt-get install ${packages.join(' ')}`, run: () => aptInstall(packages) };
  },
};
