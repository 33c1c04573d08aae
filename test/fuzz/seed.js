'use strict';

/**
 * Writes the first inputs of the fuzz targets from test/vectors/frames.json into the folder given:
 * node test/fuzz/seed.js test/fuzz/corpus
 */

const fs = require('node:fs');
const path = require('node:path');
const vectors = require('../vectors/frames.json');

const CONTROL = [0x41, 0x42, 0x43]; // in the order in which fuzz_control.c has its parsers

/** A bad payload is written without its header: it is put into a frame of call 1. */
function bytesOf({ bytes_hex, type, payload_hex }) {
  if (bytes_hex !== undefined) return Buffer.from(bytes_hex, 'hex');
  const payload = Buffer.from(payload_hex, 'hex');
  const head = Buffer.alloc(12);
  head.writeUInt32LE(payload.length, 0);
  head.writeUInt32LE(1, 4);
  head[8] = type;
  return Buffer.concat([head, payload]);
}

const all = [...vectors.frames, ...vectors.bad, ...vectors.bad_payloads].map(bytesOf);

/** fuzz_channel.c: the worker sends these bytes (3), in pieces of 255 at most; a turn (5). */
function channelScript(bytes) {
  const open = [11, 4, 1]; // act: begin a stream, so that call 1 is known
  const pieces = [];
  for (let at = 0; at < bytes.length; at += 255) {
    const piece = bytes.subarray(at, at + 255);
    pieces.push(Buffer.from([3, piece.length]), piece);
  }
  return Buffer.concat([Buffer.from(open), ...pieces, Buffer.from([5])]);
}

function controlInputs() {
  const messages = vectors.frames.filter(({ type }) => CONTROL.includes(type));
  return messages.map(({ type, payload_hex }) =>
    Buffer.concat([Buffer.from([CONTROL.indexOf(type), 0]), Buffer.from(payload_hex, 'hex')]),
  );
}

const inputs = {
  fuzz_frame: [...all, Buffer.concat(all)],
  fuzz_control: controlInputs(),
  fuzz_channel: all.map(channelScript),
  fuzz_calls: [Buffer.from([0, 0, 8, 4, 6, 0, 2, 9, 3, 0, 4, 255, 255, 1, 0])],
};

for (const [target, list] of Object.entries(inputs)) {
  const folder = path.join(process.argv[2], target);
  fs.mkdirSync(folder, { recursive: true });
  for (const [n, bytes] of list.entries()) fs.writeFileSync(path.join(folder, `seed-${n}`), bytes);
}
