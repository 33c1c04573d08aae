'use strict';

/** Ends itself by SIGKILL so many ms after it has made an instance. Arguments: options, the ms. */

const { LiteLLM } = require('../../..');

new LiteLLM({ log: 'silent', ...JSON.parse(process.argv[2]) });
setTimeout(() => process.kill(process.pid, 'SIGKILL'), Number(process.argv[3]));
