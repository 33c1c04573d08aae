'use strict';
/** Makes an instance and does nothing with it. Argument: options. */
const { LiteLLM } = require('../../..');

new LiteLLM(JSON.parse(process.argv[2]));
