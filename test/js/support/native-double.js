'use strict';

/**
 * A stand-in for the addon, for what no real Python does on demand: the order of its reports,
 * refusals, and deaths that nobody has noticed.
 */

const path = require('node:path');

const real = require('../../../lib/native');

const LIB = path.join(__dirname, '..', '..', '..', 'lib') + path.sep;
const NATIVE = require.resolve('../../../lib/native');

class PortDouble {
  generation = 1;
  /** What was called, in order: [method, ...arguments]. */
  log = [];
  /** What start, call and claim answer, next first; a function is called, an Error thrown. */
  next = { start: [], call: [], claim: [] };
  #lastId = 0;

  #numbers;
  #isHeld = false;

  constructor(onFrame, onFrames, onEvent, numbers) {
    const deliver = (quads) => (quads.length === 1 ? onFrame(...quads[0]) : onFrames(quads.flat()));
    this.frames = (...quads) => this.#callBack(() => deliver(quads));
    this.event = (name, info) =>
      this.#callBack(() => onEvent(name, { generation: this.generation, ...info }));
    this.#numbers = numbers;
    PortDouble.made.push(this);
  }

  /** As the addon does, but for microtasks, which come later here. */
  #callBack(call) {
    this.#numbers[1] = 1;
    call();
    this.#numbers[1] = 0;
    this.settle();
  }

  static made = [];

  #answer(method, otherwise) {
    const answer = this.next[method].length > 0 ? this.next[method].shift() : otherwise;
    if (answer instanceof Error) throw answer;
    return typeof answer === 'function' ? answer() : answer;
  }

  start(args) {
    this.log.push(['start', args]);
    return this.#answer('start', () => ({ generation: this.generation, created: true }));
  }

  /** What start answers when it begins another generation. */
  nextGeneration() {
    this.generation += 1;
    return { generation: this.generation, created: true };
  }

  call(name, kind, body, window) {
    this.log.push(['call', name, kind, body, window]);
    return this.#answer('call', () => (this.#lastId += 1));
  }

  claim(options) {
    this.log.push(['claim', options]);
    return this.#answer('claim', null);
  }

  claimed() {
    return this.calls('claim')[0][0];
  }

  setVariable(entry) {
    this.log.push(['setVariable', entry]);
  }

  /** Ask for another answer by setting it. */
  live = true;

  isLive() {
    return this.live;
  }

  cancel(id) {
    this.log.push(['cancel', id]);
  }
  consume(id, bytes) {
    this.log.push(['consume', id, bytes]);
  }
  settle() {
    if (this.#numbers[0] > 0 === this.#isHeld) return;
    this.#isHeld = !this.#isHeld;
    this.log.push([this.#isHeld ? 'hold' : 'release']);
  }
  abort(...args) {
    this.log.push(['abort', ...args]);
  }
  unclaim() {
    this.log.push(['unclaim']);
    return false;
  }
  stop() {
    this.log.push(['stop']);
    return false;
  }
  close() {
    this.log.push(['close']);
  }
  status() {
    return {
      generation: this.generation,
      state: 'running',
      pid: 1,
      pythonPath: '/p',
      platform: 'local',
      ageMs: 1,
    };
  }

  /** The calls of one method. */
  calls(method) {
    return this.log.filter(([name]) => name === method).map(([, ...args]) => args);
  }
}

/** Settlements as the addon makes them. */
const settlement = (body, meta = {}) => ({
  meta: JSON.stringify(meta),
  body: JSON.stringify(body),
  started: 1,
  responded: 1,
  finished: 1,
});

/** A fresh copy of the package on the stand-in; `port()` is the port of its last connection. */
function load() {
  const saved = { ...require.cache };
  for (const file of Object.keys(require.cache)) if (file.startsWith(LIB)) delete require.cache[file];
  const exports = { errors: real.errors, platform: real.platform, Port: PortDouble };
  require.cache[NATIVE] = { id: NATIVE, filename: NATIVE, loaded: true, exports };
  try {
    return { ...require('../../../lib'), port: () => PortDouble.made.at(-1) };
  } finally {
    for (const file of Object.keys(require.cache)) if (file.startsWith(LIB)) delete require.cache[file];
    Object.assign(require.cache, saved);
  }
}

module.exports = { load, settlement };
