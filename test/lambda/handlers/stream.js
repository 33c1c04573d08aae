'use strict';

const { ACTIONS } = require('./actions');

exports.handler = awslambda.streamifyResponse(async (event, responseStream, context) => {
  responseStream.setContentType('text/plain');
  const result = await ACTIONS[event.do](event, { context, sink: responseStream });
  responseStream.write(`\n${JSON.stringify(result)}`);
  responseStream.end();
});
