'use strict';

/** Run in an empty root: starts Python as a function does, and tells what that took. */

const { LiteLLM } = require('../../../index.js');

const COUNT = `
import json, sys
import litellm
print(json.dumps(len(sys.modules)))`;

async function main() {
  const llm = new LiteLLM({ log: 'event' });
  const records = [];
  llm.on('timing', (record) => records.push(record));
  const since = performance.now();
  await llm.ready();
  const ms = performance.now() - since;
  const { stdout } = await llm.runPython(COUNT);
  const { rss } = /** @type {any} */ (records.find(({ memoryUsage }) => memoryUsage)).memoryUsage;
  await llm.close();
  console.log(JSON.stringify({ ms, rss, modules: JSON.parse(stdout) }));
}

main().catch((error) => {
  console.error(error);
  process.exitCode = 1;
});
