'use strict';

/**
 * The providers' keys, from one secret of AWS Secrets Manager: a JSON object of variables, such as
 * {"OPENAI_API_KEY": "…", "ANTHROPIC_API_KEY": "…"}. They are in no environment variable of the
 * function, where whoever may read its settings would see them.
 */

async function fetchKeys() {
  const { SECRET_ID } = process.env;
  if (!SECRET_ID) return {}; // the keys are in the environment
  // Part of Lambda's Node runtimes: not in the function's package.
  const { GetSecretValueCommand, SecretsManagerClient } = require('@aws-sdk/client-secrets-manager');
  const answer = await new SecretsManagerClient().send(new GetSecretValueCommand({ SecretId: SECRET_ID }));
  return JSON.parse(answer.SecretString);
}

/**
 * @param {import('litellm-bridge').LiteLLM} llm
 * @returns {() => Promise<void>} gives Python the keys, once; after a failure the next call tries again
 */
function keysFor(llm) {
  let given;
  return () => {
    given ??= fetchKeys()
      .then((keys) => llm.setEnv(keys))
      .catch((error) => {
        given = undefined;
        throw error;
      });
    return given;
  };
}

module.exports = { keysFor };
