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
};
