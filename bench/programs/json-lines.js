'use strict';

/**
 * The usual way to reach LiteLLM from Node: a Python script behind child_process, JSON lines over
 * its standard input and output.
 */

const { spawn } = require('node:child_process');
const { EventEmitter, on } = require('node:events');
const path = require('node:path');
const readline = require('node:readline');
const { privatePython } = require('../../lib/environment');
const { answer } = require('../support/answers');

const script = path.join(__dirname, 'json_lines.py');
const python = spawn(privatePython() ?? '', [script], { stdio: ['pipe', 'pipe', 'inherit'] });
/** @type {Map<number, EventEmitter>} */
const calls = new Map();
let lastId = 0;

readline.createInterface({ input: python.stdout }).on('line', (line) => {
  const message = JSON.parse(line);
  const call = calls.get(message.id);
  if (message.type === 'chunk') call?.emit('chunk', message.chunk);
  else call?.emit('end');
});

/** @param {any} request */
async function* open(request) {
  const id = ++lastId;
  const call = new EventEmitter();
  calls.set(id, call);
  python.stdin.write(`${JSON.stringify({ id, request })}\n`);
  for await (const [chunk] of on(call, 'chunk', /** @type {any} */ ({ close: ['end'] }))) yield chunk;
  calls.delete(id);
}

answer(
  async (request) => open(request),
  () => [Number(python.pid)],
).then(() => python.stdin.end());
