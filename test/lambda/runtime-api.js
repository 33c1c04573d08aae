'use strict';

/** A stand-in for Lambda's Runtime API: it hands out invocations and takes their answers. */

const { EventEmitter, once } = require('node:events');
const http = require('node:http');
const { buffer } = require('node:stream/consumers');

const PREFIX = '/2018-06-01/runtime/';
const ARN = 'arn:aws:lambda:eu-west-1:123456789012:function:bridge';
const TRACE = 'Root=1-5bef4de7-ad49b0e87f6ef6c87fc2e700;Parent=9a9197af755a6419;Sampled=0';
const DEADLINE_MS = 60_000; // of an invocation that says nothing else

/**
 * @typedef {object} Outcome
 * @property {'response' | 'error'} kind
 * @property {string} text the body
 * @property {Record<string, string>} headers lower case
 * @property {Record<string, string>} trailers lower case
 */

/** One invocation. Emits `data` for each piece of a streamed answer. */
class Invocation extends EventEmitter {
  /** What came so far. */
  text = '';

  /** @param {string} id @param {unknown} event @param {number} deadlineMs from when it is handed out */
  constructor(id, event, deadlineMs) {
    super();
    this.id = id;
    this.event = event;
    this.deadlineMs = deadlineMs;
    /** @type {Promise<Outcome>} */
    this.outcome = new Promise((resolve) => {
      this.settle = resolve;
    });
  }

  /** @param {Buffer} data */
  add(data) {
    this.text += data;
    this.emit('data');
  }

  /** When this much of the answer has come. @param {(text: string) => boolean} isEnough */
  async received(isEnough) {
    while (!isEnough(this.text)) await once(this, 'data');
  }
}

/** Emits `next` when an invocation is asked for. */
class RuntimeApi extends EventEmitter {
  /** ms since 1970 of each time that an invocation was asked for. @type {number[]} */
  asked = [];
  /** Bodies of /init/error. @type {any[]} */
  initErrors = [];
  /** @type {Map<string, Invocation>} */
  #running = new Map();
  /** @type {Invocation[]} */
  #queue = [];
  /** Those who asked and were not answered. @type {http.ServerResponse[]} */
  #waiting = [];
  #count = 0;
  // Lambda's own never ends a connection that is idle, as one is while Python starts.
  #server = http.createServer({ keepAliveTimeout: 0 }, (request, response) => this.#serve(request, response));

  /** Listens on a free port of the loopback. */
  async listen() {
    this.#server.listen(0, '127.0.0.1');
    await once(this.#server, 'listening');
    this.address = `127.0.0.1:${/** @type {any} */ (this.#server.address()).port}`;
    return this;
  }

  async close() {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  /** How many runtimes (or threads of one) ask for an invocation now. */
  get waiting() {
    return this.#waiting.length;
  }

  /** @param {unknown} event @param {{ deadlineMs?: number }} [options] */
  invoke(event, { deadlineMs = DEADLINE_MS } = {}) {
    const id = `00000000-0000-4000-8000-${String(++this.#count).padStart(12, '0')}`;
    const invocation = new Invocation(id, event, deadlineMs);
    this.#queue.push(invocation);
    this.#handOut();
    return invocation;
  }

  #handOut() {
    while (this.#queue.length > 0 && this.#waiting.length > 0) {
      const [invocation] = this.#queue.splice(0, 1);
      const [response] = this.#waiting.splice(0, 1);
      this.#running.set(invocation.id, invocation);
      response.writeHead(200, {
        'content-type': 'application/json',
        'lambda-runtime-aws-request-id': invocation.id,
        'lambda-runtime-deadline-ms': Date.now() + invocation.deadlineMs,
        'lambda-runtime-invoked-function-arn': ARN,
        'lambda-runtime-trace-id': TRACE,
      });
      response.end(JSON.stringify(invocation.event));
    }
  }

  #serve(request, response) {
    const [, id, what] = /^invocation\/([^/]+)\/(response|error)$/.exec(this.#path(request)) ?? [];
    if (this.#path(request) === 'invocation/next') return this.#next(response);
    const done = id ? this.#settle(request, id, what) : this.#initError(request);
    done.then(
      () => response.writeHead(202, { 'content-type': 'application/json' }).end('{"status":"OK"}'),
      () => response.destroy(), // the runtime is gone
    );
  }

  #path(request) {
    return request.url.startsWith(PREFIX) ? request.url.slice(PREFIX.length) : '';
  }

  #next(response) {
    this.asked.push(Date.now());
    this.#waiting.push(response);
    response.once('close', () => {
      this.#waiting = this.#waiting.filter((other) => other !== response);
    });
    this.emit('next');
    this.#handOut();
  }

  async #settle(request, id, kind) {
    const invocation = this.#running.get(id);
    request.on('data', (data) => invocation.add(data));
    await once(request, 'end');
    this.#running.delete(id);
    const { headers, trailers } = request;
    invocation.settle({ kind, text: invocation.text, headers, trailers });
  }

  async #initError(request) {
    this.initErrors.push(JSON.parse((await buffer(request)).toString()));
  }
}

module.exports = { RuntimeApi };
