'use strict';

/**
 * Python dies with frames that were not read; the next call reads them, and a listener of `log`
 * then sets so many variables that the process's environment moves. Prints how many were set in
 * that call, and how it ended.
 */

const { once } = require('node:events');
const path = require('node:path');
const { LiteLLM } = require('../../..');
const { isAsleep, isGone } = require('../support/proc');

const COUNT = 3000;
const PEER = path.join(__dirname, '..', '..', 'c', 'peer.py');

async function main() {
  process.env.TEST_FIRST = '1'; // from here on the array of variables is libc's to move
  const llm = new LiteLLM({ python: PEER, env: { PEER: 'flood' }, prewarm: [], log: 'event' });
  let [isCalling, set] = [false, 0];
  llm.on('log', () => {
    for (; isCalling && set < COUNT; set++) process.env[`TEST_SET_${set}`] = 'x';
  });
  await llm.ready();
  const hold = setInterval(() => {}, 1000); // a log line does not
  await once(llm, 'log'); // and many follow
  await new Promise(setImmediate); // not from within what hands them out
  clearInterval(hold);
  const { pid } = llm.status();
  while (!isAsleep(pid)); // as much is there as there is room for
  process.kill(Number(pid), 'SIGKILL');
  while (!isGone(pid)); // the loop has not seen it
  isCalling = true;
  const call = llm.call('x').catch(({ code }) => code);
  console.log(JSON.stringify(set));
  isCalling = false;
  await llm.close();
  await call;
}

main();
