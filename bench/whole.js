'use strict';

/** Answers that come as a whole: CPU of a call. The two take turns. */

const { withCompetitors } = require('./support/competitors');
const { median } = require('./support/statistics');
const { KEY } = require('./support/wire');

const ROUNDS = 5;
const MESSAGES = [{ role: 'user', content: 'Say many words.' }];

/** What is asked for; `path` is the provider's, `times` the calls of a turn. */
const CASES = [
  { what: 'chat, 100 bytes', name: 'completion', path: 'whole-100', times: 60 },
  { what: 'chat, 10 MB', name: 'completion', path: 'whole-10000000', times: 3 },
  { what: 'embeddings, 1 vector', name: 'embedding', path: 'vectors-1', times: 60 },
  { what: 'embeddings, 320 vectors (10 MB)', name: 'embedding', path: 'vectors-320', times: 2 },
];

function request(name, base) {
  const given = { api_base: `${base}/v1`, api_key: KEY };
  if (name === 'completion') return { ...given, model: 'openai/gpt-4o', messages: MESSAGES };
  return { ...given, model: 'openai/text-embedding-3-small', input: ['words'], encoding_format: 'float' };
}

async function compare(url, competitors, { what, name, path, times }) {
  const task = { kind: 'whole', name, request: request(name, `${url}/${path}`), times };
  for (const one of competitors) await one.ask(task);
  const told = new Map(competitors.map((one) => [one.name, []]));
  for (let round = 0; round < ROUNDS; round++) {
    for (const one of competitors) told.get(one.name)?.push(await one.measure(task));
  }
  const rows = competitors.map(({ name: who }) => {
    const of = (/** @type {(run: any) => number} */ value) => median((told.get(who) ?? []).map(value));
    return {
      what,
      who,
      ms: of(({ ms }) => ms / times),
      cpu: of(({ cpu }) => (cpu.own + cpu.python) / 1000 / times),
    };
  });
  return rows.map((row) => ({ ...row, 'of LiteLLM': row.cpu / rows[1].cpu }));
}

async function run() {
  return withCompetitors(['bridge', 'LiteLLM'], async (url, competitors) => {
    const rows = [];
    for (const one of CASES) rows.push(...(await compare(url, competitors, one)));
    return rows;
  });
}

module.exports = { question: 'How much CPU does a call take whose answer comes as a whole (ms)?', run };
