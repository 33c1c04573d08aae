'use strict';

/**
 * Building in Docker, without an engine: the command line against a stand-in that records it, and
 * the same command line carried out in a root that is made of what the image is made of.
 */

const assert = require('node:assert/strict');
const fs = require('node:fs');
const path = require('node:path');
const { suite, test } = require('node:test');
const { build } = require('../../lib/cli/layer/builder');
const { builtLayer } = require('../../scripts/steps/layer');
const { imageRoot } = require('../../scripts/steps/lambda-root');
const { temporary } = require('./support/copies');

const TIMEOUT = 900_000; // ms
const STAND_IN = path.join(__dirname, 'support', 'docker.sh');
const PACKAGE = path.join(__dirname, '../..');
const quiet = { report: () => {}, terminal: false };

/** Puts the stand-in on PATH, as docker. */
function withStandIn(t, variables = {}) {
  const folder = temporary(t);
  fs.symlinkSync(STAND_IN, path.join(folder, 'docker'));
  const record = path.join(folder, 'record');
  const env = { PATH: `${folder}:${process.env.PATH}`, DOCKER_RECORD: record, ...variables };
  const former = { ...process.env };
  Object.assign(process.env, env);
  t.after(() => {
    for (const name of Object.keys(env)) {
      if (former[name] === undefined) delete process.env[name];
      else process.env[name] = former[name];
    }
  });
  return () => fs.readFileSync(record, 'utf8').trimEnd().split('\n');
}

/** The values of an option. */
const valuesOf = (args, name) => args.flatMap((arg, index) => (args[index - 1] === name ? [arg] : []));

suite('layer build in Docker', { timeout: TIMEOUT }, () => {
  for (const [arch, platform] of Object.entries({ x86_64: 'linux/amd64', arm64: 'linux/arm64' })) {
    test(`the command line, for ${arch}`, async (t) => {
      const record = withStandIn(t, { PIP_INDEX_URL: 'https://user:secret@example.com/simple' });
      const [out, cache] = [path.join(temporary(t), 'out'), temporary(t)];
      const options = { arch, out, docker: true, slim: true, extra: ['google-auth'] };
      await assert.rejects(build(options, { ...quiet, cache }), { name: 'CommandError' });
      assert.equal(fs.existsSync(out), false);
      const args = record();
      assert.deepEqual(args.slice(0, 3), ['run', '--rm', '--init']);
      assert.deepEqual(valuesOf(args, '--platform'), [platform]);
      assert.deepEqual(valuesOf(args, '--user'), [`${process.getuid?.()}:${process.getgid?.()}`]);
      const [layer, worker, kept, result] = valuesOf(args, '--volume');
      assert.equal(layer, `${PACKAGE}/layer:/package/layer:ro`);
      assert.equal(worker, `${PACKAGE}/lib/python:/package/lib/python:ro`);
      assert.equal(kept, `${cache}:/cache`);
      assert.match(result, new RegExp(`^${out}/${arch}\\.draft-.*:/out$`));
      assert.ok(valuesOf(args, '--env').includes('PIP_INDEX_URL'));
      assert.ok(!args.join(' ').includes('secret')); // Docker takes the value from the environment
      const inner = args.slice(args.indexOf('debian:bookworm'));
      assert.deepEqual(inner.slice(0, 3), ['debian:bookworm', 'bash', '/package/layer/builder/build.sh']);
      assert.deepEqual(valuesOf(inner, '--arch'), [arch]);
      assert.deepEqual(valuesOf(inner, '--variant'), ['slim']);
      assert.deepEqual(valuesOf(inner, '--extra'), ['google-auth']);
      assert.deepEqual([...valuesOf(inner, '--cache'), ...valuesOf(inner, '--out')], ['/cache', '/out']);
    });
  }

  test('Docker that is not there, or does not answer', async (t) => {
    withStandIn(t, { DOCKER_FAILS: '1' });
    const options = { out: path.join(temporary(t), 'out'), docker: true };
    await assert.rejects(build(options, quiet), {
      message: /Docker does not answer/,
      hint: /Start or install Docker/,
    });
    process.env.PATH = '/nowhere';
    await assert.rejects(build(options, quiet), { message: /There is no Docker/, hint: /Debian or Ubuntu/ });
    const here = { ...options, docker: false };
    await assert.rejects(build(here, quiet), { message: /without Docker/, hint: /apt-get, dpkg-deb/ });
  });

  const skip = process.getuid?.() !== 0 && 'needs root';
  test('carried out in a root like the image: the same bytes', { skip }, async (t) => {
    const { report } = await builtLayer();
    withStandIn(t, { DOCKER_ROOT: imageRoot() });
    const out = path.join(temporary(t), 'out');
    const made = await build({ out, docker: true }, quiet);
    assert.equal(made.report.zip.sha256, report.zip.sha256);
  });
});
