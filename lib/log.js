'use strict';

/**
 * Log lines: Python's own output and logging, and the [TIMING] records of a start.
 */

/** The numbers are those of the log frames. */
const LEVELS = /** @type {const} */ ({ 10: 'DEBUG', 20: 'INFO', 30: 'WARN', 40: 'ERROR', 50: 'FATAL' });

/** Lambda's levels, in its order. */
const ORDER = ['TRACE', 'DEBUG', 'INFO', 'WARN', 'ERROR', 'FATAL'];

/** Where Lambda's runtime client up to version 3 keeps the id of the request that is being served. */
const REQUEST_ID = Symbol.for('aws.lambda.runtime.requestId');

/** What version 4 says between two requests. */
const NO_REQUEST = '-';

/**
 * @typedef {object} LogRecord
 * @property {'TRACE' | 'DEBUG' | 'INFO' | 'WARN' | 'ERROR' | 'FATAL'} level
 * @property {'stdout' | 'stderr' | 'logging' | 'native' | 'bridge'} source bridge: this package
 * @property {string} logger name of the Python logger, or ''
 * @property {string} message
 * @property {Record<string, unknown>} [fields] of a [TIMING] record, which has them in its message, too
 */

/**
 * @param {{ level: number, source: LogRecord['source'], logger: string, text: string }} frame
 * @returns {LogRecord}
 */
function fromFrame({ level, source, logger, text }) {
  const name = LEVELS[/** @type {keyof typeof LEVELS} */ (level)] ?? 'INFO';
  return { level: name, source, logger: logger ?? '', message: text.replace(/\n$/, '') };
}

/**
 * Whether AWS_LAMBDA_LOG_LEVEL lets this level through.
 * @param {LogRecord['level']} level
 * @param {NodeJS.ProcessEnv} env
 */
function isLogged(level, env) {
  const least = ORDER.indexOf(env.AWS_LAMBDA_LOG_LEVEL ?? 'INFO');
  return ORDER.indexOf(level) >= (least < 0 ? ORDER.indexOf('INFO') : least);
}

/**
 * The request of this async context: version 4 serves several at once. An application may bring
 * the store of version 4 to a runtime of version 3, where it stays empty.
 * @returns {string | undefined}
 */
function currentRequest() {
  const { awslambda, [REQUEST_ID]: only } = /** @type {any} */ (globalThis);
  const id = awslambda?.InvokeStore?.getRequestId?.() ?? NO_REQUEST;
  return id === NO_REQUEST ? only : id;
}

/** @param {LogRecord} record */
function jsonLine({ level, source, logger, message, fields }) {
  const requestId = currentRequest();
  return JSON.stringify({
    timestamp: new Date().toISOString(),
    level,
    ...(requestId === undefined ? {} : { requestId }),
    message,
    source,
    ...(logger ? { logger } : {}),
    ...fields,
  });
}

/** @param {LogRecord} record */
function textLine({ level, source, logger, message }) {
  // Lines that go on are indented, so that no text can pose as a record of its own.
  const text = message.replace(/\r?\n|\r/g, '\n  ');
  return `[litellm-bridge] ${level} ${source}: ${logger ? `${logger}: ` : ''}${text}`;
}

/**
 * The line that a record is on stderr, or null where the log level leaves it out.
 * @param {LogRecord} record
 * @param {NodeJS.ProcessEnv} [env]
 * @returns {string | null} without an end of line
 */
function formatLine(record, env = process.env) {
  if (!isLogged(record.level, env)) return null;
  return env.AWS_LAMBDA_LOG_FORMAT === 'JSON' ? jsonLine(record) : textLine(record);
}

/**
 * @typedef {object} TimingRecord
 * @property {string} message the record's name
 */

/**
 * The log record of a timing record: its name, then its fields as JSON. A JSON line has the fields
 * at its top as well, where a query of CloudWatch finds them.
 * @param {TimingRecord & Record<string, unknown>} timing
 * @returns {LogRecord}
 */
function fromTiming({ message, ...fields }) {
  const text = `${message} ${JSON.stringify(fields)}`;
  return { level: 'INFO', source: 'bridge', logger: '', message: text, fields };
}

/**
 * @param {{ pythonPath: string, isLambda: boolean, scriptPath: string }} fields
 */
function startingRecord({ pythonPath, isLambda, scriptPath }) {
  const message = '[TIMING] Starting persistent Python LiteLLM server';
  return { message, pythonPath, isLambda, scriptPath };
}

/**
 * @param {{ spawnDuration: number, pythonPath: string, pid: number }} fields ms
 */
function spawnedRecord({ spawnDuration, pythonPath, pid }) {
  const message = '[TIMING] Python LiteLLM server spawned';
  return { message, spawnDuration, pythonPath, pid };
}

/**
 * @param {{ startupDuration: number, memoryUsage: { rss: number, vms: number, percent: number },
 *   parts: Omit<import('./generation').Timings, 'warmUp'> }} fields
 *   ms; bytes, bytes and percent of the machine's memory; the parts of the start, in ms
 */
function readyRecord({ startupDuration, memoryUsage: { rss, vms, percent }, parts }) {
  const message = '[TIMING] Python LiteLLM server ready';
  return { message, startupDuration, memoryUsage: { rss, vms, percent }, parts };
}

/** @param {{ warmUpDuration: number, providers: string[] }} fields ms */
function warmRecord({ warmUpDuration, providers }) {
  return { message: '[TIMING] Python LiteLLM server warmed up', warmUpDuration, providers };
}

module.exports = {
  formatLine,
  fromFrame,
  fromTiming,
  readyRecord,
  spawnedRecord,
  startingRecord,
  warmRecord,
};
