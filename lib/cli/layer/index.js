'use strict';

/** `litellm-bridge layer …`: from the layer's build to its place at a function. */

const { addPublish } = require('./publish');

/** @param {import('commander').Command} program */
function addLayer(program) {
  const layer = program.command('layer').description('the layer with Python and LiteLLM for AWS Lambda');
  addPublish(layer);
}

module.exports = { addLayer };
