'use strict';

/** A function as users write it: streams what it is asked for, and says what it cost. */

const fs = require('node:fs');
const { LiteLLM } = require('litellm-bridge');

const llm = new LiteLLM(); // at module level: Python starts while the function initialises

/** Whether a place can be written. */
function isWritable(folder) {
  try {
    fs.writeFileSync(`${folder}/written`, '');
    return true;
  } catch {
    return false;
  }
}

/** Where the function runs. */
function surroundings() {
  const { header } = /** @type {any} */ (process.report.getReport());
  const folders = ['/opt/python', '/var/task', '/var/runtime', '/', '/tmp'];
  return {
    uid: process.getuid?.(),
    glibc: header.glibcVersionRuntime,
    root: fs.readdirSync('/').sort(),
    writable: folders.filter(isWritable),
  };
}

exports.handler = awslambda.streamifyResponse(async (event, responseStream) => {
  const message = await llm.stream(event.request, { responseStream, format: 'text' });
  const { pid, platform, generation, timings: start } = llm.status();
  const rest = { usage: message.usage, timings: message.timings, pid, platform, generation, start };
  if (event.surroundings) Object.assign(rest, surroundings());
  responseStream.write(`\n${JSON.stringify(rest)}`);
  responseStream.end();
});
