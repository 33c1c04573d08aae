'use strict';

const { LiteLLM } = require('./client');
const { AbortError, LiteLLMError, PROVIDER_ERRORS, ProviderError } = require('./errors');
const { Stream } = require('./stream');

module.exports = { AbortError, LiteLLM, LiteLLMError, ProviderError, Stream, ...PROVIDER_ERRORS };
