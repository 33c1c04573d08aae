'use strict';

/** examples/sam: checked by cfn-lint, and made into CloudFormation by SAM's own translator. */

const assert = require('node:assert/strict');
const fs = require('node:fs');
const path = require('node:path');
const { test } = require('node:test');

const { awsPython } = require('../../scripts/steps/aws-tools');
const { ROOT, run } = require('./support/example');
const { checkFits, checkOwnLayer } = require('./support/fits');

const FOLDER = path.join(ROOT, 'examples', 'sam');
const TEMPLATE = path.join(FOLDER, 'template.yaml');
const SAM = path.join(__dirname, 'support', 'sam.py');
const ENV = { AWS_DEFAULT_REGION: 'eu-west-1' };

test('sam: cfn-lint has nothing to say', async () => {
  const lint = path.join(path.dirname(awsPython()), 'cfn-lint');
  const { status, out } = await run(FOLDER, lint, ['--include-checks', 'I', '--', TEMPLATE], ENV);
  assert.deepEqual({ status, out }, { status: 0, out: '' });
});

test('sam: a function with the layer of the stack, or the one that is named', async () => {
  const { status, out } = await run(FOLDER, awsPython(), [SAM, TEMPLATE], ENV);
  assert.equal(status, 0, out);
  const template = JSON.parse(out);
  const [layer] = checkFits(template, 'x86_64');
  const [condition, own, named] = layer['Fn::If'];
  assert.deepEqual(template.Conditions[condition], { 'Fn::Equals': [{ Ref: 'LayerArn' }, ''] });
  assert.equal(template.Resources[own.Ref].Type, 'AWS::Lambda::LayerVersion');
  assert.equal(template.Resources[own.Ref].Condition, condition);
  assert.deepEqual(named, { Ref: 'LayerArn' });
  checkOwnLayer(template, 'x86_64');
});

test('sam: the paths are those of the project', () => {
  const text = fs.readFileSync(TEMPLATE, 'utf8');
  const [, zip] = /ContentUri: (.*)/.exec(text);
  assert.equal(path.join(FOLDER, zip), path.join(ROOT, 'litellm-layer', 'litellm-layer-x86_64.zip'));
  const [, code] = /CodeUri: (.*)/.exec(text);
  assert.ok(fs.existsSync(path.join(FOLDER, code, 'handler.js')));
});
