'use strict';

/**
 * A start whose thread is stuck. Arguments: the instance's options, the file that sets it free,
 * whether to wait for the time limit (`late`) or to close before (`closed`), and how many
 * descriptors may stay. It ends when no more are left: the stuck thread is the last to close its own.
 */

const fs = require('node:fs');
const { LiteLLM } = require('../../..');
const { children, countDescriptors, until } = require('../support/proc');

async function main() {
  const [gate, how, kept] = process.argv.slice(3);
  const options = JSON.parse(process.argv[2]);
  const before = countDescriptors(process.pid);
  const left = () => countDescriptors(process.pid) - before;
  const llm = new LiteLLM({ ...options, startTimeout: how === 'late' ? 50 : 0 });
  const lost = llm.call('x').catch((error) => error);
  if (how === 'closed') await llm.close();
  const { code, message } = await lost;
  const next = new LiteLLM(options); // the stuck one does not hold it up
  await next.ready();
  const { pid } = next.status();
  fs.writeFileSync(gate, '');
  await until(() => children(process.pid).every((child) => child === pid)); // the late one is taken away
  await Promise.all([llm.close(), next.close()]);
  await until(() => children(process.pid).length === 0);
  await until(() => left() <= Number(kept));
  console.log(JSON.stringify({ code, message, left: left() }));
}

main();
