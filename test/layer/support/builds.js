'use strict';

/** Builds of layers for tests: with caches, wheels and settings of their own. */

const assert = require('node:assert/strict');
const { createHash } = require('node:crypto');
const { execFileSync } = require('node:child_process');
const fs = require('node:fs');
const path = require('node:path');
const { build } = require('../../../lib/cli/layer/builder');
const { cacheFolder } = require('../../../lib/environment');
const { temporary } = require('./copies');

const WHEEL = path.join(__dirname, '../../fixtures/wheel.py');

const quiet = { report: () => {}, terminal: false };

/** A cache that has what is named of the user's own, else all but the Python packages. */
function bareCache(t, has = /^(debian|tools|interpreter)-[\w-]+$/) {
  const full = path.join(cacheFolder(), 'layer');
  const cache = temporary(t);
  for (const name of fs.readdirSync(full)) {
    if (has.test(name)) fs.symlinkSync(path.join(full, name), path.join(cache, name));
  }
  return cache;
}

/** Makes a wheel in a folder; its sha256. */
function makeWheel(folder) {
  execFileSync('python3', [WHEEL, folder]);
  const file = fs.readdirSync(folder).find((entry) => entry.endsWith('.whl')) ?? '';
  return {
    file,
    sha256: createHash('sha256')
      .update(fs.readFileSync(path.join(folder, file)))
      .digest('hex'),
  };
}

/** Sets variables for the test. */
function withEnvironment(t, variables) {
  const former = Object.fromEntries(Object.keys(variables).map((name) => [name, process.env[name]]));
  Object.assign(process.env, variables);
  t.after(() => {
    for (const [name, value] of Object.entries(former)) {
      if (value === undefined) delete process.env[name];
      else process.env[name] = value;
    }
  });
}

/** Builds with a requirements file, in folders of its own; the error. */
async function failure(t, text, { env = {}, cache = bareCache(t), ...more } = {}) {
  const folder = temporary(t);
  const requirements = path.join(folder, 'requirements.txt');
  fs.writeFileSync(requirements, text);
  withEnvironment(t, { PIP_RETRIES: '1', PIP_DEFAULT_TIMEOUT: '5', ...env });
  const out = path.join(folder, 'out');
  const options = { out, requirements, docker: false, ...more };
  const error = await build(options, { ...quiet, cache }).then(
    () => assert.fail('it was built'),
    (reason) => reason,
  );
  assert.equal(error.name, 'CommandError', error.stack);
  assert.equal(fs.existsSync(out), false); // nothing half-done
  return error;
}

/** A lock of one tiny package, which pip takes from a folder: no network is needed. */
function tinyLock(t) {
  const links = temporary(t);
  const { sha256 } = makeWheel(links);
  withEnvironment(t, { PIP_NO_INDEX: '1', PIP_FIND_LINKS: links });
  const requirements = path.join(links, 'requirements.lock');
  fs.writeFileSync(requirements, `lbtiny==1.0 --hash=sha256:${sha256}\n`);
  return requirements;
}

module.exports = { bareCache, failure, makeWheel, quiet, tinyLock, withEnvironment };
