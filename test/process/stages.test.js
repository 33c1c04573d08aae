'use strict';

/** Every way to leave, at every stage: no Python, no child of it; exit codes are Node's own. */

const assert = require('node:assert/strict');
const { after, before, test } = require('node:test');

const { WAYS } = require('./programs/ways');
const { descendants, until, untilGone } = require('./support/proc');
const { start, worker } = require('./support/program');

const TIMEOUT = 120_000; // ms; what is left behind would sleep for longer

/** What Python does, and how far the instance has to be. */
const STAGES = {
  starting: ['silent', 'spawned'],
  importing: ['imports', 'greeted'],
  'holding the GIL': ['holds_gil', 'greeted'],
  idle: ['serves', 'ready'],
  streaming: ['serves', 'streaming'],
  closing: ['stubborn', 'closing'],
};

async function leave(t, way, name, args, options) {
  const program = start(t, name, args, options);
  await program.next();
  return { program, go: () => program.say(way) };
}

/** How Node leaves when this package is not there. */
async function bare(t, way) {
  const { program, go } = await leave(t, way, 'bare.js');
  go();
  const { code, signal } = await program.ended;
  return { code, signal };
}

for (const way of Object.keys(WAYS)) {
  /** @type {{ code: number | null, signal: string | null }} */
  let nodes;
  before(async () => {
    nodes = await bare({ after }, way);
  });

  for (const [stage, [does, reached]] of Object.entries(STAGES)) {
    test(`${way} while ${stage}: no Python is left, and Node ends as ever`, {
      timeout: TIMEOUT,
    }, async (t) => {
      const args = [{ python: worker('stage') }, reached];
      const { program, go } = await leave(t, way, 'stage.js', args, { env: { STAGE: does } });
      await until(() => descendants(program.child.pid).length === 2); // Python and its child
      const family = descendants(program.child.pid);
      go();
      const { code, signal } = await program.ended;
      await untilGone(...family);
      assert.deepEqual({ code, signal }, nodes);
    });
  }
}
