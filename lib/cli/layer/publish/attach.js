'use strict';

/** `litellm-bridge layer attach`: gives a function the layer, in place of an older version of it. */

const { CommandError } = require('../../error');
const { explain } = require('./explain');
const { checkName } = require('./names');
const { lambdaClient, lambdaSdk, regionsOf } = require('./sdk');
const { listVersions } = require('./versions');

const MOST_LAYERS = 5; // of a function
const WAIT = 120; // s, for Lambda to take a change
const LEAST_MEMORY = 512; // MB
const VERSION_ARN =
  /^(?<layer>arn:aws[a-z-]*:lambda:(?<region>[a-z0-9-]+):\d{12}:layer:[\w-]+):(?<number>\d+)$/;

/**
 * @typedef {object} AttachOptions
 * @property {string} name of the layer
 * @property {string} [layerArn] of a version; then the name does not matter
 * @property {string} [region]
 * @property {boolean} [dryRun]
 */

/** @returns {{ layer: string, region: string, number: number }} the parts of a version's ARN */
function parseArn(arn) {
  const parts = VERSION_ARN.exec(arn)?.groups;
  if (parts) return { layer: parts.layer, region: parts.region, number: Number(parts.number) };
  const hint =
    'It is written like arn:aws:lambda:eu-west-1:123456789012:layer:litellm:3; layer list shows them';
  throw new CommandError(`${arn} is no ARN of a layer's version`, hint);
}

/** Throws when no layer can be attached, or not this one. */
function checkFunction(config) {
  const { FunctionName, PackageType, Runtime } = config;
  if (PackageType === 'Image') {
    const hint = 'Copy it into the image: COPY litellm-layer/ARCH/python /opt/python; see layer/README.md';
    throw new CommandError(`${FunctionName} is a container image, which takes no layers`, hint);
  }
  if (!/^nodejs/.test(Runtime ?? '')) {
    const hint = 'Use nodejs20.x, nodejs22.x or nodejs24.x';
    throw new CommandError(`${FunctionName} runs on ${Runtime}; the layer is for Node functions`, hint);
  }
}

const archOf = ({ Architectures = ['x86_64'] }) => Architectures[0];

/** The newest version for the function's architecture. */
async function newest(client, name, config) {
  const arch = archOf(config);
  const versions = await listVersions(client, name);
  const fitting = versions.find(({ archs }) => archs.includes(arch));
  if (fitting) return fitting.arn;
  const there = [...new Set(versions.flatMap(({ archs }) => archs))];
  const which =
    there.length > 0 ? `there are versions for ${there.join(' ')}` : 'there is no such layer here';
  const hint = `Publish it: npx litellm-bridge layer publish --name ${name} --arch ${arch}`;
  throw new CommandError(
    `No version of the layer ${name} is for ${arch}, as the function is: ${which}`,
    hint,
  );
}

/** A layer that is named by its ARN may be another account's. */
async function checkNamed(client, arn, config) {
  const { GetLayerVersionCommand } = lambdaSdk();
  const { layer, number } = parseArn(arn);
  const request = new GetLayerVersionCommand({ LayerName: layer, VersionNumber: number });
  const { CompatibleArchitectures: archs = [] } = await client.send(request);
  const arch = archOf(config);
  if (archs.length === 0 || archs.includes(arch)) return arn;
  const hint = `Take the layer's version for ${arch}; the function would fail with "exec format error"`;
  throw new CommandError(`${arn} is for ${archs.join(' ')}; the function is ${arch}`, hint);
}

/**
 * In the place of another version of the same layer; else behind the others, since what is
 * unpacked last wins.
 */
function withLayer(config, arn) {
  const { layer } = parseArn(arn);
  const before = (config.Layers ?? []).map(({ Arn }) => Arn);
  const isOurs = (other) => other.replace(/:\d+$/, '') === layer;
  const after = before.some(isOurs) ? before.map((other) => (isOurs(other) ? arn : other)) : [...before, arn];
  if (after.length <= MOST_LAYERS) return { before, after };
  const hint = `Take one away first; they are:\n  ${before.join('\n  ')}`;
  throw new CommandError(
    `${config.FunctionName} has ${before.length} layers; AWS allows ${MOST_LAYERS}`,
    hint,
  );
}

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

/** Refused by AWS when the function changed meanwhile, and waited for. */
async function update(client, { FunctionName, RevisionId }, layers) {
  const { UpdateFunctionConfigurationCommand, waitUntilFunctionUpdatedV2 } = lambdaSdk();
  await client.send(new UpdateFunctionConfigurationCommand({ FunctionName, RevisionId, Layers: layers }));
  await waitUntilFunctionUpdatedV2({ client, maxWaitTime: WAIT }, { FunctionName });
}

/** @param {any} client @param {string} name @param {AttachOptions} options */
async function attachWith(client, name, options) {
  const { name: layerName, layerArn, dryRun } = options;
  const config = await getFunction(client, name);
  checkFunction(config);
  const arn = layerArn ? await checkNamed(client, layerArn, config) : await newest(client, layerName, config);
  const { before, after } = withLayer(config, arn);
  if (before.join() === after.join()) return { state: 'is there already', arn, config };
  if (dryRun) return { state: 'would be attached', arn, config };
  await update(client, config, after);
  return { state: 'is attached', arn, config };
}

function advise({ MemorySize = LEAST_MEMORY }) {
  if (MemorySize >= LEAST_MEMORY) return;
  console.log(
    `The function has ${MemorySize} MB; Python with LiteLLM needs ${LEAST_MEMORY} MB at least, and starts faster with more.`,
  );
}

/**
 * @param {string} functionName
 * @param {AttachOptions} options
 * @returns {Promise<number>} the exit status
 */
async function attach(functionName, options) {
  checkName('function', functionName);
  checkName('layer', options.name);
  const ofLayer = options.layerArn === undefined ? undefined : parseArn(options.layerArn).region;
  const named = options.region ?? ofLayer;
  const [region] = await regionsOf(named, (text) => [checkName('region', text)]);
  const client = lambdaClient(region);
  try {
    const { state, arn, config } = await attachWith(client, functionName, options);
    console.log(`${config.FunctionName}: ${arn} ${state}`);
    advise(config);
    return 0;
  } catch (error) {
    throw explain(error);
  } finally {
    client.destroy();
  }
}

module.exports = { attach };
