'use strict';

/**
 * For `node --require`: this process loads the addon that npm run sanitize has built, in place of
 * the one of build/Release.
 */

const Module = /** @type {any} */ (require('node:module'));
const path = require('node:path');

const ADDON = path.join('build', 'Release', 'litellm_bridge.node');
const ROOT = path.dirname(__dirname);
const RELEASE = path.join(ROOT, ADDON);
const SANITIZED = path.join(ROOT, 'build', 'sanitize', ADDON);

const resolve = Module._resolveFilename;
Module._resolveFilename = (/** @type {string} */ request, /** @type {any[]} */ ...rest) =>
  resolve(request === RELEASE ? SANITIZED : request, ...rest);
