'use strict';

const { DELTA, END, TEMPLATE } = require('./frames');

const GENERATION = 0; // none of the addon's: those count from 1
const CALL = 1;

const CHUNK = JSON.stringify({
  id: '',
  created: 0,
  model: '',
  object: 'chat.completion.chunk',
  choices: [{ index: 0, delta: { content: 'a', role: 'assistant' } }],
});

/** In the place of the addon's port, for rehearsals: nothing starts, and a stream says "abc". */
class Prop {
  #onFrame;
  #onFrames;

  /**
   * @param {(type: number, id: number, payload: any, cost: number) => void} onFrame
   * @param {(batch: any[]) => void} onFrames
   * @param {(name: string, info: object) => void} onEvent
   */
  constructor(onFrame, onFrames, onEvent) {
    this.#onFrame = onFrame;
    this.#onFrames = onFrames;
    this.end = () => onEvent('down', { generation: GENERATION, code: 'ERR_CLOSED' });
  }

  start() {
    return { generation: GENERATION, created: false };
  }

  /** Its frames come when the caller knows the number. */
  call() {
    queueMicrotask(() => {
      const template = { slot: 1, chunk: CHUNK };
      this.#onFrames([TEMPLATE, CALL, template, 1, DELTA, CALL, 'b', 1]);
      this.#onFrame(DELTA, CALL, 'c', 1);
      this.#onFrame(END, CALL, { meta: '{}', started: 0, finished: 0, body: null }, 1);
    });
    return CALL;
  }

  isLive() {
    return true;
  }

  claim() {
    return null;
  }

  claimed() {
    return [];
  }

  unclaim() {
    this.end();
    return false;
  }

  status() {
    return {};
  }

  settle() {}

  consume() {}

  cancel() {}

  close() {}
}

module.exports = { Prop };
