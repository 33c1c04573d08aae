'use strict';

/** What the provider does in these tests. */

const { openai, steps } = require('../fixtures/provider');

const TEXT = ['one ', 'two ', 'three'];

/** A stream whose first text comes at once, and the rest when the gate opens. */
function heldStream(gate) {
  const chunks = openai.text(TEXT).map((chunk) => steps.write(openai.event(chunk)));
  const [first, rest] = [chunks.slice(0, 2), chunks.slice(2)];
  return [
    steps.status(200, openai.SSE_HEADERS),
    ...first,
    steps.wait(gate),
    ...rest,
    steps.write(openai.DONE),
    steps.end(),
  ];
}

module.exports = { TEXT, heldStream };
