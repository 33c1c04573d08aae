'use strict';

/** A Node process of its own, for what would end the test's. */

const { spawn } = require('node:child_process');
const path = require('node:path');

const LIB = path.join(__dirname, '..', '..', '..', 'lib');
const PEERS = path.join(__dirname, 'peers.js');

/** `llm` is on a worker that answers; `late` is told of an exit that came by itself. */
const PRELUDE = `
'use strict';
const lib = require(${JSON.stringify(LIB)});
const { LiteLLM } = lib;
const peers = require(${JSON.stringify(PEERS)});
const python = peers.worker('answers');
const print = (value) => process.stdout.write(JSON.stringify(value) + '\\n');
`;

/**
 * Runs a program to its end.
 * @param {string} code the body of an async function; has lib, LiteLLM, peers, python, print
 * @param {{ env?: object }} [options]
 * @returns {Promise<{ code: number | null, signal: string | null, printed: any[], stderr: string }>}
 */
function run(code, { env = {} } = {}) {
  const program = `${PRELUDE}(async () => {${code}\n})();`;
  const child = spawn(process.execPath, ['-e', program], { env: { ...process.env, ...env } });
  let stdout = '';
  let stderr = '';
  child.stdout.setEncoding('utf8').on('data', (text) => {
    stdout += text;
  });
  child.stderr.setEncoding('utf8').on('data', (text) => {
    stderr += text;
  });
  return new Promise((resolve) => {
    child.on('close', (exitCode, signal) => {
      const printed = stdout
        .split('\n')
        .filter(Boolean)
        .map((line) => JSON.parse(line));
      resolve({ code: exitCode, signal, printed, stderr });
    });
  });
}

module.exports = { run };
