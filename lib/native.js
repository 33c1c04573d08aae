'use strict';

/**
 * The native addon of this process: `errors`, `platform(env)`, `environment` (`process.env` as
 * Node made it), `Port`. Everything in lib/ that needs it takes it from here.
 */

const { noteCopies } = require('./copies');
const { loadAddon } = require('./load');

module.exports = loadAddon(process.platform, process.arch, (file) => {
  const addon = require(file);
  noteCopies(file, addon.otherCopies);
  return addon;
});
