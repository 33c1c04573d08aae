'use strict';

/** examples/cdk, type-checked and synthesised. */

const assert = require('node:assert/strict');
const fs = require('node:fs');
const path = require('node:path');
const { before, after, test } = require('node:test');

const { REGION, ROOT, arnOf, copyExample, iacModules, makeLayer, run } = require('./support/example');
const { checkFits, checkOwnLayer } = require('./support/fits');

let cwd; // compiled once: the tests only add layers and outputs
const cleanups = [];
before(async () => {
  cwd = copyExample({ after: (cleanup) => cleanups.push(cleanup) }, 'cdk');
  fs.rmSync(path.join(cwd, 'node_modules'), { recursive: true });
  fs.symlinkSync(iacModules(), path.join(cwd, 'node_modules'));
  const types = path.join(ROOT, 'node_modules', '@types');
  const tsc = path.join(ROOT, 'node_modules', 'typescript', 'bin', 'tsc');
  const { status, out } = await run(cwd, process.execPath, [tsc, '--project', '.', '--typeRoots', types]);
  assert.equal(status, 0, out);
});
after(() => {
  for (const cleanup of cleanups) cleanup();
});

async function synthesise(context) {
  const outdir = fs.mkdtempSync(path.join(cwd, 'out-'));
  const env = { CDK_OUTDIR: outdir, CDK_CONTEXT_JSON: JSON.stringify({ region: REGION, ...context }) };
  return { outdir, ...(await run(cwd, process.execPath, ['bin/chat.js'], env)) };
}

async function template(context) {
  const { status, out, outdir } = await synthesise(context);
  assert.equal(status, 0, out);
  const read = (name) => JSON.parse(fs.readFileSync(path.join(outdir, name), 'utf8'));
  return { made: read('LiteLLMChat.template.json'), assets: read('LiteLLMChat.assets.json'), outdir };
}

test('cdk synth: the published layer', async () => {
  const { made } = await template({ arch: 'x86_64', published: 'layers.json' });
  assert.deepEqual(checkFits(made, 'x86_64'), [arnOf('x86_64')]);
});

test('cdk synth: the zip goes with the stack, as it is', async () => {
  const zip = makeLayer(cwd, { arch: 'arm64' });
  const { made, assets, outdir } = await template({ arch: 'arm64' });
  const [{ Ref }] = checkFits(made, 'arm64');
  assert.equal(made.Resources[Ref].Type, 'AWS::Lambda::LayerVersion');
  checkOwnLayer(made, 'arm64');
  const key = made.Resources[Ref].Properties.Content.S3Key;
  const { source } = assets.files[path.basename(key, '.zip')];
  assert.equal(source.packaging, 'file');
  const staged = fs.readFileSync(path.join(outdir, source.path));
  assert.ok(staged.equals(fs.readFileSync(zip)));
});

test('cdk synth: a layer that is not there is told, with the command that makes it', async () => {
  fs.rmSync(path.join(cwd, 'litellm-layer'), { recursive: true, force: true });
  const built = await synthesise({ arch: 'arm64' });
  assert.notEqual(built.status, 0);
  assert.match(
    built.out,
    /There is no .*litellm-layer-arm64\.zip\. Build it: npx litellm-bridge layer build --arch arm64/,
  );
  const published = await synthesise({ published: 'layers.json', region: 'us-east-1' });
  assert.match(published.out, /no layer litellm for arm64 in us-east-1\. Publish it: .*--regions us-east-1/);
});
