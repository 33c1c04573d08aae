'use strict';

/** examples/lambda/keys.js: the providers' keys from Secrets Manager, as moto serves it. */

const assert = require('node:assert/strict');
const { execFile } = require('node:child_process');
const path = require('node:path');
const { after, before, beforeEach, test } = require('node:test');

const { iacModules } = require('../../scripts/steps/iac-tools');
const { startAws } = require('../publish/support/aws');
const { ROOT } = require('./support/example');

const SECRET = { OPENAI_API_KEY: 'sk-of-the-test' };

/** Three calls for the keys; prints what each came to, and what Python was given. */
const PROGRAM = `
const { keysFor } = require(${JSON.stringify(path.join(ROOT, 'examples', 'lambda', 'keys.js'))});
const given = [];
const keys = keysFor({ setEnv: async (variables) => void given.push(variables) });
(async () => {
  const calls = [];
  for (let i = 0; i < 3; i++) calls.push(await keys().then(() => 'ok', (error) => error.name));
  console.log(JSON.stringify({ calls, given }));
})();`;

let aws;
before(async () => {
  aws = await startAws();
});
after(() => aws.stop());
beforeEach(() => aws.reset());

/** The runtime's own SDK is beside no function: it is found by NODE_PATH, as on Lambda. */
function ask(env) {
  const settings = {
    PATH: process.env.PATH,
    NODE_PATH: iacModules(),
    AWS_ENDPOINT_URL: aws.url,
    AWS_REGION: 'eu-west-1',
    AWS_ACCESS_KEY_ID: 'test',
    AWS_SECRET_ACCESS_KEY: 'test',
    ...env,
  };
  return new Promise((resolve, reject) => {
    execFile(process.execPath, ['-e', PROGRAM], { env: settings }, (error, stdout) =>
      error ? reject(error) : resolve(JSON.parse(stdout)),
    );
  });
}

async function makeSecret() {
  const sdk = path.join(iacModules(), '@aws-sdk', 'client-secrets-manager');
  const { CreateSecretCommand, SecretsManagerClient } = require(sdk);
  const credentials = { accessKeyId: 'test', secretAccessKey: 'test' };
  const client = new SecretsManagerClient({ region: 'eu-west-1', endpoint: aws.url, credentials });
  await client.send(new CreateSecretCommand({ Name: 'keys', SecretString: JSON.stringify(SECRET) }));
  aws.asked.length = 0;
}

test('keys: fetched once, and given to Python', async () => {
  await makeSecret();
  assert.deepEqual(await ask({ SECRET_ID: 'keys' }), { calls: ['ok', 'ok', 'ok'], given: [SECRET] });
  assert.equal(aws.asked.length, 1);
});

test('keys: after a failure the next call tries again', async () => {
  await makeSecret();
  const answer = { status: 400, code: 'AccessDeniedException' };
  aws.faults.push({ when: () => true, times: 1, answer });
  const { calls, given } = await ask({ SECRET_ID: 'keys' });
  assert.deepEqual(calls, ['AccessDeniedException', 'ok', 'ok']);
  assert.deepEqual(given, [SECRET]);
});

test('keys: without a secret nobody is asked', async () => {
  const { calls, given } = await ask({});
  assert.deepEqual({ calls, given }, { calls: ['ok', 'ok', 'ok'], given: [{}] });
  assert.deepEqual(aws.asked, []);
});
