'use strict';

/** Progress of several tasks at once: bars on a terminal, else a line for each step. */

const { MultiBar, Presets } = require('cli-progress');

const FORMAT = '  {name} |{bar}| {step}';

/**
 * @typedef {object} Task
 * @property {(text: string) => void} step begins its next step
 * @property {(text: string) => void} note how far its step is; no line of its own
 * @property {(text: string) => void} end it is over; says how it went
 *
 * @typedef {object} Progress
 * @property {(name: string, steps: number) => Task} task
 * @property {() => void} stop leaves the terminal as it was found
 */

/** @returns {Progress} one bar for each task */
function bars() {
  const all = new MultiBar({ format: FORMAT, hideCursor: true, barsize: 24 }, Presets.shades_grey);
  return {
    task(name, steps) {
      const bar = all.create(steps, 0, { name, step: 'waits' });
      return {
        step: (step) => bar.increment(1, { step }),
        note: (step) => bar.update({ step }),
        end: (step) => bar.update(bar.getTotal(), { step }),
      };
    },
    stop: () => all.stop(),
  };
}

/** @param {(line: string) => void} report @returns {Progress} one line for each step */
function lines(report) {
  return {
    task(name) {
      const say = (text) => report(`  ${name}  ${text}`);
      return { step: say, note() {}, end: say };
    },
    stop() {},
  };
}

/**
 * @param {{ terminal?: boolean, report?: (line: string) => void }} [options]
 * @returns {Progress} on standard error, so that results alone are on standard output
 */
function createProgress({ terminal = process.stderr.isTTY === true, report = console.error } = {}) {
  return terminal ? bars() : lines(report);
}

module.exports = { createProgress };
