'use strict';

/**
 * node scripts/layer-order.js: writes layer/start.json, the modules that a start and the first
 * requests import, in their order. To be run when the lock, the measures or the warm-up change
 * what is imported; a test compares (test/python/start).
 */

const { execFileSync } = require('node:child_process');
const fs = require('node:fs');
const path = require('node:path');
const { privatePython } = require('../lib/environment');
const { ROOT } = require('./paths');
const { main, setup } = require('./setup');
const { LITELLMS, newerPython } = require('./steps/python');

const BUILDER = path.join(ROOT, 'lib', 'python', 'litellm_bridge', 'archive', 'build.py');
const FILE = path.join(ROOT, 'layer', 'start.json');

/** @returns {{ start: string[], later: Record<string, string[]> }} */
function orderOf(python) {
  const args = ['-I', '-S', '-X', 'utf8', BUILDER, '--order'];
  return JSON.parse(execFileSync(python, args, { encoding: 'utf8' }));
}

const union = (first, second) => [...new Set([...first, ...second])];

/** What the newer LiteLLM imports besides comes behind: a layer may have either. */
function merge(locked, newer) {
  const providers = union(Object.keys(locked.later), Object.keys(newer.later));
  const later = providers.map((name) => [name, union(locked.later[name] ?? [], newer.later[name] ?? [])]);
  return { start: union(locked.start, newer.start), later: Object.fromEntries(later) };
}

main(async () => {
  await setup({ forTests: true, groups: [], litellms: LITELLMS });
  const [locked, newer] = [privatePython(), newerPython()].map(orderOf);
  fs.writeFileSync(FILE, `${JSON.stringify(merge(locked, newer), null, 1)}\n`);
});
