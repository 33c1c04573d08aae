'use strict';

/** Native code: each file fits the machine, and finds all that it needs inside the layer. */

const path = require('node:path');

const LIBRARIES = 'clib';
const LOADERS = { x86_64: 'ld-linux-x86-64.so.2', arm64: 'ld-linux-aarch64.so.1' };
/** Of Lambda's Node runtimes (Amazon Linux 2023); a layer without a C library of its own uses it. */
const LAMBDA_GLIBC = 34;
const LAMBDA_LIBRARIES = /^(lib(c|m|dl|pthread|rt|util|resolv)\.so\.\d+|ld-linux-.*)$/;
const REBUILD = 'build the layer anew: npx litellm-bridge layer build';

/** @param {import('./tree').Tree} tree */
function elfFiles({ files }) {
  return files.filter(({ elf }) => elf !== null);
}

/** The minor version of glibc that there is, and whether it is the layer's own. */
function libcOf({ byName }) {
  const elf = byName.get(`${LIBRARIES}/libc.so.6`)?.elf;
  const own = elf && !(elf instanceof Error) ? elf.glibcDefined : null;
  return own ? { minor: own, own: true } : { minor: LAMBDA_GLIBC, own: false };
}

/** Names of shared libraries that are found: the layer's, and a wheel's own beside it. */
function librariesOf({ files }) {
  const folders = files.filter(({ name }) => name.startsWith(`${LIBRARIES}/`) || /\.libs\//.test(name));
  return new Set(folders.map(({ name }) => path.posix.basename(name)));
}

function* checkFile({ name, elf }, { arch, libc, libraries }) {
  if (elf instanceof Error) {
    yield [name, `is damaged: ${elf.message}`, REBUILD];
    return;
  }
  if (elf.bits !== 64) yield [name, `is for ${elf.bits} bits`, REBUILD];
  if (elf.machine !== arch) {
    const fix = `take the wheel for ${arch}, or build the layer with --arch ${elf.machine}`;
    yield [name, `is built for ${elf.machine}, and the layer is for ${arch} (exec format error)`, fix];
  }
  if (elf.glibcNeeded > libc.minor) {
    const whose = libc.own ? "the layer's own is" : "Lambda's is";
    const fix = `use a build for glibc 2.${libc.minor} or older (manylinux_2_28)`;
    yield [name, `needs GLIBC_2.${elf.glibcNeeded}, and ${whose} 2.${libc.minor}`, fix];
  }
  for (const library of elf.needed) {
    if (libraries.has(library) || (!libc.own && LAMBDA_LIBRARIES.test(library))) continue;
    yield [name, `needs ${library}, which is not in the layer`, `add it to python/${LIBRARIES}/; ${REBUILD}`];
  }
  if (elf.runpath !== null && name.startsWith(`${LIBRARIES}/`)) {
    const fix = 'patchelf --force-rpath: of RUNPATH, LD_LIBRARY_PATH takes precedence';
    yield [name, "has a RUNPATH: Lambda's LD_LIBRARY_PATH would come first", fix];
  }
}

/** The interpreter starts at /opt, with the layer's loader and libraries. */
function* checkInterpreter(tree, arch) {
  const python = tree.byName.get('bin/python3');
  if (!python) {
    yield ['bin/python3', 'is not there (spawn python3 ENOENT)', REBUILD];
    return;
  }
  const { elf } = python;
  if (elf === null) yield ['bin/python3', 'is no program', REBUILD];
  if (elf === null || elf instanceof Error || !libcOf(tree).own) return;
  const loader = `/opt/python/${LIBRARIES}/${LOADERS[arch]}`;
  if (elf.interpreter !== loader) {
    yield ['bin/python3', `names the loader ${elf.interpreter}, not ${loader}`, REBUILD];
  }
  if (!tree.byName.has(`${LIBRARIES}/${LOADERS[arch]}`)) {
    yield [`${LIBRARIES}/${LOADERS[arch]}`, 'is not there, and the interpreter needs it', REBUILD];
  }
  if (elf.rpath !== `$ORIGIN/../${LIBRARIES}`) {
    const found = elf.runpath === null ? `RPATH ${elf.rpath}` : `RUNPATH ${elf.runpath}`;
    const fix = `patchelf --force-rpath --set-rpath '$ORIGIN/../${LIBRARIES}'`;
    yield ['bin/python3', `has the ${found}: it does not look into ${LIBRARIES} first`, fix];
  }
}

/** @param {import('./tree').Tree} tree @param {string} arch */
function* native(tree, arch) {
  const context = { arch, libc: libcOf(tree), libraries: librariesOf(tree) };
  for (const file of elfFiles(tree)) yield* checkFile(file, context);
  yield* checkInterpreter(tree, arch);
}

/** The machine of the interpreter, where there is one. */
function machineOf({ byName }) {
  const elf = byName.get('bin/python3')?.elf;
  return elf && !(elf instanceof Error) ? elf.machine : undefined;
}

module.exports = { LIBRARIES, LOADERS, elfFiles, libcOf, machineOf, native };
