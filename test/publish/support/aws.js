'use strict';

/** A moto server, and before it a proxy that can answer as AWS does in trouble. */

const { spawn } = require('node:child_process');
const { once } = require('node:events');
const http = require('node:http');
const { createInterface } = require('node:readline');
const { buffer } = require('node:stream/consumers');

const { awsPython } = require('../../../scripts/steps/aws-tools');

/** @returns {Promise<{ port: number, stop: () => Promise<void> }>} */
async function startMoto() {
  const args = ['-m', 'moto.server', '-H', '127.0.0.1', '-p', '0'];
  const child = spawn(awsPython(), args, { stdio: ['ignore', 'ignore', 'pipe'] });
  for await (const line of createInterface({ input: child.stderr })) {
    const port = /Running on http:\/\/127\.0\.0\.1:(\d+)/.exec(line)?.[1];
    if (port) return { port: Number(port), stop: () => end(child) };
  }
  throw new Error('moto ended before it listened');
}

async function end(child) {
  const gone = once(child, 'exit');
  child.kill('SIGKILL');
  await gone;
}

const BODY = 4096; // characters kept: zips are not looked into

/** What is asked for, as a test sees it. */
function describe({ method, url, headers }, body) {
  const region = /\/\d{8}\/([a-z0-9-]+)\//.exec(headers.authorization ?? '')?.[1];
  return { method, path: url.split('?')[0], region, body: body.toString('utf8', 0, BODY) };
}

function reply(response, { status, code = '', message = 'made up by the test', headers = {}, body = {} }) {
  response.writeHead(status, {
    'content-type': 'application/json',
    'x-amzn-errortype': code,
    'x-amzn-requestid': 'request-of-the-test',
    ...headers,
  });
  response.end(JSON.stringify({ message, Message: message, ...body }));
}

/** Passes a request on; with `lose` the answer is dropped. */
function pass(port, request, body, response, lose) {
  const { method, url, headers } = request;
  const onward = http.request({ host: '127.0.0.1', port, method, path: url, headers }, (answer) => {
    if (lose) {
      answer.resume().on('end', () => request.socket.destroy());
      return;
    }
    response.writeHead(answer.statusCode, answer.headers);
    answer.pipe(response);
  });
  onward.on('error', () => response.destroy());
  onward.end(body);
}

/**
 * @typedef {object} Fault
 * @property {(asked: ReturnType<typeof describe>) => boolean} when
 * @property {number} [times] default: always
 * @property {{ status: number, code?: string, message?: string, headers?: object, body?: object }} [answer]
 *   in the place of moto's
 * @property {(body: Buffer) => Buffer} [damage] what becomes of the request; as many bytes. Without
 *   either the answer of moto is lost on its way
 */

/** moto behind a proxy, for one test file; `asked`, `faults` and `hooks` are emptied by `reset`. */
async function startAws() {
  const moto = await startMoto();
  /** @type {ReturnType<typeof describe>[]} */
  const asked = [];
  /** @type {Fault[]} */
  const faults = [];
  /** @type {((asked: ReturnType<typeof describe>) => Promise<void>)[]} */
  const hooks = [];
  const server = http.createServer(async (request, response) => {
    const body = await buffer(request);
    const what = describe(request, body);
    asked.push(what);
    for (const hook of hooks) await hook(what);
    const fault = faults.find(({ when, times = Number.POSITIVE_INFINITY }) => times > 0 && when(what));
    if (fault?.times) fault.times--;
    if (fault?.answer) reply(response, fault.answer);
    else if (fault?.damage) pass(moto.port, request, fault.damage(body), response, false);
    else pass(moto.port, request, body, response, fault !== undefined);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = /** @type {import('node:net').AddressInfo} */ (server.address());
  const url = `http://127.0.0.1:${port}`;
  return {
    url,
    asked,
    faults,
    hooks, // waited for before a request is passed on
    async reset() {
      asked.length = 0;
      faults.length = 0;
      hooks.length = 0;
      await fetch(`http://127.0.0.1:${moto.port}/moto-api/reset`, { method: 'POST' });
    },
    async stop() {
      server.close();
      server.closeAllConnections();
      await moto.stop();
    },
  };
}

module.exports = { startAws };
