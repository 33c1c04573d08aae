/** One call from an ES module, ended by `await using` where Node has it. Argument: the request. */
import { LiteLLM } from '../../../lib/index.mjs';

const llm = new LiteLLM({ log: 'stderr' });
const response = await llm.chat.completions.create(JSON.parse(process.argv[2]));
console.log(JSON.stringify({ pid: llm.status().pid, text: response.choices[0].message.content }));
await llm[Symbol.asyncDispose]();
console.log(JSON.stringify({ state: llm.status().state }));
