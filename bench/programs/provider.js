'use strict';

/**
 * A provider that costs next to nothing: its bytes are made before they are asked for, and sent
 * in batches. Prints its URL. The first part of a request's path tells what to send:
 *   /FAMILY-burst-COUNT   so many texts, 20 events a write, as fast as they are taken
 *   /FAMILY-flood-COUNT   its texts again and again, until nobody reads it
 *   /FAMILY-paced-COUNT   one event every 2 ms
 *   /FAMILY-slow-COUNT    one event every 10 ms
 *   /whole-BYTES          a chat completion of that size; /vectors-COUNT embeddings
 */

const http = require('node:http');
const { pipeline } = require('node:stream/promises');
const { setTimeout: pause } = require('node:timers/promises');
const { EVENTS, HEADERS, openai } = require('../support/wire');

const BATCH = 20; // events
const PACES = { paced: 2, slow: 10 }; // ms
const DIMENSIONS = 1536;

/** @type {Map<string, any>} */
const made = new Map();

/** @param {string} key @param {() => any} make */
function once(key, make) {
  if (!made.has(key)) made.set(key, make());
  return made.get(key);
}

/** @param {any[]} events @param {number} size */
function batches(events, size) {
  const parts = [];
  for (let at = 0; at < events.length; at += size)
    parts.push(Buffer.concat(events.slice(at, at + size).map((event) => Buffer.from(event))));
  return parts;
}

/** By the clock, so that a late timer does not slow the pace. @param {http.ServerResponse} response */
async function pace(response, /** @type {Buffer[]} */ parts, /** @type {number} */ ms) {
  const begun = performance.now();
  for (const [number, part] of parts.entries()) {
    const early = begun + number * ms - performance.now();
    if (early > 0) await pause(early);
    response.write(part);
  }
  response.end();
}

/** One stream without an end. @param {Buffer[]} parts */
function* flood(parts) {
  yield parts[0];
  for (;;) yield* parts.slice(1, -1);
}

/** @param {http.ServerResponse} response @param {string} family @param {string} speed @param {number} count */
function stream(response, family, speed, count) {
  const ms = PACES[speed];
  const size = ms === undefined ? BATCH : 1;
  const parts = once(`${family} ${count} ${size}`, () => batches(EVENTS[family](count), size));
  response.writeHead(200, HEADERS[family]);
  if (ms !== undefined) return pace(response, parts, ms);
  return pipeline(speed === 'flood' ? flood(parts) : parts, response);
}

const vector = (/** @type {number} */ seed) =>
  Array.from({ length: DIMENSIONS }, (_, i) => Math.sin(seed * DIMENSIONS + i + 1) / 8);

/** @param {string} what @param {number} size */
function whole(what, size) {
  if (what === 'whole') return openai.completion('A few words. '.repeat(Math.ceil(size / 13)));
  return openai.embeddings(Array.from({ length: size }, (_, i) => vector(i)));
}

const server = http
  .createServer({ keepAliveTimeout: 600_000 }, (request, response) => {
    request.resume().on('end', () => {
      const [, first] = /** @type {string} */ (request.url).split('/');
      const [family, speed, count] = first.split('-');
      if (count !== undefined) return void stream(response, family, speed, Number(count)).catch(() => {});
      const body = once(first, () => Buffer.from(JSON.stringify(whole(family, Number(speed)))));
      response.writeHead(200, { 'content-type': 'application/json', 'content-length': body.length });
      response.end(body);
    });
  })
  .listen(0, '127.0.0.1', () => {
    const { port } = /** @type {import('node:net').AddressInfo} */ (server.address());
    console.log(`http://127.0.0.1:${port}`);
  });
process.stdin.resume().on('end', () => process.exit());
