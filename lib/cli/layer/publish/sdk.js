'use strict';

/**
 * The AWS SDK, loaded when a command needs it. It is the application's, or that of the folder in
 * which the command runs: the package itself does not bring it into functions.
 */

const { CommandError } = require('../../error');

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

/** @param {string} region */
function s3Client(region) {
  const { S3Client } = s3Sdk();
  // A stand-in for AWS has one host, and not one for each bucket.
  const forcePathStyle = Boolean(process.env.AWS_ENDPOINT_URL_S3 ?? process.env.AWS_ENDPOINT_URL);
  return new S3Client({ region, maxAttempts: ATTEMPTS, forcePathStyle });
}

/**
 * @param {string | undefined} list the option `--regions`
 * @param {(list: string) => string[]} parse
 * @returns {Promise<string[]>} else the one region of the environment or the profile
 */
async function regionsOf(list, parse) {
  if (list !== undefined) return parse(list);
  try {
    // The AWS CLI's variable, which the SDK does not read. Either wins over the profile.
    const { AWS_REGION, AWS_DEFAULT_REGION } = process.env;
    return [await lambdaClient(AWS_REGION || AWS_DEFAULT_REGION || undefined).config.region()];
  } catch (cause) {
    if (cause instanceof CommandError) throw cause;
    const hint = 'Name them: --regions eu-west-1,us-east-1, or set AWS_REGION';
    throw new CommandError('No region is named, by an option, the environment or the profile', hint, {
      cause,
    });
  }
}

module.exports = { lambdaClient, lambdaSdk, regionsOf, s3Client, s3Sdk };
