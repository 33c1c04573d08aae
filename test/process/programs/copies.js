'use strict';

/**
 * Loads several copies of the package, each in the main thread and in a worker thread, and prints
 * what they tell: warnings, which Python each has, and what the close of the first changes.
 * Arguments: the copies' folders, the options of each one's instance.
 */

const assert = require('node:assert/strict');
const { once } = require('node:events');
const { isMainThread, parentPort, Worker } = require('node:worker_threads');

const folders = JSON.parse(process.argv[2]);
const options = JSON.parse(process.argv[3]);

const open = () =>
  folders.map((folder, i) => new (require(folder).LiteLLM)({ log: 'silent', ...options[i] }));
const pidsOf = (instances) => Promise.all(instances.map((llm) => llm.ready().then(() => llm.status().pid)));

/** The same in a thread: its pids; its warnings are added. */
async function inThread(warnings) {
  const worker = new Worker(__filename, { argv: process.argv.slice(2) });
  worker.on('message', (message) =>
    message.pids ? worker.emit('pids', message.pids) : warnings.push(message),
  );
  const [pids] = await once(worker, 'pids');
  await worker.terminate();
  return pids;
}

/** The first copy here, the second one in two threads only, one after the other. */
async function apart() {
  const warnings = [];
  const first = require(folders[0]);
  process.on('warning', ({ code, message }) => warnings.push({ code, message }));
  for (let thread = 0; thread < 2; thread++) await inThread(warnings);
  console.log(JSON.stringify({ warnings, first: Object.keys(first).length > 0 }));
}

async function main() {
  if (process.argv[4] === 'apart') return apart();
  const warnings = [];
  process.on('warning', ({ code, message }) => warnings.push({ code, message }));
  const instances = open();
  const pids = await pidsOf(instances);
  const threads = await inThread(warnings);
  assert.deepEqual(await inThread(warnings), threads);
  await instances[0].close();
  const after = await Promise.all(
    instances.slice(1).map((llm) => llm.call('test.report').then(({ pid }) => pid)),
  );
  console.log(JSON.stringify({ warnings, pids, threads, after }));
  for (const llm of instances) await llm.close();
}

async function thread() {
  process.on('warning', ({ code, message }) => parentPort.postMessage({ code, message }));
  parentPort.postMessage({ pids: await pidsOf(open()) });
}

if (isMainThread) main();
else thread();
