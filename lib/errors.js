'use strict';

/**
 * The errors that users see. Codes, texts and hints are those of src/core/errors.h.
 */

const native = require('./native');

/** What went wrong and what to do, by code. @type {Record<string, { text: string, hint: string }>} */
const TABLE = native.errors;

/**
 * Every error of this package but an abort.
 *
 * `message` is the text of the code, then what is special about this case; `hint` says what to do.
 */
class LiteLLMError extends Error {
  /**
   * @param {string} code one of docs/errors.md
   * @param {string} [detail] this case, for people; without secrets
   * @param {{ cause?: unknown, hint?: string }} [options] hint: better than the code's own
   */
  constructor(code, detail, options) {
    const { text, hint } = TABLE[code] ?? { text: code, hint: '' };
    super(detail ? `${text}: ${detail}` : text, options);
    this.code = code;
    this.hint = options?.hint ?? hint;
  }
}
LiteLLMError.prototype.name = 'LiteLLMError';

/**
 * What LiteLLM raised: an error of the provider, or of LiteLLM on the way to it.
 *
 * `name` and `message` are LiteLLM's own. There is a subclass for each of LiteLLM's exceptions.
 */
class ProviderError extends LiteLLMError {
  /**
   * @param {object} meta what the worker's error frame says
   * @param {string} meta.message
   * @param {string} [meta.name] LiteLLM's name of the exception
   * @param {number | null} [meta.status] HTTP status
   * @param {Record<string, string>} [meta.headers] the provider's
   * @param {string | null} [meta.provider]
   * @param {string | null} [meta.model]
   * @param {string | null} [meta.type]
   * @param {string | null} [meta.param]
   * @param {string | number | null} [meta.providerCode] the provider's own code
   * @param {string | null} [meta.requestId]
   * @param {boolean} [meta.retryable] the same request may succeed later
   * @param {object | null} [meta.usage] what the tokens that came have used
   * @param {number | null} [meta.cost] USD
   * @param {boolean | null} [meta.estimated] LiteLLM counted the usage itself
   */
  constructor(meta) {
    super('ERR_PROVIDER');
    this.message = meta.message;
    if (meta.name !== undefined && meta.name !== this.name) this.name = meta.name;
    this.status = meta.status ?? null;
    this.headers = meta.headers ?? {};
    this.provider = meta.provider ?? null;
    this.model = meta.model ?? null;
    this.type = meta.type ?? null;
    this.param = meta.param ?? null;
    this.providerCode = meta.providerCode ?? null;
    this.requestId = meta.requestId ?? null;
    this.retryable = meta.retryable ?? false;
    this.usage = meta.usage ?? null;
    this.cost = meta.cost ?? null;
    this.estimated = meta.estimated ?? null;
  }
}
ProviderError.prototype.name = 'ProviderError';

/**
 * LiteLLM's exceptions and what each is a kind of, as in litellm.exceptions.
 * @type {[name: string, parent?: string][]}
 */
const HIERARCHY = [
  ['AuthenticationError'],
  ['NotFoundError'],
  ['BadRequestError'],
  ['ImageFetchError', 'BadRequestError'],
  ['ContextWindowExceededError', 'BadRequestError'],
  ['RejectedRequestError', 'BadRequestError'],
  ['ContentPolicyViolationError', 'BadRequestError'],
  ['UnsupportedParamsError', 'BadRequestError'],
  ['LiteLLMUnknownProvider', 'BadRequestError'],
  ['InvalidRequestError', 'BadRequestError'],
  ['UnprocessableEntityError'],
  ['PermissionDeniedError'],
  ['RateLimitError'],
  ['ServiceUnavailableError'],
  ['MidStreamFallbackError', 'ServiceUnavailableError'],
  ['InternalServerError'],
  ['BadGatewayError'],
  ['APIError'],
  ['APIConnectionError'],
  ['Timeout', 'APIConnectionError'],
  ['APIResponseValidationError'],
  ['JSONSchemaValidationError', 'APIResponseValidationError'],
  ['OpenAIError'],
  ['BudgetExceededError'],
  ['GuardrailRaisedException'],
  ['BlockedPiiEntityError'],
  ['MockException', 'APIError'],
];

/**
 * @param {string} name
 * @param {typeof ProviderError} Parent
 * @returns {typeof ProviderError}
 */
function subclass(name, Parent) {
  const Class = { [name]: class extends Parent {} }[name];
  Class.prototype.name = name;
  return Class;
}

/** @type {Record<string, typeof ProviderError>} */
const PROVIDER_ERRORS = Object.create(null);
for (const [name, parent] of HIERARCHY) {
  PROVIDER_ERRORS[name] = subclass(name, parent ? PROVIDER_ERRORS[parent] : ProviderError);
}

/**
 * A call was aborted. `cause` is the signal's reason. Like the abort errors of Node.
 */
class AbortError extends Error {
  /** @param {unknown} [reason] */
  constructor(reason) {
    super('The operation was aborted', { cause: reason });
    this.code = 'ABORT_ERR';
  }
}
AbortError.prototype.name = 'AbortError';

/**
 * The error that an error frame describes.
 * @param {any} meta
 * @returns {LiteLLMError}
 */
function fromMeta(meta) {
  if (meta.code !== 'ERR_PROVIDER') return new LiteLLMError(meta.code, meta.message, { hint: meta.hint });
  const Class = PROVIDER_ERRORS[meta.name] ?? ProviderError;
  return new Class(meta);
}

/**
 * @param {string} detail which argument, and what is wrong with it; never its value
 * @param {unknown} [cause]
 */
function invalidArgument(detail, cause) {
  return new LiteLLMError('ERR_INVALID_ARGUMENT', detail, cause === undefined ? {} : { cause });
}

module.exports = {
  AbortError,
  LiteLLMError,
  PROVIDER_ERRORS,
  ProviderError,
  fromMeta,
  invalidArgument,
};
