'use strict';

/**
 * What the test group `e2e-lambda` runs in: a Debian with a glibc older than Lambda's, and what is
 * compiled in it: Lambda's runtime client, and the addon. Kept in the user's cache: it takes long.
 */

const { createHash } = require('node:crypto');
const fs = require('node:fs');
const path = require('node:path');
const { makeDraft, moveIntoPlace, removeFolder } = require('../../lib/cli/draft');
const { CommandError } = require('../../lib/cli/error');
const { run } = require('../../lib/cli/process');
const { cacheFolder } = require('../../lib/environment');
const { must } = require('../command');
const { ROOT } = require('../paths');
const { nodeBinary } = require('./node-versions');

const SUITE = 'bullseye'; // glibc 2.31; Lambda's Node runtimes have 2.34
const PACKAGES = [
  ...['build-essential', 'cmake', 'autoconf', 'automake', 'libtool', 'pkg-config', 'libcjson-dev'],
  ...['python3-minimal', 'libpython3-stdlib', 'ca-certificates'],
];
const NODE = '22';
const CLIENT = 'ric-3';
const CLIENTS = path.join(ROOT, 'test', 'lambda', 'clients');
const IN_ROOT = path.join(ROOT, 'test', 'e2e-lambda', 'in-root.sh');
const NODE_FOLDER = '/usr/local/node'; // in the root, as the next
const NPM_FOLDER = '/usr/local/lib/npm';
const HINT = 'See the words above; Debian and the npm registry must be reachable, once';

const digest = (...parts) => {
  const hash = createHash('sha256');
  for (const part of parts) hash.update(part);
  return hash.digest('hex').slice(0, 16);
};

const place = (name) => path.join(cacheFolder(), 'e2e', name);
const buildRoot = () => place(`${SUITE}-${digest(PACKAGES.join())}`);

/** Lambda's runtime client, compiled there. */
const clientFolder = () =>
  place(`${CLIENT}-${digest(SUITE, fs.readFileSync(path.join(CLIENTS, 'package-lock.json')))}`);

function sources() {
  const all = fs.readdirSync(path.join(ROOT, 'src'), { recursive: true, encoding: 'utf8' });
  const files = all.map((name) => path.join(ROOT, 'src', name)).filter((file) => fs.statSync(file).isFile());
  return [path.join(ROOT, 'binding.gyp'), ...files.sort()];
}

/** The folder with the addon and libcjson.so.1, compiled there. */
const addonFolder = () =>
  place(
    `addon-${digest(SUITE, ...sources().flatMap((file) => [path.relative(ROOT, file), fs.readFileSync(file)]))}`,
  );

/** Makes a folder in one step. */
async function folder(target, make) {
  if (fs.existsSync(target)) return;
  const draft = await makeDraft(target);
  try {
    fs.chmodSync(draft, 0o755);
    await make(draft);
    await moveIntoPlace(draft, target, () => true);
  } finally {
    await removeFolder(draft);
  }
}

/** Of the system's apt: what has Debian's current release has its older ones, too. */
async function mirror() {
  const format = '$(REPO_URI) $(RELEASE)';
  const { out } = await run('apt-get', ['indextargets', '--format', format, 'Created-By: Packages']);
  const found = out.split('\n').map((line) => line.split(' '));
  const [uri] = found.find(([, release]) => /^[a-z]+$/.test(release ?? '')) ?? [];
  if (uri) return uri;
  throw new CommandError('apt has no mirror of Debian', 'This group needs a Debian system');
}

/** What the image debian:bookworm is made of: for the stand-in of Docker. */
const imageRoot = () => place('bookworm-image');

async function bootstrapImage(draft) {
  const args = ['--variant=minbase', 'bookworm', draft, await mirror()];
  await must('debootstrap bookworm', HINT, 'debootstrap', args);
}

async function bootstrap(draft) {
  const args = ['--variant=minbase', `--include=${PACKAGES.join()}`, SUITE, draft, await mirror()];
  await must(`debootstrap ${SUITE}`, HINT, 'debootstrap', args);
}

/** Runs a command in the root, with folders of this machine in it. */
function inRoot(what, folders, command) {
  const node = path.dirname(path.dirname(nodeBinary(NODE)));
  const binds = Object.entries({ [node]: NODE_FOLDER, ...folders }).map(
    ([here, there]) => `${here}:${there}`,
  );
  return must(what, HINT, 'sh', [IN_ROOT, buildRoot(), ...binds, '--', command]);
}

async function npmFolder() {
  const { out } = await run('npm', ['root', '--global']);
  return path.join(out.trim(), 'npm');
}

async function compileClient(draft) {
  for (const name of ['package.json', 'package-lock.json']) {
    fs.copyFileSync(path.join(CLIENTS, name), path.join(draft, name));
  }
  await must('npm ci', HINT, 'npm', ['ci', '--ignore-scripts'], { cwd: draft });
  // The scripts of the client call npm by its name.
  const command = `
    printf '#!/bin/sh\\nexec node ${NPM_FOLDER}/bin/npm-cli.js "$@"\\n' >/usr/local/bin/npm
    chmod +x /usr/local/bin/npm
    cd /client; npm rebuild ${CLIENT} --foreground-scripts`;
  const folders = { [await npmFolder()]: NPM_FOLDER, [draft]: '/client' };
  await inRoot(`npm rebuild ${CLIENT}`, folders, command);
  await removeFolder(path.join(draft, 'node_modules', CLIENT, 'deps'));
}

async function compileAddon(draft) {
  const command = `
    rm -rf /tmp/addon; mkdir /tmp/addon; cd /tmp/addon
    cp -r /checkout/src /checkout/binding.gyp /checkout/package.json .
    ln -s /checkout/node_modules node_modules
    node node_modules/node-gyp/bin/node-gyp.js rebuild --nodedir=${NODE_FOLDER}
    cp build/Release/litellm_bridge.node /out/
    cp /usr/lib/*/libcjson.so.1 /out/
    rm -rf /tmp/addon`;
  await inRoot('node-gyp rebuild', { [ROOT]: '/checkout', [draft]: '/out' }, command);
}

/**
 * Each: its folder, how it is made, and its name.
 * @type {[() => string, (draft: string) => Promise<void>, string][]}
 */
const PARTS = [
  [buildRoot, bootstrap, 'debootstrap'],
  [clientFolder, compileClient, "Lambda's runtime client"],
  [addonFolder, compileAddon, 'the addon'],
];

/** @type {import('../setup').Step} */
const lambdaRoot = {
  name: "a system as old as Lambda's",
  cost: '2 to 6 minutes, once; 0.6 GB in the cache folder',
  async plan() {
    const missing = PARTS.filter(([where]) => !fs.existsSync(where()));
    if (missing.length === 0) return null;
    const run = async (report) => {
      for (const [where, make, name] of missing) {
        report(name);
        await folder(where(), make);
      }
    };
    return { what: `${missing.map(([, , name]) => name).join(', ')}, in Debian ${SUITE}`, run };
  },
};

/** @type {import('../setup').Step} */
const debianImage = {
  name: 'a system as the Docker image has it',
  cost: '1 to 2 minutes, once; 0.2 GB in the cache folder',
  async plan() {
    if (process.getuid?.() !== 0 || fs.existsSync(imageRoot())) return null;
    return { what: 'debootstrap bookworm', run: () => folder(imageRoot(), bootstrapImage) };
  },
};

module.exports = { debianImage, imageRoot, CLIENT, NODE, addonFolder, buildRoot, clientFolder, lambdaRoot };
