'use strict';

/**
 * 99 streams of one text every 10 ms, through one Python: their gaps by themselves, and beside one
 * more stream that comes as fast as it is read. Those between the first texts of all and the first
 * end: what is measured is streaming, not LiteLLM's set-up.
 */

const { startProvider, withCompetitors } = require('./support/competitors');
const { median, quantile } = require('./support/statistics');
const { request } = require('./support/wire');

const PACED = 99;
const TEXTS = 600; // of a paced stream: 6 s, of which LiteLLM's set-up of all of them is the first
const ROUNDS = 3;

function measured(gaps) {
  return { p50: quantile(gaps, 0.5), p99: quantile(gaps, 0.99), longest: quantile(gaps, 1) };
}

/** One round, alone and beside the other. @returns {Promise<any[]>} */
async function turn(bridge, task, full) {
  const told = [];
  for (const beside of [null, full]) {
    const { gaps, chunks } = await bridge.ask({ ...task, full: beside });
    told.push({ ...measured(gaps), chunks });
  }
  return told;
}

/** @param {string} slow provider's URL @param {string} fast another's: one would wait for itself */
async function compare(bridge, slow, fast) {
  const task = { kind: 'gaps', paced: request('openai', `${slow}/openai-slow-${TEXTS}`), count: PACED };
  const full = request('openai', `${fast}/openai-flood-20000`);
  await bridge.ask({ ...task, paced: request('openai', `${slow}/openai-slow-20`), full });
  const rounds = [];
  for (let round = 0; round < ROUNDS; round++) rounds.push(await turn(bridge, task, full));
  return ['nothing', 'a stream at full speed'].map((beside, i) => {
    const of = (/** @type {string} */ key) => median(rounds.map((told) => told[i][key]));
    return { beside, p50: of('p50'), p99: of('p99'), longest: of('longest'), chunks: of('chunks') };
  });
}

async function run() {
  return withCompetitors(['bridge'], async (url, [bridge]) => {
    const another = await startProvider();
    try {
      const rows = await compare(bridge, url, another.url);
      const growth = (/** @type {any} */ row) => Math.round((row.p99 / rows[0].p99 - 1) * 100);
      return rows.map((row) => ({ ...row, 'p99 grows by': `${growth(row)} %` }));
    } finally {
      await another.close();
    }
  });
}

module.exports = {
  question: `How long do ${PACED} streams of a text every 10 ms wait for each text (ms), alone and beside one at full speed?`,
  run,
};
