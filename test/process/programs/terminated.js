'use strict';

/**
 * Terminates threads again and again in the middle of what the argument names, each at another
 * moment, and prints how many. A thread that is being terminated reads nothing of JavaScript any
 * more: the addon's calls fail in their middle.
 */

const { once } = require('node:events');
const { Worker, isMainThread, parentPort, workerData } = require('node:worker_threads');

const ROUNDS = 60;
const LONGEST = 16; // ms
const NATIVE = require.resolve('../../../lib/native');
const LONG = 50_000_000; // characters: time in which the addon reads it

const forever = (act) => {
  for (;;) act();
};

const nothing = () => {};

/** @param {any} Port */
const newPort = (Port) => new Port(nothing, nothing, nothing, new Uint32Array(new ArrayBuffer(8)));

/** What threads are at when they are terminated. @type {Record<string, () => void>} */
const ACTS = {
  load() {
    require(NATIVE);
    const file = Object.keys(require.cache).find((name) => name.endsWith('.node'));
    parentPort?.postMessage('begun');
    forever(() => process.dlopen({ exports: {} }, String(file)));
  },
  port() {
    const { Port } = require(NATIVE);
    parentPort?.postMessage('begun');
    forever(() => newPort(Port).close());
  },
  claim() {
    const { Port } = require(NATIVE);
    const port = newPort(Port);
    const options = ['python', 'env', 'preload'].map((name) => [name, name, '']);
    parentPort?.postMessage('begun');
    forever(() => {
      port.claim(options);
      port.claimed();
      port.unclaim();
    });
  },
  start() {
    const { Port } = require(NATIVE);
    const port = newPort(Port);
    const privatePython = 'x'.repeat(LONG);
    Buffer.from(privatePython); // one flat string from now on
    parentPort?.postMessage('begun');
    port.start({ privatePython, env: '', variables: '', inherit: false, script: '/x', options: '{}' });
  },
  inspect() {
    const { inspect } = require(NATIVE);
    parentPort?.postMessage('begun');
    for (let i = 0; i < 2000; i++) inspect({ python: '/nowhere', privatePython: null, env: 'PATH=/bin\0' });
  },
};

async function round(name, ms) {
  const worker = new Worker(__filename, { workerData: name });
  await once(worker, 'message');
  const until = performance.now() + ms;
  while (performance.now() < until);
  await worker.terminate();
}

async function main(name) {
  for (let i = 0; i < ROUNDS; i++) await round(name, (i / ROUNDS) * LONGEST);
  console.log(ROUNDS);
}

if (isMainThread) main(process.argv[2]);
else ACTS[workerData]();
