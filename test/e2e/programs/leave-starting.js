'use strict';
/** Leaves while Python is still starting. */
const { LiteLLM } = require('../../..');

const llm = new LiteLLM({ log: 'silent' });
llm.on('timing', ({ pid }) => {
  if (pid !== undefined) process.stdout.write(`${JSON.stringify({ pid })}\n`, () => process.exit(0));
});
llm.ready();
