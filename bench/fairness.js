'use strict';

/**
 * 99 streams of one text every 10 ms, through one Python: their gaps by themselves, and beside one
 * more stream that comes as fast as it is read.
 */

const { withCompetitors } = require('./support/competitors');
const { median, quantile } = require('./support/statistics');
const { request } = require('./support/wire');

const PACED = 99;
const TEXTS = 300; // of a paced stream: 3 s
const ROUNDS = 3;

function measured(gaps) {
  return { p50: quantile(gaps, 0.5), p99: quantile(gaps, 0.99), longest: quantile(gaps, 1) };
}

async function run() {
  return withCompetitors(['bridge'], async (url, [bridge]) => {
    const task = { kind: 'gaps', paced: request('openai', `${url}/openai-slow-${TEXTS}`), count: PACED };
    const full = request('openai', `${url}/openai-burst-20000`);
    await bridge.ask({ ...task, full: null, count: 9 });
    /** @type {any[][]} */
    const told = [[], []];
    for (let round = 0; round < ROUNDS; round++) {
      for (const [i, beside] of [null, full].entries()) {
        const { gaps, chunks } = await bridge.ask({ ...task, full: beside });
        told[i].push({ ...measured(gaps), chunks });
      }
    }
    const rows = told.map((runs, i) => {
      const of = (/** @type {string} */ key) => median(runs.map((one) => one[key]));
      const beside = i === 0 ? 'nothing' : 'a stream at full speed';
      return { beside, p50: of('p50'), p99: of('p99'), longest: of('longest'), chunks: of('chunks') };
    });
    return rows.map((row) => ({
      ...row,
      'p99 grows by': `${Math.round((row.p99 / rows[0].p99 - 1) * 100)} %`,
    }));
  });
}

module.exports = {
  question: `How long do ${PACED} streams of a text every 10 ms wait for each text (ms), alone and beside one at full speed?`,
  run,
};
