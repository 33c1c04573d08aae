'use strict';

/**
 * A function as Lambda runs it: an empty root with what the Node image has, the layer read-only
 * at /opt, the packed npm package in /var/task, the real runtime client, nobody's user.
 */

const { spawn } = require('node:child_process');
const { once } = require('node:events');
const fs = require('node:fs');
const path = require('node:path');
const readline = require('node:readline');
const { setTimeout: pause } = require('node:timers/promises');
const { unpackPackage } = require('../../../scripts/packed');
const { CACHE, ROOT } = require('../../../scripts/paths');
const { CLIENT, NODE, addonFolder, buildRoot, clientFolder } = require('../../../scripts/steps/lambda-root');
const { nodeBinary } = require('../../../scripts/steps/node-versions');
const { lambdaEnvironment } = require('../../lambda/environment');
const { childrenOf, isGone, isStopped } = require('../../lambda/processes');
const { RuntimeApi } = require('../../lambda/runtime-api');

const EMPTY_ROOT = path.join(ROOT, 'layer', 'check', 'empty-root.sh');
const POLL = 5; // ms
const TRIPLET = { x64: 'x86_64-linux-gnu', arm64: 'aarch64-linux-gnu' }[process.arch];
const LOADER = { x64: 'lib64/ld-linux-x86-64.so.2', arm64: 'lib/ld-linux-aarch64.so.1' }[process.arch];

/** What a Node image has, and nothing else: glibc and the compiler's two runtime libraries. */
const LIBRARIES = [
  ...['libc.so.6', 'libm.so.6', 'libdl.so.2', 'libpthread.so.0', 'librt.so.1', 'libutil.so.1'],
  ...['libresolv.so.2', 'libnss_files.so.2', 'libnss_dns.so.2', 'libgcc_s.so.1', 'libstdc++.so.6'],
];

function copy(source, target) {
  fs.mkdirSync(path.dirname(target), { recursive: true });
  fs.copyFileSync(source, target);
}

/** Fills a folder with the image's files. */
function makeImage(folder) {
  const from = buildRoot();
  for (const name of LIBRARIES) {
    const file = ['lib', 'usr/lib'].map((base) => path.join(from, base, TRIPLET, name)).find(fs.existsSync);
    copy(/** @type {string} */ (file), path.join(folder, 'lib', TRIPLET, name));
  }
  // In the root it is a link by an absolute path.
  copy(path.join(from, fs.readlinkSync(path.join(from, LOADER))), path.join(folder, LOADER));
  for (const name of ['passwd', 'group', 'nsswitch.conf']) {
    copy(path.join(from, 'etc', name), path.join(folder, 'etc', name));
  }
  fs.writeFileSync(path.join(folder, 'etc', 'hosts'), '127.0.0.1 localhost\n');
}

/** Fills a folder as a deployment package: the handler, and the package from its tarball. */
function makeTask(folder) {
  fs.cpSync(path.join(__dirname, '..', 'task'), folder, { recursive: true });
  const place = path.join(folder, 'node_modules', 'litellm-bridge');
  unpackPackage(place);
  fs.cpSync(addonFolder(), path.join(place, 'prebuilds', `linux-${process.arch}`), { recursive: true });
}

/** @param {string} layer the folder with python/ in it */
function prepare(layer) {
  fs.mkdirSync(CACHE, { recursive: true });
  const folder = fs.mkdtempSync(path.join(CACHE, 'e2e-lambda-'));
  fs.chmodSync(folder, 0o755);
  const at = (name) => path.join(folder, name);
  for (const name of ['image', 'task', 'root']) fs.mkdirSync(at(name));
  makeImage(at('image'));
  makeTask(at('task'));
  fs.cpSync(path.join(ROOT, 'test', 'lambda', 'run-client-3.mjs'), at('client.mjs'));
  const roots = fs.readdirSync(at('image'));
  const files = {
    ...Object.fromEntries(roots.map((name) => [at(`image/${name}`), `/${name}`])),
    [at('task')]: '/var/task',
    [path.join(clientFolder(), 'node_modules')]: '/var/runtime/node_modules',
    [at('client.mjs')]: '/var/runtime/client.mjs',
    [nodeBinary(NODE)]: '/var/lang/bin/node',
  };
  const remove = () => fs.rmSync(folder, { recursive: true, force: true });
  return { layer, files, root: at('root'), remove };
}

async function until(condition) {
  while (!condition()) await pause(POLL);
}

