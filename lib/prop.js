'use strict';

const GENERATION = 0; // none of the addon's: those count from 1

/** In the place of the addon's port, for a rehearsal: nothing starts, and its end comes at once. */
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

module.exports = { Prop };
