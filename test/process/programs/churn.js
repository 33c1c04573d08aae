'use strict';

/**
 * Makes threads and terminates them in the middle of a stream, and prints what the process and
 * Python hold now and then. Arguments: the instance's options, rounds.
 */

const { once } = require('node:events');
const path = require('node:path');
const { Worker } = require('node:worker_threads');
const { LiteLLM } = require('../../..');
const { children, countDescriptors, rss, until } = require('../support/proc');

const THREAD = path.join(__dirname, 'churn-thread.js');
const REPORTS = 5;
const AT_ONCE = 2;

async function round(options) {
  const worker = new Worker(THREAD, { workerData: options });
  await once(worker, 'message');
  await worker.terminate();
}

/** Python sees the end of a channel a moment after it: its descriptors go back to the first count. */
async function settled(python, expected) {
  await until(() => countDescriptors(python) <= expected);
  return countDescriptors(python);
}

async function main() {
  const options = JSON.parse(process.argv[2]);
  const rounds = Number(process.argv[3]);
  const llm = new LiteLLM({ log: 'silent', ...options });
  await llm.ready();
  const { pid } = llm.status();
  const pythons = countDescriptors(pid);
  for (let report = 0; report < REPORTS; report++) {
    for (let i = 0; i < rounds / REPORTS; i += AT_ONCE) {
      await Promise.all(Array.from({ length: AT_ONCE }, () => round(options)));
    }
    const python = await settled(pid, pythons);
    const own = { descriptors: countDescriptors(process.pid), rss: rss(process.pid) };
    console.log(JSON.stringify({ ...own, python, children: children(process.pid), pid: llm.status().pid }));
  }
  await llm.close();
}

main();
