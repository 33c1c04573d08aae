'use strict';

/** A tag in git that names what was published from a commit. */

const { CommandError } = require('../../error');
const { run } = require('../../process');

/** @param {string[]} args */
async function git(...args) {
  const { code, out, err } = await run('git', args).catch((cause) => {
    throw new CommandError(`git can't be started: ${cause.message}`, 'Install it, or leave out --git-tag', {
      cause,
    });
  });
  if (code === 0) return out.trim();
  throw new CommandError(
    `git ${args[0]} failed: ${err.trim() || out.trim()}`,
    'Mend it, or leave out --git-tag',
  );
}

/** A tag must name what is in the commit. */
async function checkClean() {
  const changes = await git('status', '--porcelain', '--untracked-files=no');
  if (changes === '') return;
  const hint = 'Commit them first, or leave out --git-tag';
  throw new CommandError(`There are changes that are not in a commit:\n${changes}`, hint);
}

/**
 * Named by the manifest's versions and the zip's hash: another layer is another tag.
 * @param {string} name of the layer
 * @param {Awaited<ReturnType<import('../zip').readLayer>>} layer
 */
function tagOf(name, { sha256, manifest }) {
  return `layer/${name}/${manifest.arch}/litellm-${manifest.litellm}-${sha256.slice(0, 12)}`;
}

function messageOf(name, { sha256, manifest: { litellm, python, arch } }) {
  return `Layer ${name}: litellm ${litellm}, Python ${python}, ${arch}\n\nsha256 ${sha256}`;
}

/**
 * Adds what the tag lacks, as when a layer is published in one region after the other. It stays on
 * its commit.
 * @returns {Promise<string>} what was done
 */
async function amend(tag, arns) {
  const message = await git('tag', '--list', '--format=%(contents:subject)%0a%0a%(contents:body)', tag);
  const missing = arns.filter((arn) => !message.split('\n').includes(arn));
  if (missing.length === 0) return `The tag is there: ${tag}`;
  const lines = [message, ...missing].join('\n');
  await git('tag', '--annotate', '--force', tag, `${tag}^{commit}`, '--message', lines);
  return `Tagged anew, with more ARNs: ${tag}; git push --force origin ${tag}`;
}

/**
 * @param {string} name of the layer
 * @param {Awaited<ReturnType<import('../zip').readLayer>>} layer
 * @param {{ arn: string | null }[]} outcomes
 * @returns {Promise<string>} what was done
 */
async function tagPublished(name, layer, outcomes) {
  const tag = tagOf(name, layer);
  const arns = outcomes.map(({ arn }) => arn);
  if ((await git('tag', '--list', tag)) !== '') return amend(tag, arns);
  await git('tag', '--annotate', tag, '--message', [messageOf(name, layer), ...arns].join('\n'));
  return `Tagged: ${tag}; git push origin ${tag}`;
}

module.exports = { checkClean, tagPublished };
