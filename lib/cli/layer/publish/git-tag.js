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

/**
 * @param {string} name of the layer
 * @param {Awaited<ReturnType<import('../zip').readLayer>>} layer
 * @param {{ arn: string | null }[]} outcomes
 * @returns {Promise<{ tag: string, made: boolean }>} made false: it was there, on whichever commit
 */
async function tagPublished(name, layer, outcomes) {
  const tag = tagOf(name, layer);
  if ((await git('tag', '--list', tag)) !== '') return { tag, made: false };
  const { litellm, python, arch } = layer.manifest;
  const head = `Layer ${name}: litellm ${litellm}, Python ${python}, ${arch}`;
  const lines = [head, '', `sha256 ${layer.sha256}`, ...outcomes.map(({ arn }) => arn)];
  await git('tag', '--annotate', tag, '--message', lines.join('\n'));
  return { tag, made: true };
}

module.exports = { checkClean, tagPublished };
