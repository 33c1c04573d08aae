'use strict';

/** What matters of the machine and of the environment. Secrets are never read out. */

const fs = require('node:fs');

/** Their values are no secrets. */
const PLAIN = [
  'AWS_EXECUTION_ENV',
  'AWS_LAMBDA_FUNCTION_MEMORY_SIZE',
  'AWS_LAMBDA_INITIALIZATION_TYPE',
  'CONDA_PREFIX',
  'LD_LIBRARY_PATH',
  'LD_PRELOAD',
  'LITELLM_BRIDGE_DISABLE',
  'LITELLM_BRIDGE_LOG',
  'LITELLM_BRIDGE_PYTHON',
  'NODE_EXTRA_CA_CERTS',
  'NO_PROXY',
  'PYTHONHOME',
  'PYTHONPATH',
  'REQUESTS_CA_BUNDLE',
  'SSL_CERT_DIR',
  'SSL_CERT_FILE',
  'VIRTUAL_ENV',
];

/** URLs, which may hold a password. */
const PROXIES = ['ALL_PROXY', 'HTTPS_PROXY', 'HTTP_PROXY'];

/** A provider's key, by the way in which LiteLLM names them. */
const KEY = /_API_KEY$|^AWS_(ACCESS_KEY_ID|SECRET_ACCESS_KEY|SESSION_TOKEN)$|^AWS_BEARER_TOKEN_/;

/** Without user, password, path and query. @param {string} text */
function hostOf(text) {
  try {
    const { protocol, host } = new URL(text);
    return host === '' ? 'set' : `${protocol}//${host}`;
  } catch {
    return 'set'; // not a URL: anything may be in it
  }
}

/**
 * Variables that change what Python does, in order of their names. Proxies are known in lower
 * case, too.
 * @param {NodeJS.ProcessEnv} env
 * @returns {{ name: string, value: string }[]}
 */
function variables(env) {
  const lower = [...PROXIES, 'NO_PROXY'].map((name) => name.toLowerCase());
  const isProxy = (/** @type {string} */ name) => PROXIES.includes(name.toUpperCase());
  return [...PLAIN, ...PROXIES, ...lower].sort().flatMap((name) => {
    const value = env[name];
    if (!value) return [];
    return [{ name, value: isProxy(name) ? hostOf(value) : value }];
  });
}

/** Names of the keys that are set. @param {NodeJS.ProcessEnv} env */
const keys = (env) =>
  Object.keys(env)
    .filter((name) => KEY.test(name) && env[name])
    .sort();

function node() {
  const report = /** @type {any} */ (process.report?.getReport());
  const { node: version, modules, napi } = process.versions;
  return {
    version: `v${version}`,
    abi: Number(modules),
    napi: Number(napi),
    platform: process.platform,
    arch: process.arch,
    glibc: report?.header?.glibcVersionRuntime ?? null,
  };
}

/**
 * The oldest glibc that a binary loads with: the highest version among its symbols.
 * @param {string | null} file
 * @returns {string | null}
 */
function neededGlibc(file) {
  const text = file === null ? '' : fs.readFileSync(file, 'latin1');
  const minors = [...text.matchAll(/GLIBC_2\.(\d+)/g)].map(([, minor]) => Number(minor));
  return minors.length > 0 ? `2.${Math.max(...minors)}` : null;
}

module.exports = { keys, neededGlibc, node, variables };
