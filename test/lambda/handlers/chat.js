'use strict';

/** A module whose own initialisation keeps the event loop: Python starts all the same. */

const { childrenOf } = require('../processes');
const { ACTIONS } = require('./actions');

/** Blocks until this process has some. */
function awaitChildren() {
  const nobody = new Int32Array(new SharedArrayBuffer(4));
  while (childrenOf(process.pid).length === 0) Atomics.wait(nobody, 0, 0, 5);
  return childrenOf(process.pid);
}

const isExpected = process.env.LITELLM_BRIDGE_DISABLE === undefined;
const startedInInit = isExpected ? awaitChildren() : [];

exports.handler = async (event, context) => {
  const result = await ACTIONS[event.do](event, { context });
  return { startedInInit, ...result };
};
