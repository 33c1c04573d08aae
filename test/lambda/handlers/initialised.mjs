/** A module that waits for Python: under provisioned concurrency the first call waits for nothing. */

import actions from './actions.js';

await actions.llm.ready();

export const handler = (event, context) => actions.ACTIONS[event.do](event, { context });
