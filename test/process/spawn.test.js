'use strict';

/** What Python gets from Node, and what it does not. */

const assert = require('node:assert/strict');
const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');
const { test } = require('node:test');

const { LiteLLM } = require('../../lib');
const { start } = require('./support/program');

const TIMEOUT = { timeout: 60_000 }; // ms
const REPORT = path.join(__dirname, 'preloads', 'report.py');
const DISPOSITIONS = path.join(__dirname, 'workers', 'dispositions.sh');
const OURS = ['0', '1', '2', '3', '4'];
const FILE_FD = 40; // above those that Node closes for its children by itself
const SOCKET_FD = 41;
const LIBC_OWN = (1n << 31n) | (1n << 32n); // signals 32 and 33: posix_spawn itself ignores them

function temporaryFile(t) {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'litellm-bridge-process-'));
  t.after(() => fs.rmSync(folder, { recursive: true, force: true }));
  return path.join(folder, 'report');
}

/** Standard streams of a program, plus descriptors that it inherits without CLOEXEC. */
function withStrays() {
  const stdio = Array(FILE_FD - 3).fill('ignore');
  return [...stdio, fs.openSync(__filename), 'pipe'];
}

test('Python holds no descriptor of Node’s, not even one without CLOEXEC', TIMEOUT, async (t) => {
  const file = temporaryFile(t);
  const stdio = withStrays();
  const program = start(t, 'inherits.js', [REPORT, file, [FILE_FD, SOCKET_FD]], { stdio });
  const { inheritable, python, node } = await program.next();
  assert.ok(inheritable, 'Node itself holds them without CLOEXEC, else this test shows nothing');
  assert.equal(node[FILE_FD], __filename);
  const named = Object.values(node).filter((target) => !target.startsWith('anon_inode:'));
  const others = Object.entries(python.fds).filter(([fd, target]) => !OURS.includes(fd) && target !== null);
  for (const [fd, target] of others) assert.ok(!named.includes(target), `${fd} is ${target}`);
  assert.equal(python.fds[0], '/dev/null');
  assert.match(python.fds[1], /^\/memfd:/);
  assert.equal(python.fds[2], python.fds[1]);
  assert.match(python.fds[3], /^socket:/);
  assert.match(python.fds[4], /^pipe:/);
  assert.deepEqual(await program.ended, { code: 0, signal: null, stderr: '' });
});

test('exec hands over default signals: none blocked, none ignored', TIMEOUT, async (t) => {
  process.on('SIGUSR2', () => {}); // Node ignores SIGPIPE; a handler is more than it has by itself
  const file = temporaryFile(t);
  const llm = new LiteLLM({ python: DISPOSITIONS, log: 'silent', env: { REPORT: file } });
  t.after(() => llm.close());
  await assert.rejects(llm.ready(), { code: 'ERR_PYTHON_BROKEN' }); // it is no Python, and ends
  const masks = [...fs.readFileSync(file, 'latin1').matchAll(/^(\w+):\s+(\w+)$/gm)].map(([, name, mask]) => [
    name,
    BigInt(`0x${mask}`) & ~LIBC_OWN,
  ]);
  assert.deepEqual(Object.fromEntries(masks), { SigBlk: 0n, SigIgn: 0n });
});
