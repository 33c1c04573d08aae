'use strict';

/** The commands that bring a layer to AWS. */

const DEFAULT_NAME = 'litellm';
/** @type {[string, string]} */
const LAYERS_FILE = [
  '--layers-file <file>',
  'what layer publish wrote, its --output (default: litellm-layer/layers.json)',
];

const named = (command) => command.option('--name <name>', 'of the layer', DEFAULT_NAME);
const inRegions = (command) =>
  named(command).option('--regions <list>', 'separated by commas; default: the one of your AWS settings');

/** The exit status of what an action returns. */
const status =
  (action) =>
  async (...args) => {
    process.exitCode = await action(...args);
  };

/** Only what is asked for is loaded: the other commands need no AWS SDK. */
const lazily = (load) => status((...args) => load()(...args));

function addPublishing(layer) {
  inRegions(layer.command('publish [zip]'))
    .description('publish a layer that was built; an unchanged one makes no new version')
    .option('--arch <arch>', 'x86_64 or arm64: which of the zips in litellm-layer/')
    .option(
      '--s3-bucket <name>',
      'for zips above 50 MB, in the same region: NAME, NAME-{region}, or REGION=NAME,…',
    )
    .option('--accounts <list>', 'AWS accounts that may use it')
    .option('--organisation <id>', 'an AWS organisation whose accounts may use it')
    .option('--public', 'everybody may use it')
    .option(
      '--output <file>',
      'where the ARNs go, for CDK, Terraform and the like (default: litellm-layer/layers.json)',
    )
    .option('--git-tag', 'tag the commit that it was built from')
    .option('--dry-run', 'only say what would be done')
    .action(lazily(() => require('./publish').publish));
}

function addHousekeeping(layer) {
  inRegions(layer.command('list'))
    .description('list the versions of a layer')
    .option('--json', 'as JSON')
    .action(lazily(() => require('./list').list));
  inRegions(layer.command('prune'))
    .description('remove old versions that no function of the account uses, nor the file of ARNs names')
    .requiredOption('--keep <n>', 'how many of the newest stay, for each architecture')
    .option(...LAYERS_FILE)
    .option('--yes', 'do not ask')
    .option('--dry-run', 'only say what would go')
    .action(lazily(() => require('./prune').prune));
  named(layer.command('attach <function>'))
    .description('give a function the version that was published last, for its architecture')
    .option('--layer-arn <arn>', 'this version instead')
    .option(...LAYERS_FILE)
    .option('--region <region>', 'default: the one of your AWS settings')
    .option('--dry-run', 'only say what would be done')
    .action(lazily(() => require('./attach').attach));
}

/** @param {import('commander').Command} layer the group `layer` */
function addPublish(layer) {
  addPublishing(layer);
  addHousekeeping(layer);
}

module.exports = { addPublish };
