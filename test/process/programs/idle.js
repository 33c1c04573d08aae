'use strict';

/** An instance that nobody waits for. Argument: its options. */

const { LiteLLM } = require('../../..');

new LiteLLM({ log: 'silent', ...JSON.parse(process.argv[2]) });
