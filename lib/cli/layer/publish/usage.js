'use strict';

/** What uses the versions of layers: the functions of a region, and the file of ARNs. */

const { readRecord } = require('./record');
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

/**
 * What `layer publish` wrote last is what the next deploy of CDK, Terraform and the like takes.
 * @param {import('@aws-sdk/client-lambda').LambdaClient} client
 * @param {string} [layersFile] the option `--layers-file`
 * @returns {Promise<Map<string, string[]>>} ARN of a layer's version: names of functions, each
 *   with its version, and the file where it names that ARN
 */
async function versionUsers(client, layersFile) {
  const users = await layerUsers(client);
  const { file, layers } = await readRecord(layersFile);
  const regions = Object.values(layers).flatMap((archs) => Object.values(archs));
  for (const { arn } of regions.flatMap((region) => Object.values(region))) {
    users.set(arn, [...(users.get(arn) ?? []), file]);
  }
  return users;
}

module.exports = { versionUsers };
