'use strict';

const path = require('node:path');

const ROOT = path.dirname(__dirname);

module.exports = {
  ROOT,
  /** What the scripts download and make for themselves; not in git. */
  CACHE: path.join(ROOT, '.cache'),
  ADDON: path.join(ROOT, 'build', 'Release', 'litellm_bridge.node'),
  /** The lock of the Python tools for tests and checks. */
  TOOLS_LOCK: path.join(ROOT, 'test', 'requirements.lock'),
  /** The lock of a newer LiteLLM with the packages of its days, which the tests run on, too. */
  NEWER_LOCK: path.join(ROOT, 'test', 'newer.lock'),
};
