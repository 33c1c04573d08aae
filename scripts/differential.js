'use strict';

/**
 * npm run differential: generated streams, plain LiteLLM against the fast path, beyond what
 * npm test runs.
 *   npm run differential                          2,000 streams
 *   npm run differential -- --long                100,000, in parts of 2,000
 *   npm run differential -- --long --from 12000   goes on after so many
 *   npm run differential -- --litellm 1.103.7     on this LiteLLM
 * It says after each part how far it is, so that it can run in the background and go on later.
 */

const { parseArgs } = require('node:util');
const { CommandError } = require('../lib/cli/error');
const { run } = require('../lib/cli/process');
const { ROOT } = require('./paths');
const { main, setup } = require('./setup');
const { LITELLMS, LOCKED_LITELLM, pytestWith } = require('./steps/python');

const PART = 2000; // streams; a process of its own for each, whose seed is its number
const LONG = 100_000;
const TEST = 'test/python/differential/test_generated.py';

function parse() {
  const { values } = parseArgs({
    options: {
      long: { type: 'boolean', default: false },
      streams: { type: 'string' },
      from: { type: 'string', default: '0' },
      litellm: { type: 'string', default: LOCKED_LITELLM },
    },
  });
  if (!LITELLMS.includes(values.litellm))
    throw new CommandError(`There is no LiteLLM ${values.litellm}`, `There are: ${LITELLMS.join(', ')}`);
  const streams = Number(values.streams ?? (values.long ? LONG : PART));
  return { from: Number(values.from), streams, litellm: values.litellm };
}

async function runPart(litellm, from, streams) {
  const { python, env } = pytestWith(litellm);
  const counts = { LITELLM_BRIDGE_STREAMS: String(streams), LITELLM_BRIDGE_SEED: String(from / PART) };
  const args = ['-m', 'pytest', '-q', '-x', '-p', 'no:cacheprovider', '-W', 'ignore', TEST];
  const { code, out, err } = await run(python, args, {
    cwd: ROOT,
    env: { ...process.env, ...env, ...counts },
  });
  if (code !== 0)
    throw new CommandError(
      `a difference among the streams from ${from} on:\n${out}${err}`,
      `npm run differential -- --litellm ${litellm} --from ${from} --streams ${streams} shows it again.`,
    );
}

main(async () => {
  const { from, streams, litellm } = parse();
  await setup({ forTests: true, groups: ['differential'], litellms: [litellm] });
  for (let at = from; at < streams; at += PART) {
    await runPart(litellm, at, Math.min(PART, streams - at));
    console.log(
      `${new Date().toISOString()} ${Math.min(at + PART, streams)} of ${streams} streams: no difference`,
    );
  }
});
