'use strict';

/**
 * examples/terraform: parsed as HCL, and every reference looked up. Where Terraform itself is at
 * hand it formats and evaluates; its providers, which `validate` would ask, are not.
 */

const assert = require('node:assert/strict');
const { execFileSync, spawnSync } = require('node:child_process');
const fs = require('node:fs');
const path = require('node:path');
const { test } = require('node:test');

const { awsPython } = require('../../scripts/steps/aws-tools');
const { RUNTIMES } = require('../../lib/cli/layer/publish/versions');
const { ARCHS, ROOT, REGION, arnOf, copyExample } = require('./support/example');

const FOLDER = path.join(ROOT, 'examples', 'terraform');
const PARSER = path.join(__dirname, 'support', 'terraform.py');
const NO_TERRAFORM = spawnSync('terraform', ['version']).error ? 'there is no terraform' : false;

/** As hcl2 writes an expression that is no constant. */
const reference = (name) => `\${${name}}`;

/** hcl2 keeps the quotes of texts. */
const plain = (value) =>
  JSON.parse(JSON.stringify(value), (_, part) =>
    typeof part === 'string' ? part.replace(/^"|"$/g, '') : part,
  );

function parse() {
  return JSON.parse(execFileSync(awsPython(), [PARSER, FOLDER], { encoding: 'utf8' }));
}

const unquote = (name) => name.replaceAll('"', '');

/** @returns {Map<string, any>} blocks of a kind by their labels, as `aws_lambda_function.chat` */
function blocks(files, kind) {
  const found = new Map();
  for (const block of files[kind] ?? []) {
    for (const [first, inner] of Object.entries(block)) {
      if (kind === 'variable') found.set(unquote(first), plain(inner));
      else
        for (const [second, body] of Object.entries(inner))
          found.set(`${unquote(first)}.${unquote(second)}`, plain(body));
    }
  }
  return found;
}

test('terraform: the function, its layer and its URL fit', () => {
  const resources = blocks(parse(), 'resource');
  const chat = resources.get('aws_lambda_function.chat');
  const layer = resources.get('aws_lambda_layer_version.litellm');
  assert.match(chat.layers.join(), /local\.published : aws_lambda_layer_version\.litellm\[0\]\.arn/);
  assert.deepEqual(chat.architectures, [reference('var.architecture')]);
  assert.deepEqual(layer.compatible_architectures, chat.architectures);
  assert.deepEqual(layer.compatible_runtimes, RUNTIMES);
  assert.ok(RUNTIMES.includes(chat.runtime));
  assert.ok(chat.memory_size >= 512 && chat.timeout >= 30);
  assert.equal(chat.environment[0].variables.SECRET_ID, reference('var.secret_name'));
  const url = resources.get('aws_lambda_function_url.chat');
  assert.deepEqual([url.invoke_mode, url.authorization_type], ['RESPONSE_STREAM', 'AWS_IAM']);
});

test('terraform: the role may read the one secret, and write logs', () => {
  const files = parse();
  const { statement } = blocks(files, 'data').get('aws_iam_policy_document.keys');
  assert.equal(statement.length, 1);
  assert.deepEqual(statement[0].actions, ['secretsmanager:GetSecretValue']);
  assert.deepEqual(statement[0].resources, [reference('data.aws_secretsmanager_secret.keys.arn')]);
  assert.match(
    blocks(files, 'resource').get('aws_iam_role_policy_attachment.logs').policy_arn,
    /AWSLambdaBasicExecutionRole$/,
  );
});

test('terraform: whatever is referred to is declared', () => {
  const files = parse();
  const text = JSON.stringify(files);
  const declared = new Set([
    ...[...blocks(files, 'variable').keys()].map((name) => `var.${name}`),
    ...files.locals.flatMap(Object.keys).map((name) => `local.${name}`),
    ...[...blocks(files, 'data').keys()].map((name) => `data.${name}`),
    ...blocks(files, 'resource').keys(),
  ]);
  const used = text.match(/\b(?:(?:var|local)\.\w+|data\.\w+\.\w+|(?<!data\.)\baws_\w+\.\w+)/g);
  assert.ok(used.length > 15, String(used.length));
  assert.deepEqual(
    used.filter((name) => !declared.has(name)),
    [],
  );
});

/** Terraform with nothing of the machine's settings. */
function terraform(cwd, args, input = '') {
  const env = { PATH: process.env.PATH, HOME: cwd, CHECKPOINT_DISABLE: '1' };
  return spawnSync('terraform', args, { cwd, env, input, encoding: 'utf8' });
}

test('terraform: formatted as terraform fmt does', { skip: NO_TERRAFORM }, () => {
  const { status, stdout, stderr } = terraform(FOLDER, ['fmt', '-check', '-diff']);
  assert.equal(status, 0, stdout + stderr);
});

for (const arch of ARCHS) {
  test(`terraform: finds the published layer for ${arch}`, { skip: NO_TERRAFORM }, (t) => {
    const cwd = copyExample(t, 'terraform');
    for (const name of fs.readdirSync(cwd)) {
      const isNeeded = ['variables.tf', 'published.tf', 'layers.json'].includes(name);
      if (!isNeeded) fs.rmSync(path.join(cwd, name), { recursive: true });
    }
    const variables = ['-var', `architecture=${arch}`, '-var', `region=${REGION}`];
    const { stdout, stderr } = terraform(cwd, ['console', ...variables], 'local.published\n');
    assert.equal(stdout.trim(), `"${arnOf(arch)}"`, stderr);
  });
}
