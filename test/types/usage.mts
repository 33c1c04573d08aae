// The ESM face, checked by tsc.

import bridge, { type LiteLLM, MidStreamFallbackError, type ServiceUnavailableError } from 'litellm-bridge';

const llm: LiteLLM = new bridge.LiteLLM();
export const related: typeof ServiceUnavailableError = MidStreamFallbackError;
export const status = llm.status().state;
