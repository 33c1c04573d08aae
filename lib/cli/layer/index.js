'use strict';

/** `litellm-bridge layer …`: from the layer's build to its place at a function. */

const { interruption } = require('../interruption');
const { buildCommand } = require('./builder');
const { addPublish } = require('./publish');
const { updateCommand } = require('./update');
const { verifyCommand } = require('./verify');

const collect = (value, all) => [...all, value];

/** What decides what is built. @param {import('commander').Command} command */
function withBuildOptions(command) {
  return command
    .option('--arch <name>', "x86_64 or arm64; else this machine's")
    .option('--out <folder>', 'where to put it', 'litellm-layer')
    .option('--requirements <file>', 'other packages than LiteLLM and boto3, with hashes or without')
    .option(
      '--extra <package>',
      'a package more, such as google-auth for Vertex AI; may be repeated',
      collect,
      [],
    )
    .option('--slim', 'leave out more: see layer/README.md')
    .option('--full', 'leave out nothing that could work, and keep the sources')
    .option('--docker', 'build in Docker, even where it is not needed')
    .option('--no-docker', 'never build in Docker')
    .option('--refresh', "take Debian's newest packages, and not those of the last build");
}

/** Of --docker and --no-docker, neither leaves the choice to the build. */
function chosen(options, command) {
  const asked = command.getOptionValueSource('docker') === 'cli';
  return { ...options, docker: asked ? options.docker : undefined };
}

/** @param {import('commander').Command} layer */
function addBuild(layer) {
  withBuildOptions(layer.command('build'))
    .description('build a layer: Python 3.11 with LiteLLM, for /opt of a Node function')
    .option('--json', 'the report as JSON, on one line before the path')
    .action((options, command) => buildCommand(chosen(options, command), interruption()));
}

/** @param {import('commander').Command} layer */
function addUpdate(layer) {
  withBuildOptions(layer.command('update'))
    .description(
      'build the layer with another LiteLLM, verify it, and show what changed; the former one stays unless all is well',
    )
    .argument('[version]', 'of LiteLLM; else the newest')
    .option('--lock <file>', 'where the versions and hashes go, for later builds', 'litellm-layer.lock')
    .action(async (version, options, command) => {
      process.exitCode = await updateCommand(version, chosen(options, command), interruption());
    });
}

/** @param {import('commander').Command} layer */
function addVerify(layer) {
  layer
    .command('verify')
    .description(
      'check a layer: its files, and what its Python does in an empty root; exit status 1: something is wrong',
    )
    .argument(
      '[path]',
      'a zip, the folder with python/ in it, or the folder of `layer build`',
      'litellm-layer',
    )
    .option('--static', 'only read the files: run nothing')
    .option('--json', 'as JSON')
    .action(async (place, options) => {
      process.exitCode = await verifyCommand(place, options, interruption());
    });
}

/** @param {import('commander').Command} program */
function addLayer(program) {
  const layer = program.command('layer').description('the layer with Python and LiteLLM for AWS Lambda');
  addBuild(layer);
  addVerify(layer);
  addUpdate(layer);
  addPublish(layer);
}

module.exports = { addLayer };
