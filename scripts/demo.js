'use strict';

/** npm run demo: sets up what is missing, then runs examples/demo with the arguments. */

const { spawn } = require('node:child_process');
const { once } = require('node:events');
const path = require('node:path');
const { ROOT } = require('./paths');
const { main, setup } = require('./setup');

main(async () => {
  await setup();
  const demo = path.join(ROOT, 'examples', 'demo', 'index.js');
  const child = spawn(process.execPath, [demo, ...process.argv.slice(2)], { stdio: 'inherit' });
  const [code] = await once(child, 'exit');
  process.exitCode = code ?? 1;
});
