'use strict';

/** What AWS answered, in words that say what to do. */

const { CommandError } = require('../../error');

const LOG_IN =
  'Log in anew: aws sso login, or aws configure; a role that was assumed, and the keys of a CI job, last for a limited time';
const NETWORK =
  'See that the name of the region is right and that the network is there (HTTPS_PROXY, NO_PROXY); AWS_ENDPOINT_URL names another endpoint, where it is set';

/** @type {[RegExp, string, string][]} names of errors, what happened, what to do */
const KNOWN = [
  [
    /^(CredentialsProviderError|TokenProviderError)$/,
    'No AWS credentials were found',
    'Give some: aws configure, aws sso login and AWS_PROFILE, or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY in the environment',
  ],
  [/^(ExpiredToken|ExpiredTokenException|RequestExpired)$/, 'The AWS credentials have expired', LOG_IN],
  [
    /^(UnrecognizedClientException|InvalidClientTokenId|InvalidAccessKeyId|InvalidSignatureException|SignatureDoesNotMatch)$/,
    'AWS does not know these credentials in this region',
    'See that they are right (aws sts get-caller-identity). A region may be switched off for the account, or be of another partition (China, GovCloud), which has credentials of its own',
  ],
  [
    /^(AccessDenied|AccessDeniedException|Forbidden|403)$/,
    'AWS does not allow this',
    'Let an administrator allow the action; layer/README.md lists those that each command needs',
  ],
  [
    /^(TooManyRequestsException|Throttling|ThrottlingException|ThrottledException|SlowDown|RequestLimitExceeded)$/,
    'AWS throttles the account, still after several attempts',
    'Wait a minute and run it again: what is done is not done twice',
  ],
  [
    /^CodeStorageExceededException$/,
    'The account has no room for another version in this region (75 GB for all code)',
    'Remove old ones: npx litellm-bridge layer prune --keep 3',
  ],
  [
    /^RequestEntityTooLargeException$/,
    'The zip is too large to be sent to Lambda',
    'Let it go through S3: --s3-bucket NAME',
  ],
  [
    /^ERR_INVALID_URL$/,
    'The endpoint is no URL',
    'AWS_ENDPOINT_URL, or endpoint_url in the profile, is written like https://lambda.eu-west-1.amazonaws.com',
  ],
  [
    /^ResourceConflictException$/,
    'Another change is under way',
    'Wait until it is done (aws lambda get-function-configuration --function-name NAME --query LastUpdateStatus), then run it again',
  ],
  [
    /^PreconditionFailedException$/,
    'It was changed meanwhile',
    'Run it again: it goes by what is there then',
  ],
  [/^(ENOTFOUND|EAI_AGAIN)$/, 'There is no endpoint of that name', NETWORK],
  [
    /^(ECONNREFUSED|ECONNRESET|EPIPE|ETIMEDOUT|EHOSTUNREACH|ENETUNREACH|TimeoutError)$/,
    "AWS can't be reached",
    NETWORK,
  ],
  [
    /^(ServiceException|InternalError|InternalFailure|ServiceUnavailable|5\d\d)$/,
    'AWS had a failure of its own, still after several attempts',
    'Run it again later: what is done is not done twice',
  ],
];

/** What else an error of the SDK may be known by. */
function namesOf(error) {
  const status = error.$metadata?.httpStatusCode;
  return [error.name, error.code, error.cause?.code, ...(status ? [String(status)] : [])].filter(Boolean);
}

/** AWS's own words, and what its support would ask for. */
function wordsOf(error) {
  const request = error.$metadata?.requestId;
  const said = error.message || error.name || String(error);
  const words = error.code === 'ERR_INVALID_URL' ? `${said}: ${error.input}` : said;
  return request ? `${words} (${error.name}, request ${request})` : words;
}

function knownOf(error) {
  const names = namesOf(error);
  return KNOWN.find(([pattern]) => names.some((name) => pattern.test(name)));
}

/** Whether `explain` has more to say of it than that nobody foresaw it. @param {any} error */
function isKnown(error) {
  return error instanceof CommandError || error.$metadata !== undefined || knownOf(error) !== undefined;
}

/** A defect, of ours or of the SDK: whoever mends it needs the stack. */
function unexpected(cause) {
  const words = cause instanceof Error ? `${cause.name}: ${cause.message}` : String(cause);
  const hint = `Report it to litellm-bridge, with this:\n${cause?.stack ?? words}`;
  return new CommandError(`Nobody foresaw this: ${words}`, hint, { cause });
}

/**
 * @param {any} error of the SDK, one of ours, or any other
 * @returns {CommandError}
 */
function explain(error) {
  if (error instanceof CommandError) return error;
  const known = knownOf(error);
  if (TOO_LARGE.test(error.message)) {
    const hint =
      'Unpacked, the function and all its layers may have 262144000 bytes: layer build --slim, or take packages out of the function; layer/README.md';
    return new CommandError(`It is too large: ${wordsOf(error)}`, hint, { cause: error });
  }
  if (known) return new CommandError(`${known[1]}: ${wordsOf(error)}`, known[2], { cause: error });
  if (!error.$metadata) return unexpected(error);
  const hint = 'These are the words of AWS; the request is named for its support';
  return new CommandError(`AWS refused: ${wordsOf(error)}`, hint, { cause: error });
}

/** Of the codes that stand for much, by AWS's words. */
const TOO_LARGE = /(?:unzipped size|available size) .*bytes/i;

const RETRYABLE = new Set(['TooManyRequestsException', 'TimeoutError', 'ECONNRESET', 'EPIPE', 'ETIMEDOUT']);

/**
 * Whether the same may go well in a moment.
 * @param {any} error of the SDK
 */
function isRetryable(error) {
  if (error instanceof CommandError) return false;
  return (
    error.$retryable !== undefined ||
    (error.$metadata?.httpStatusCode ?? 0) >= 500 ||
    namesOf(error).some((name) => RETRYABLE.has(name) || /Throttl/.test(name))
  );
}

module.exports = { explain, isKnown, isRetryable };
