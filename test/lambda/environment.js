'use strict';

/**
 * Lambda's own variables, for a function from a zip file. It sets no HOME.
 * @param {object} of
 * @param {string} of.address the runtime API's
 * @param {string} of.handler
 * @param {string} of.task the folder of the function
 * @param {number | string} of.node its major version
 */
function lambdaEnvironment({ address, handler, task, node }) {
  return {
    PATH: '/var/lang/bin:/usr/local/bin:/usr/bin/:/bin:/opt/bin',
    LD_LIBRARY_PATH:
      '/var/lang/lib:/lib64:/usr/lib64:/var/runtime:/var/runtime/lib:/var/task:/var/task/lib:/opt/lib',
    LANG: 'en_US.UTF-8',
    TZ: ':UTC',
    LAMBDA_TASK_ROOT: task,
    LAMBDA_RUNTIME_DIR: '/var/runtime',
    _HANDLER: handler,
    AWS_REGION: 'eu-west-1',
    AWS_DEFAULT_REGION: 'eu-west-1',
    AWS_ACCESS_KEY_ID: 'AKIAFIXTURE',
    AWS_SECRET_ACCESS_KEY: 'fixture-secret',
    AWS_EXECUTION_ENV: `AWS_Lambda_nodejs${node}.x`,
    AWS_LAMBDA_RUNTIME_API: address,
    AWS_LAMBDA_INITIALIZATION_TYPE: 'on-demand',
    AWS_LAMBDA_FUNCTION_NAME: 'bridge',
    AWS_LAMBDA_FUNCTION_VERSION: '$LATEST',
    AWS_LAMBDA_FUNCTION_MEMORY_SIZE: '1769',
    AWS_LAMBDA_LOG_GROUP_NAME: '/aws/lambda/bridge',
    AWS_LAMBDA_LOG_STREAM_NAME: '2026/01/01/[$LATEST]0123456789abcdef',
    AWS_LAMBDA_LOG_FORMAT: 'TEXT',
  };
}

module.exports = { lambdaEnvironment };
