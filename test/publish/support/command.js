'use strict';

/** `litellm-bridge layer …` as a program, in a folder of its own, against the stand-in for AWS. */

const assert = require('node:assert/strict');
const { execFileSync, spawn } = require('node:child_process');
const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');

const CLI = path.join(__dirname, '..', '..', '..', 'lib', 'cli', 'index.js');
const MAKER = path.join(__dirname, 'layer.py');

/** A folder that the test's end removes. */
function folder(t) {
  const made = fs.mkdtempSync(path.join(os.tmpdir(), 'litellm-bridge-test-'));
  t.after(() => fs.rmSync(made, { recursive: true, force: true }));
  return made;
}

/**
 * Writes a layer's zip where `layer build` would.
 * @param {string} cwd
 * @param {{ arch?: string, litellm?: string, ballast?: number, claimed?: number }} [what]
 * @returns {string} its path
 */
function makeLayer(cwd, { arch = 'x86_64', litellm = '1.78.7', ballast = 0, claimed = 0 } = {}) {
  const file = path.join(cwd, 'litellm-layer', `litellm-layer-${arch}.zip`);
  fs.mkdirSync(path.dirname(file), { recursive: true });
  execFileSync('python3', [MAKER, file, arch, litellm, String(ballast), String(claimed)]);
  return file;
}

const CREDENTIALS = { AWS_ACCESS_KEY_ID: 'test', AWS_SECRET_ACCESS_KEY: 'secret-of-the-test' };

/** Nothing of the machine's own settings is used, nor its metadata service. */
function environment(cwd, aws, env) {
  return {
    PATH: process.env.PATH,
    HOME: cwd,
    AWS_ENDPOINT_URL: aws.url,
    AWS_EC2_METADATA_DISABLED: 'true',
    ...CREDENTIALS,
    ...env,
  };
}

/** On a terminal of its own, for what asks a person. */
const onTerminal = (command) => ['script', '-qec', command.map((part) => `'${part}'`).join(' '), '/dev/null'];

/**
 * @param {{ url: string }} aws
 * @param {string} cwd
 * @param {string[]} args behind `layer`
 * @param {{ env?: object, cli?: string, answer?: string }} [options] answer: what a person types; then
 *   all that is said is in stdout
 * @returns {Promise<{ status: number | null, stdout: string, stderr: string }>}
 */
function layer(aws, cwd, args, { env = {}, cli = CLI, answer } = {}) {
  const options = {
    cwd,
    env: environment(cwd, aws, env),
    stdio: /** @type {any} */ ([answer === undefined ? 'ignore' : 'pipe', 'pipe', 'pipe']),
  };
  const command = [process.execPath, cli, 'layer', ...args];
  const [file, ...rest] = answer === undefined ? command : onTerminal(command);
  const child = spawn(file, rest, options);
  const said = { stdout: '', stderr: '' };
  for (const name of /** @type {const} */ (['stdout', 'stderr'])) {
    child[name].setEncoding('utf8').on('data', (text) => {
      said[name] += text;
      if (answer !== undefined && text.includes('[y/N]')) child.stdin.write(`${answer}\n`);
    });
  }
  return new Promise((resolve) => child.on('close', (status) => resolve({ status, ...said })));
}

/** The same, for a command that is to go well. */
async function succeed(aws, cwd, ...args) {
  const result = await layer(aws, cwd, args);
  assert.equal(result.status, 0, result.stderr);
  return result;
}

/** A folder, and in AWS one version of the layer for each version of LiteLLM. */
async function withVersions(t, aws, versions, { arch = 'x86_64', region = 'eu-west-1' } = {}) {
  const cwd = folder(t);
  for (const litellm of versions) {
    makeLayer(cwd, { arch, litellm });
    await succeed(aws, cwd, 'publish', '--regions', region, '--arch', arch);
  }
  return cwd;
}

/** What `layer publish` wrote. */
const record = (cwd) => JSON.parse(fs.readFileSync(path.join(cwd, 'litellm-layer', 'layers.json'), 'utf8'));

module.exports = { folder, layer, makeLayer, record, succeed, withVersions };
