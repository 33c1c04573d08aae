'use strict';

/**
 * V8 compiles a function when it is first called. For the some forty on the way of a start that is
 * a millisecond, which a server would feel at its first `new LiteLLM()`: so they run once, to no
 * effect, while the package is loaded.
 */

const { EventEmitter } = require('node:events');

const { Connection } = require('./connection');
const { clientOptions } = require('./options');

const GENERATION = 0; // none of the addon's: those count from 1

/** In the place of the addon's port. */
class Prop {
  /** @param {unknown} _onFrames @param {(name: string, info: object) => void} onEvent */
  constructor(_onFrames, onEvent) {
    this.end = () => onEvent('down', { generation: GENERATION, code: 'ERR_CLOSED' });
  }

  start() {
    return { generation: GENERATION, created: false };
  }

  claim() {
    return null;
  }

  unclaim() {
    this.end();
    return false;
  }

  status() {
    return {};
  }

  close() {}
}

function rehearse() {
  const connection = new Connection(Prop);
  const client = new EventEmitter();
  const options = clientOptions({ log: 'silent' });
  connection.attach(client, options);
  connection.start(options.times.startTimeout);
  connection.detach(client);
}

module.exports = { rehearse };
