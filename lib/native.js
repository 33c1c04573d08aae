'use strict';

/**
 * The native addon of this process: `errors`, `platform(env)`, `Port`. Everything in lib/ that
 * needs it takes it from here.
 */

const { loadAddon } = require('./load');

module.exports = loadAddon();
