'use strict';

/** Which versions of layers the functions of a region use. */

const { lambdaSdk } = require('./sdk');

/**
 * Published versions of functions count as well: each keeps the layers that it was made with.
 * @param {import('@aws-sdk/client-lambda').LambdaClient} client
 * @returns {Promise<Map<string, string[]>>} ARN of a layer's version: names of functions, each
 *   with its version; the functions of this account only
 */
async function layerUsers(client) {
  const { paginateListFunctions } = lambdaSdk();
  const users = new Map();
  for await (const page of paginateListFunctions({ client }, { FunctionVersion: 'ALL' })) {
    for (const { FunctionName, Version, Layers = [] } of page.Functions ?? []) {
      for (const { Arn } of Layers) {
        users.set(Arn, [...(users.get(Arn) ?? []), `${FunctionName}:${Version}`]);
      }
    }
  }
  return users;
}

module.exports = { layerUsers };
