'use strict';

/** A function's settings: looked up, changed, and the change waited for. */

const { CommandError } = require('../../error');
const { lambdaSdk } = require('./sdk');

const WAIT = 120; // s, for Lambda to take a change

/**
 * @param {import('@aws-sdk/client-lambda').LambdaClient} client
 * @param {string} name
 * @throws {CommandError} when there is none
 */
async function getFunction(client, name) {
  const { GetFunctionConfigurationCommand } = lambdaSdk();
  try {
    return await client.send(new GetFunctionConfigurationCommand({ FunctionName: name }));
  } catch (error) {
    if (error.name !== 'ResourceNotFoundException') throw error;
    const region = await client.config.region();
    const hint = 'See the name, the region (--region) and the account (AWS_PROFILE)';
    throw new CommandError(`There is no function ${name} in ${region}`, hint, { cause: error });
  }
}

/** @returns {CommandError} why the function does not have what it was given */
function notTaken(name, seconds, config, cause) {
  const { LastUpdateStatus, LastUpdateStatusReason = 'it does not say why' } = config;
  if (LastUpdateStatus === 'Failed') {
    const hint = 'The function runs with what it had before. Mend that, then run this again';
    return new CommandError(`Lambda could not give ${name} the layer: ${LastUpdateStatusReason}`, hint, {
      cause,
    });
  }
  const look = `aws lambda get-function-configuration --function-name ${name} --query LastUpdateStatus`;
  return new CommandError(
    `${name} is still being changed after ${seconds} s; it may have the layer yet`,
    `See whether it is done: ${look}`,
    { cause },
  );
}

/**
 * @param {import('@aws-sdk/client-lambda').LambdaClient} client
 * @param {string} name
 * @param {number} [seconds]
 * @throws {CommandError} when Lambda does not take the change, or not in this time
 */
async function waitForUpdate(client, name, seconds = WAIT) {
  const { waitUntilFunctionUpdatedV2 } = lambdaSdk();
  try {
    await waitUntilFunctionUpdatedV2({ client, maxWaitTime: seconds }, { FunctionName: name });
  } catch (cause) {
    // The waiter's errors hold AWS's answers as a text, and without lambda:GetFunction it sees none.
    const config = await getFunction(client, name);
    if (config.LastUpdateStatus !== 'Successful') throw notTaken(name, seconds, config, cause);
  }
}

/**
 * Refused by AWS when the function changed meanwhile, and waited for.
 * @param {import('@aws-sdk/client-lambda').LambdaClient} client
 * @param {import('@aws-sdk/client-lambda').FunctionConfiguration} config
 * @param {string[]} layers ARNs
 */
async function setLayers(client, { FunctionName = '', RevisionId }, layers) {
  const { UpdateFunctionConfigurationCommand } = lambdaSdk();
  await client.send(new UpdateFunctionConfigurationCommand({ FunctionName, RevisionId, Layers: layers }));
  await waitForUpdate(client, FunctionName);
}

module.exports = { getFunction, setLayers, waitForUpdate };
