'use strict';

/** What every example's function must be, in the CloudFormation that a tool made of it. */

const assert = require('node:assert/strict');

const { RUNTIMES } = require('../../../lib/cli/layer/publish/versions');
const { ofType } = require('./example');

const LEAST_MEMORY = 512; // MB, docs/lambda.md

/** The one function with our handler. */
function functionOf(template) {
  const found = ofType(template, 'AWS::Lambda::Function').filter(
    ({ Properties }) => Properties.Handler === 'handler.handler',
  );
  assert.equal(found.length, 1);
  return found[0].Properties;
}

/** Every statement of every role and policy. */
function statements(template) {
  const roles = ofType(template, 'AWS::IAM::Role').flatMap(({ Properties }) => Properties.Policies ?? []);
  const policies = ofType(template, 'AWS::IAM::Policy').map(({ Properties }) => Properties);
  return [...roles, ...policies].flatMap(({ PolicyDocument }) => PolicyDocument.Statement);
}

/** The keys' secret is named, may be read, and no other is. */
function checkKeys(template) {
  const secret = functionOf(template).Environment.Variables.SECRET_ID;
  assert.ok(secret === 'litellm-chat/keys' || secret.Ref === 'SecretName', JSON.stringify(secret));
  const reading = statements(template).filter((one) => JSON.stringify(one.Action).includes('GetSecretValue'));
  assert.equal(reading.length, 1);
  assert.match(
    JSON.stringify(reading[0].Resource),
    /:secret:(litellm-chat\/keys|\$\{SecretName\})-(\*|\?{6})"/,
  );
}

/** Streams, and only to those that sign. */
function checkUrl(template) {
  const urls = ofType(template, 'AWS::Lambda::Url');
  assert.equal(urls.length, 1);
  assert.equal(urls[0].Properties.InvokeMode, 'RESPONSE_STREAM');
  assert.equal(urls[0].Properties.AuthType, 'AWS_IAM');
}

/**
 * @param {any} template
 * @param {string} arch of the layer that is attached
 * @returns {any[]} the function's layers
 */
function checkFits(template, arch) {
  const { Architectures, MemorySize, Runtime, Timeout, Layers } = functionOf(template);
  assert.deepEqual(Architectures, [arch]);
  assert.ok(RUNTIMES.includes(Runtime), Runtime);
  assert.ok(MemorySize >= LEAST_MEMORY);
  assert.ok(Timeout >= 30);
  checkUrl(template);
  checkKeys(template);
  return Layers;
}

/** A layer that the stack itself makes is for the function's architecture and runtime. */
function checkOwnLayer(template, arch) {
  const [{ Properties, DeletionPolicy }] = ofType(template, 'AWS::Lambda::LayerVersion');
  assert.deepEqual(Properties.CompatibleArchitectures, [arch]);
  assert.deepEqual(Properties.CompatibleRuntimes, RUNTIMES);
  assert.equal(DeletionPolicy, 'Retain');
}

module.exports = { checkFits, checkOwnLayer };
