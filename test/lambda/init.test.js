'use strict';

/** What happens before the first invoke, and what the platform is taken for. */

const assert = require('node:assert/strict');
const { suite, test } = require('node:test');
const { CLIENTS, startFunction } = require('./function');

const JSON_LOG = { AWS_LAMBDA_LOG_FORMAT: 'JSON' };

/** Environments that differ in what names the platform. */
const PLATFORMS = {
  lambda: {},
  'lambda-image': { AWS_EXECUTION_ENV: 'AWS_Lambda_Image' },
  'lambda-managed': { AWS_LAMBDA_INITIALIZATION_TYPE: 'lambda-managed-instances' },
};

for (const client of CLIENTS) {
  suite(`INIT, client ${client}`, () => {
    test('a module that awaits ready(): all [TIMING] records come before the first invoke is asked for', async (t) => {
      const lambda = await startFunction(t, client, 'initialised.handler', JSON_LOG);
      await lambda.idle();
      const records = (await lambda.logged(/\[TIMING\]/)).map((line) => JSON.parse(line));
      const [asked] = lambda.api.asked;
      assert.equal(records.length, 3);
      for (const { timestamp, requestId } of records) {
        assert.ok(Date.parse(timestamp) <= asked, `${timestamp}, asked at ${new Date(asked).toISOString()}`);
        assert.equal(requestId, undefined);
      }
      const { kind, json } = await lambda.invoke({ do: 'ready' });
      assert.equal(kind, 'response');
      assert.deepEqual(lambda.children(), [json.pid]);
    });

    test('a module that awaits ready() with no Python to be had fails in INIT, and says why', async (t) => {
      const nowhere = { ...JSON_LOG, LITELLM_BRIDGE_PYTHON: '/nowhere/python3' };
      const lambda = await startFunction(t, client, 'initialised.handler', nowhere);
      const { code } = await lambda.ended;
      assert.notEqual(code, 0);
      const [{ errorType, errorMessage }] = lambda.api.initErrors;
      assert.ok(errorType, 'an error has a type');
      assert.match(errorMessage, /\/nowhere\/python3 does not exist/);
      assert.deepEqual(lambda.api.asked, []);
    });

    for (const [platform, env] of Object.entries(PLATFORMS)) {
      test(`the platform is ${platform}`, async (t) => {
        const disabled = { ...env, LITELLM_BRIDGE_DISABLE: '1' };
        const lambda = await startFunction(t, client, 'chat.handler', disabled);
        assert.equal((await lambda.invoke({ do: 'platform' })).json.platform, platform);
      });
    }
  });
}
