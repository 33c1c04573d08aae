'use strict';

/**
 * Lets a foreign reaper take Python's exit status first: this loop is kept busy until it has.
 * Arguments: the instance's options, the reaper, the file that lists what it reaped.
 */

const fs = require('node:fs');
const { LiteLLM } = require('../../..');
const { descendants, untilGone } = require('../support/proc');

function isReaped(file, pid) {
  return fs.readFileSync(file, 'latin1').split('\n').includes(`${pid}`);
}

async function main() {
  const [options, reaper, file] = [JSON.parse(process.argv[2]), ...process.argv.slice(3)];
  process.dlopen({ exports: {} }, reaper);
  const llm = new LiteLLM(options);
  await llm.ready();
  const { pid: first } = llm.status();
  const family = descendants(first);
  const lost = llm.call('x', { script: [['gate', 'never']] }).catch((error) => error);
  process.kill(first, 'SIGKILL');
  while (!isReaped(file, first)) {} // on purpose: neither we nor libuv may look meanwhile
  const { code, exitCode, signal, pid, message } = await lost;
  await untilGone(...family); // this process goes on: it is not its end that ends them
  await llm.call('y');
  const { pid: next } = llm.status();
  console.log(JSON.stringify({ first, family, next, error: { code, exitCode, signal, pid, message } }));
  await llm.close();
  console.log('{"closed":true}');
}

main();
