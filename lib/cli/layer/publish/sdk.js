'use strict';

/**
 * The AWS SDK, loaded when a command needs it. It is the application's, or that of the folder in
 * which the command runs: the package itself does not bring it into functions.
 */

const { CommandError } = require('../../error');
const { isKnown } = require('./explain');
const { parseList } = require('./names');

const ATTEMPTS = 5; // of each request, but for the one that makes a version

/** @returns {any} */
function load(name) {
  // Which Node the SDK's next versions are for would stand before what a command says.
  process.env.AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED ??= 'true';
  try {
    return require(require.resolve(name, { paths: [__dirname, process.cwd()] }));
  } catch (cause) {
    if (cause.code !== 'MODULE_NOT_FOUND') throw cause;
    const hint = `Install it, as a development dependency (functions do not need it): npm install --save-dev ${name}`;
    throw new CommandError(`${name} (the AWS SDK, version 3) is not installed`, hint, { cause });
  }
}

/** @returns {typeof import('@aws-sdk/client-lambda')} */
const lambdaSdk = () => load('@aws-sdk/client-lambda');

/** @returns {typeof import('@aws-sdk/client-s3')} */
const s3Sdk = () => load('@aws-sdk/client-s3');

/**
 * @param {string} [region] else the one of the environment or the profile
 * @param {{ attempts?: number }} [options]
 */
function lambdaClient(region, { attempts = ATTEMPTS } = {}) {
  const { LambdaClient } = lambdaSdk();
  return new LambdaClient({ region, maxAttempts: attempts });
}

/**
 * The SDK's own errors say what is wrong with the settings; for some mistakes (a file that is
 * missing, a session that a profile names) it throws what happened to go wrong in it.
 * @param {import('@aws-sdk/client-lambda').LambdaClient} client
 */
async function checkSettings(client) {
  try {
    await client.config.credentials();
  } catch (cause) {
    if (isKnown(cause)) throw cause;
    const hint =
      'See the profile (AWS_PROFILE) in ~/.aws/config, what it names (sso_session, source_profile), and in the environment AWS_WEB_IDENTITY_TOKEN_FILE';
    throw new CommandError(`The AWS settings can't be used: ${cause.message}`, hint, { cause });
  }
}

/**
 * @template T
 * @param {string} region
 * @param {(client: import('@aws-sdk/client-lambda').LambdaClient) => Promise<T>} work has the client
 *   until it ends
 * @returns {Promise<T>}
 * @throws {CommandError | Error} what the work failed with, or why there are no credentials
 */
async function withLambda(region, work) {
  const client = lambdaClient(region);
  try {
    await checkSettings(client);
    return await work(client);
  } finally {
    client.destroy();
  }
}

/** @param {string} region */
function s3Client(region) {
  const { S3Client } = s3Sdk();
  // A stand-in for AWS has one host, and not one for each bucket.
  const forcePathStyle = Boolean(process.env.AWS_ENDPOINT_URL_S3 ?? process.env.AWS_ENDPOINT_URL);
  return new S3Client({ region, maxAttempts: ATTEMPTS, forcePathStyle });
}

/**
 * @param {string} option that names another
 * @returns {Promise<string>} the one region of the environment or the profile
 */
async function usualRegion(option) {
  try {
    // The AWS CLI's variable, which the SDK does not read. Either wins over the profile.
    const { AWS_REGION, AWS_DEFAULT_REGION } = process.env;
    return await lambdaClient(AWS_REGION || AWS_DEFAULT_REGION || undefined).config.region();
  } catch (cause) {
    if (cause instanceof CommandError) throw cause;
    const hint = `Name it: ${option}, or set AWS_REGION`;
    throw new CommandError('No region is named, by an option, the environment or the profile', hint, {
      cause,
    });
  }
}

/**
 * @param {string | undefined} list the option `--regions`
 * @returns {Promise<string[]>} else the one region of the environment or the profile
 */
async function regionsOf(list) {
  if (list !== undefined) return parseList('region', list);
  return [await usualRegion('--regions eu-west-1,us-east-1')];
}

module.exports = { lambdaClient, lambdaSdk, regionsOf, s3Client, s3Sdk, usualRegion, withLambda };