/** A pid as a process in its own root knows it. */
function innerPid(pid) {
  const line = /^NSpid:\s+(.*)$/m.exec(fs.readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? '';
  return Number(line.split(/\s+/).pop());
}

/** Resident memory, bytes. */
function memoryOf(pid) {
  return Number(/^VmRSS:\s+(\d+) kB$/m.exec(fs.readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]) * 1024;
}

class LambdaFunction {
  /** Lines of standard output and error. @type {string[]} */
  lines = [];
  #child;
  #hasEnded = false;

  /** @param {RuntimeApi} api @param {ReturnType<typeof prepare>} prepared @param {NodeJS.ProcessEnv} env */
  constructor(api, { layer, files, root }, env) {
    this.api = api;
    const binds = Object.entries(files).flatMap(([here, there]) => ['-b', here, there]);
    const variables = Object.entries(env).flatMap(([name, value]) => ['-e', `${name}=${value}`]);
    const program = ['/var/lang/bin/node', '/var/runtime/client.mjs'];
    const client = `/var/runtime/node_modules/${CLIENT}/dist/index.mjs`;
    const args = [EMPTY_ROOT, '-r', root, ...binds, ...variables, layer, ...program, client];
    this.since = performance.now();
    this.#child = spawn('sh', args, { stdio: ['ignore', 'pipe', 'pipe'] });
    for (const stream of [this.#child.stdout, this.#child.stderr]) {
      readline.createInterface({ input: stream }).on('line', (line) => this.lines.push(line));
    }
    this.ended = once(this.#child, 'close').finally(() => {
      this.#hasEnded = true;
    });
  }

  /** Node, which is the first process of its root. */
  get node() {
    return childrenOf(/** @type {number} */ (this.#child.pid))[0];
  }

  /** Python, and whatever else Node started. */
  get children() {
    return childrenOf(this.node);
  }

  async #unlessEnded(promise) {
    const ended = this.ended.then(() => {
      throw new Error(`the runtime ended\n${this.lines.join('\n')}`);
    });
    return Promise.race([promise, ended]);
  }

  /** When the next invocation is asked for. */
  async idle() {
    await this.#unlessEnded(until(() => this.api.waiting > 0 || this.#hasEnded));
  }

  /**
   * One invocation: what was streamed, what the handler said of itself, and when (ms from the asking).
   * @param {object} event
   */
  async invoke(event) {
    await this.idle();
    return this.follow(this.api.invoke(event));
  }

  /** @param {ReturnType<RuntimeApi['invoke']>} invocation */
  async follow(invocation) {
    const since = performance.now();
    const times = { first: 0, last: 0 };
    invocation.once('data', () => {
      times.first = performance.now() - since;
    });
    const { kind, text, trailers } = await this.#unlessEnded(invocation.outcome);
    times.last = performance.now() - since;
    const failure = trailers['lambda-runtime-function-error-body'];
    if (kind !== 'response' || failure) {
      throw new Error(`${text}\n${Buffer.from(failure ?? '', 'base64')}\n${this.lines.join('\n')}`);
    }
    const cut = text.lastIndexOf('\n');
    return { text: text.slice(0, cut), said: JSON.parse(text.slice(cut + 1)), times };
  }

  /** The records of the starts, by what they begin with. */
  timings() {
    const records = this.lines.filter((line) => line.includes('[TIMING]'));
    return records.map((line) => ({
      name: line.slice(line.indexOf('[TIMING]'), line.indexOf(' {')),
      fields: JSON.parse(line.slice(line.indexOf('{'))),
    }));
  }

  async logged(pattern) {
    await this.#unlessEnded(until(() => this.lines.some((line) => pattern.test(line)) || this.#hasEnded));
  }

  async freeze() {
    const frozen = [this.node, ...this.children];
    for (const pid of frozen) process.kill(pid, 'SIGSTOP');
    await until(() => frozen.every(isStopped));
    return frozen;
  }

  thaw(frozen) {
    for (const pid of frozen) if (!isGone(pid)) process.kill(pid, 'SIGCONT');
  }

  async kill() {
    const node = this.node;
    if (node !== undefined) process.kill(node, 'SIGKILL');
    else this.#child.kill('SIGKILL');
    await this.ended;
  }
}

/** @param {ReturnType<typeof prepare>} prepared @param {NodeJS.ProcessEnv} [env] more variables */
async function startFunction(prepared, env = {}) {
  const api = await new RuntimeApi().listen();
  const { address } = api;
  const own = lambdaEnvironment({ address, handler: 'handler.handler', task: '/var/task', node: NODE });
  return new LambdaFunction(api, prepared, { ...own, ...env });
}

module.exports = { innerPid, isGone, memoryOf, prepare, startFunction, until };
