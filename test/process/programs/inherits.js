'use strict';

/**
 * Starts the real worker while Node holds descriptors that were opened without CLOEXEC, and prints
 * what Python reported, and what Node holds. Arguments: the preload, the report's file, the strays.
 */

const fs = require('node:fs');
const { LiteLLM } = require('../../..');
const { descriptors } = require('../support/proc');

const CLOEXEC = 0o2000000;
const [preload, REPORT, strays] = process.argv.slice(2);

function isInheritable(fd) {
  const [, flags] = /^flags:\s+(\d+)$/m.exec(fs.readFileSync(`/proc/self/fdinfo/${fd}`, 'latin1'));
  return (Number.parseInt(flags, 8) & CLOEXEC) === 0;
}

async function main() {
  const inheritable = JSON.parse(strays).every(isInheritable);
  const llm = new LiteLLM({ log: 'silent', preload, env: { REPORT } });
  await llm.ready();
  const python = JSON.parse(fs.readFileSync(REPORT, 'utf8'));
  console.log(JSON.stringify({ inheritable, python, node: descriptors(process.pid) }));
  await llm.close();
}

main();
