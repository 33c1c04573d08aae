'use strict';

/** `litellm-bridge doctor --start`: where the time of a start goes. */

const path = require('node:path');
const { setTimeout: pause } = require('node:timers/promises');
const pc = require('picocolors');
const { run } = require('../process');
const { block } = require('./text');

const PROFILE = path.join(__dirname, '..', '..', 'python', 'litellm_bridge', 'profile_start.py');
const WARM_UP = 60_000; // ms that its end is waited for
const SHOWN = 12; // modules
const LINE = /^import time:\s+(\d+) \|\s+\d+ \| +(\S+)$/gm;
const COLUMNS = { label: 14, number: 9, bar: 52 }; // with two spaces between them: 80 at most

/** What each part is, for people. */
const PARTS = {
  spawn: 'the system makes the process',
  interpreter: 'Python comes up',
  bootstrap: 'archive, paths, event loop, hello',
  import: 'LiteLLM is imported',
  ready: 'preload modules; Node learns of it',
  warmUp: 'warm-up, while nothing is asked',
};

/**
 * @typedef {object} StartReport
 * @property {Record<string, number | null>} timings ms
 * @property {{ path: string, used: boolean, reason: string } | null} archive
 * @property {{ name: string, ms: number }[]} modules what each top-level package's import took
 */

/**
 * Resolves when the warm-up has ended, or when it takes too long.
 * @param {any} llm
 * @param {AbortSignal} signal nobody waits any more
 */
function warmedUp(llm, signal) {
  const ended = new Promise((resolve) => {
    llm.on('timing', ({ message }) => message.endsWith('warmed up') && resolve(undefined));
  });
  return Promise.race([ended, pause(WARM_UP, undefined, { signal }).catch(() => {})]);
}

/** @param {string | undefined} python */
async function measure(python) {
  const { LiteLLM } = require('../../client');
  const llm = new LiteLLM({ log: 'silent', ...(python === undefined ? {} : { python }) });
  const waiting = new AbortController();
  try {
    const warm = warmedUp(llm, waiting.signal);
    await llm.ready();
    await warm;
    const { timings, pythonPath } = llm.status();
    return { timings, pythonPath };
  } finally {
    waiting.abort();
    await llm.close();
  }
}

/**
 * What the modules of each top-level package took, by `-X importtime`. It costs time itself.
 * @param {string} text standard error
 */
function costs(text) {
  /** @type {Map<string, number>} */
  const sums = new Map();
  for (const [, us, name] of text.matchAll(LINE)) {
    const [top] = name.split('.');
    sums.set(top, (sums.get(top) ?? 0) + Number(us) / 1000);
  }
  const all = [...sums].map(([name, ms]) => ({ name, ms }));
  return all.sort((one, other) => other.ms - one.ms).slice(0, SHOWN);
}

/** @param {string} python */
async function profile(python) {
  /** @type {string[]} */
  const lines = [];
  const onErrorLine = (/** @type {string} */ line) => lines.push(line);
  const args = ['-I', '-S', '-X', 'utf8', '-X', 'importtime', PROFILE];
  const { code, out } = await run(python, args, { onErrorLine });
  const archive = code === 0 ? JSON.parse(out) : null;
  return { archive, modules: costs(lines.join('\n')) };
}

/**
 * @param {{ python?: string }} options
 * @returns {Promise<StartReport>}
 * @throws {import('../../errors').LiteLLMError} Python does not start
 */
async function examineStart({ python }) {
  const { timings, pythonPath } = await measure(python);
  return { timings, ...(await profile(pythonPath)) };
}

/** One line for each; the longest bar is as wide as there is room. */
function chart(/** @type {{ label: string, ms: number }[]} */ rows, paint) {
  const most = Math.max(...rows.map(({ ms }) => ms), 1e-9);
  return rows.map(({ label, ms }) => {
    const bar = '#'.repeat(Math.round((ms / most) * COLUMNS.bar));
    const number = `${ms < 10 ? ms.toFixed(1) : Math.round(ms)} ms`;
    const name = label.slice(0, COLUMNS.label).padEnd(COLUMNS.label);
    return `${name} ${number.padStart(COLUMNS.number)}${bar && `  ${paint(bar)}`}`;
  });
}

/** @param {StartReport['archive']} archive */
function archiveText(archive) {
  if (archive === null) return 'not known';
  if (archive.used) return `${archive.path} is used`;
  if (archive.reason) return `${archive.path} is not used: ${archive.reason}`;
  return `none at ${archive.path}; npx litellm-bridge install makes one in its environment`;
}

/**
 * @param {StartReport} report
 * @param {{ colors?: boolean }} [options]
 * @returns {string} no line is wider than 80 columns, but for a path
 */
function startText({ timings, archive, modules }, { colors = false } = {}) {
  const color = pc.createColors(colors);
  const known = Object.entries(PARTS).filter(([name]) => typeof timings[name] === 'number');
  const parts = known.map(([name]) => ({ label: name, ms: Number(timings[name]) }));
  const sum = parts.filter(({ label }) => label !== 'warmUp').reduce((all, { ms }) => all + ms, 0);
  return [
    color.bold(`A start of Python: ready after ${Math.round(sum)} ms`),
    ...chart(parts, color.cyan),
    ...known.map(([name, text]) => `   ${name}: ${text}`),
    '',
    color.bold('Start archive'),
    ...block(archiveText(archive), 3),
    '',
    color.bold('Packages whose import costs most (to measure it costs time, too)'),
    ...chart(
      modules.map(({ name, ms }) => ({ label: name, ms })),
      color.yellow,
    ),
  ].join('\n');
}

module.exports = { costs, examineStart, startText };
