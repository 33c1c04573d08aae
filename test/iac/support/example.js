'use strict';

/** An example, copied to a folder of its own, with a layer beside it. */

const { execFile } = require('node:child_process');
const fs = require('node:fs');
const path = require('node:path');

const { iacModules } = require('../../../scripts/steps/iac-tools');
const { folder, makeLayer } = require('../../publish/support/command');

const ROOT = path.join(__dirname, '..', '..', '..');
const REGION = 'eu-west-1';
const ARCHS = ['x86_64', 'arm64'];

const arnOf = (arch) => `arn:aws:lambda:${REGION}:123456789012:layer:litellm:${ARCHS.indexOf(arch) + 1}`;

/** What `layer publish` writes, for both architectures in one region. */
function writeArns(file) {
  const archs = ARCHS.map((arch) => [arch, { [REGION]: { arn: arnOf(arch), version: 1 } }]);
  fs.writeFileSync(file, JSON.stringify({ format: 1, layers: { litellm: Object.fromEntries(archs) } }));
}

/** The package, as npm would put it beside a handler. */
function installPackage(cwd) {
  const package_ = path.join(cwd, 'node_modules', 'litellm-bridge');
  fs.mkdirSync(package_, { recursive: true });
  fs.writeFileSync(path.join(package_, 'index.js'), '');
}

/**
 * @param {import('node:test').TestContext} t whose end removes it
 * @param {string} name of the example
 * @returns {string} its folder; `../lambda` is the function's, as in the project
 */
function copyExample(t, name) {
  const root = folder(t);
  for (const each of [name, 'lambda']) {
    fs.cpSync(path.join(ROOT, 'examples', each), path.join(root, each), {
      recursive: true,
      dereference: true,
    });
    installPackage(path.join(root, each));
  }
  writeArns(path.join(root, name, 'layers.json'));
  return path.join(root, name);
}

/**
 * Runs a program with nothing of the machine's settings, and no way to AWS.
 * @returns {Promise<{ status: number | string, out: string }>}
 */
function run(cwd, file, args, env = {}) {
  const nowhere = { AWS_ENDPOINT_URL: 'http://127.0.0.1:9', AWS_EC2_METADATA_DISABLED: 'true' };
  const options = { cwd, env: { PATH: process.env.PATH, HOME: cwd, ...nowhere, ...env } };
  return new Promise((resolve) => {
    execFile(file, args, options, (error, stdout, stderr) =>
      resolve({ status: error ? (error.code ?? 'killed') : 0, out: stdout + stderr }),
    );
  });
}

/** The resources of a type. */
function ofType(template, type) {
  return Object.values(template.Resources).filter(({ Type }) => Type === type);
}

module.exports = { ARCHS, REGION, ROOT, arnOf, copyExample, iacModules, makeLayer, ofType, run };
