'use strict';

/** `litellm-bridge layer attach`: gives a function the layer, in place of another version of it. */

const { CommandError } = require('../../error');
const { explain } = require('./explain');
const { getFunction, setLayers } = require('./function');
const { checkName } = require('./names');
const { readRecord } = require('./record');
const { lambdaSdk, usualRegion, withLambda } = require('./sdk');
const { isDamaged, listVersions } = require('./versions');

const MOST_LAYERS = 5; // of a function
const LEAST_MEMORY = 512; // MB
const FUNCTION_REGION = /^arn:[^:]+:lambda:([^:]+):/;
const VERSION_ARN =
  /^(?<layer>arn:aws[a-z-]*:lambda:(?<region>[a-z0-9-]+):\d{12}:layer:[\w-]+):(?<number>\d+)$/;

/**
 * @typedef {object} AttachOptions
 * @property {string} name of the layer
 * @property {string} [layerArn] of a version; then the name does not matter
 * @property {string} [layersFile] that `layer publish` wrote
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

/** @returns {CommandError} there is no version for the function */
function nothingFor(name, arch, versions) {
  const there = [...new Set(versions.flatMap(({ archs }) => archs))];
  const which =
    there.length > 0 ? `there are versions for ${there.join(' ')}` : 'there is no such layer here';
  const hint = `Publish it: npx litellm-bridge layer publish --name ${name} --arch ${arch}`;
  const what = `No version of the layer ${name} is for ${arch}, as the function is: ${which}`;
  return new CommandError(what, hint);
}

const accountOf = (/** @type {string} */ arn) => arn.split(':')[4];

/**
 * The version that the file of ARNs names: what was published last need not be the newest. Where it
 * names none, or one of another account, the newest for the function's architecture.
 * @param {any} client
 * @param {any} config of the function
 * @param {AttachOptions} options
 * @returns {Promise<{ arn: string, note?: string }>}
 */
async function choose(client, config, { name, layerArn, layersFile }) {
  if (layerArn !== undefined) return { arn: layerArn };
  const arch = archOf(config);
  const { file, layers } = await readRecord(layersFile);
  const recorded = layers[name]?.[arch]?.[await client.config.region()]?.arn;
  const versions = await listVersions(client, name);
  const newest = versions.find(({ archs }) => archs.includes(arch));
  const isForeign = recorded !== undefined && accountOf(recorded) !== accountOf(config.FunctionArn);
  const isMeant = recorded !== undefined && (layersFile !== undefined || !isForeign);
  if (isMeant && recorded !== newest?.arn) {
    const other = newest ? `; the newest is version ${newest.number}` : '';
    return { arn: recorded, note: `${file} names it${other}` };
  }
  if (newest === undefined) throw nothingFor(name, arch, versions);
  const note = isForeign ? `${file} names one of another account; this is the newest here` : undefined;
  return { arn: newest.arn, note };
}

/** It may be another account's. */
async function getVersion(client, arn) {
  const { GetLayerVersionCommand } = lambdaSdk();
  const { layer, number } = parseArn(arn);
  try {
    return await client.send(new GetLayerVersionCommand({ LayerName: layer, VersionNumber: number }));
  } catch (cause) {
    if (cause.name !== 'ResourceNotFoundException') throw cause;
    const hint = 'It was removed: layer list shows those that are there, layer publish brings it anew';
    throw new CommandError(`There is no ${arn}`, hint, { cause });
  }
}

/** A Node that came after the layer: its addon needs no other build. */
function isNewer(runtime, runtimes) {
  const numberOf = (/** @type {string} */ name) => Number(/^nodejs(\d+)/.exec(name)?.[1]);
  return numberOf(runtime) > Math.max(...runtimes.map(numberOf));
}

/** Throws unless the version has the bytes that it is described to have, and fits the function. */
async function checkVersion(client, arn, config) {
  const version = await getVersion(client, arn);
  const { CompatibleArchitectures: archs = [], CompatibleRuntimes: runtimes = [] } = version;
  const [arch, runtime] = [archOf(config), config.Runtime];
  if (isDamaged(version)) {
    const hint = 'Publish it anew (layer publish makes another version), and remove this one';
    throw new CommandError(`${arn} has other bytes than its description says`, hint);
  }
  if (archs.length > 0 && !archs.includes(arch)) {
    const hint = `Take the layer's version for ${arch}; the function would fail with "exec format error"`;
    throw new CommandError(`${arn} is for ${archs.join(' ')}; the function is ${arch}`, hint);
  }
  if (runtimes.length > 0 && !runtimes.includes(runtime) && !isNewer(runtime, runtimes)) {
    const what = `${arn} is for ${runtimes.join(' ')}; ${config.FunctionName} runs on ${runtime}`;
    throw new CommandError(what, "Change the function's runtime to one of these");
  }
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

/** @param {any} client @param {string} name @param {AttachOptions} options */
async function attachWith(client, name, options) {
  const config = await getFunction(client, name);
  checkFunction(config);
  const { arn, note } = await choose(client, config, options);
  await checkVersion(client, arn, config);
  const { before, after } = withLayer(config, arn);
  if (before.join() === after.join()) return { state: 'is there already', arn, note, config };
  if (options.dryRun) return { state: 'would be attached', arn, note, config };
  await setLayers(client, config, after);
  return { state: 'is attached', arn, note, config };
}

function advise({ MemorySize = LEAST_MEMORY }) {
  if (MemorySize >= LEAST_MEMORY) return;
  console.log(
    `The function has ${MemorySize} MB; Python with LiteLLM needs ${LEAST_MEMORY} MB at least, and starts faster with more.`,
  );
}

/**
 * @param {string} functionName or its ARN
 * @param {AttachOptions} options
 * @returns {Promise<string>}
 * @throws {CommandError} when two are named
 */
async function regionFor(functionName, { region, layerArn }) {
  const named = [
    ['the function is in', FUNCTION_REGION.exec(functionName)?.[1]],
    ['--region is', region],
    ["the layer's version is in", layerArn === undefined ? undefined : parseArn(layerArn).region],
  ].filter(([, one]) => one !== undefined);
  const regions = new Set(named.map(([, one]) => one));
  if (regions.size > 1) {
    const what = named.map((words) => words.join(' ')).join(', ');
    throw new CommandError(what, 'A function takes layers of its own region only: name one region');
  }
  const [only = await usualRegion('--region eu-west-1')] = regions;
  return checkName('region', only);
}

/**
 * @param {string} functionName
 * @param {AttachOptions} options
 * @returns {Promise<number>} the exit status
 */
async function attach(functionName, options) {
  checkName('function', functionName);
  checkName('layer', options.name);
  const region = await regionFor(functionName, options);
  try {
    const { state, arn, note, config } = await withLambda(region, (client) =>
      attachWith(client, functionName, options),
    );
    console.log(`${config.FunctionName}: ${arn} ${state}`);
    if (note) console.log(note);
    advise(config);
    return 0;
  } catch (error) {
    throw explain(error);
  }
}

module.exports = { attach };
