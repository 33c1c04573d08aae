'use strict';

/**
 * For `node --require`: this process loads the addon of the folder that OTHER_ADDON names, in place
 * of the one of build/Release. npm run sanitize has built it.
 */

const Module = /** @type {any} */ (require('node:module'));
const path = require('node:path');

const ADDON = path.join('build', 'Release', 'litellm_bridge.node');
const RELEASE = path.join(path.dirname(__dirname), ADDON);
const OTHER = path.join(process.env.OTHER_ADDON ?? '', ADDON);

const resolve = Module._resolveFilename;
Module._resolveFilename = (/** @type {string} */ request, /** @type {any[]} */ ...rest) =>
  resolve(request === RELEASE ? OTHER : request, ...rest);
