'use strict';

/** Every provider family that a layer claims, called from inside its pruned tree. */

const assert = require('node:assert/strict');
const { generateKeyPairSync } = require('node:crypto');
const path = require('node:path');
const { after, before, suite, test } = require('node:test');
const { LLMock } = require('@copilotkit/aimock');
const { inEmptyRoot } = require('../../lib/cli/layer/verify/empty-root');
const { builtLayer } = require('../../scripts/steps/layer');
const { Provider, bedrock, steps } = require('../fixtures/provider');

const TEXT = 'Not an accent (é) and not a sign (→) may be lost on the way.';
const PROGRAM = path.join(__dirname, 'programs', 'providers.py');
const TIMEOUT = 600_000; // ms
const KEY = 'none-needed';
const CLAUDE = 'anthropic.claude-3-5-sonnet-20240620-v1:0';

/** @param {string} mock aimock's URL @param {string} local the URL of test/fixtures/provider */
function requests(mock, local) {
  const aws = { aws_access_key_id: KEY, aws_secret_access_key: KEY, aws_region_name: 'us-east-1' };
  return {
    OpenAI: { model: 'openai/gpt-4o', api_base: `${mock}/v1` },
    Azure: { model: 'azure/gpt-4o', api_base: mock, api_version: '2024-10-21' },
    Anthropic: { model: 'anthropic/claude-sonnet-4-20250514', api_base: mock },
    Gemini: { model: 'gemini/gemini-1.5-pro', api_base: `${mock}/v1beta/models/gemini-1.5-pro` },
    Cohere: { model: 'cohere_chat/command-r', api_base: `${local}/v1/chat` },
    Mistral: { model: 'mistral/mistral-small', api_base: `${mock}/v1` },
    Ollama: { model: 'ollama_chat/llama3', api_base: mock },
    'Bedrock converse': { model: `bedrock/converse/${CLAUDE}`, aws_bedrock_runtime_endpoint: mock, ...aws },
    'Bedrock invoke': { model: `bedrock/invoke/${CLAUDE}`, aws_bedrock_runtime_endpoint: local, ...aws },
  };
}

/** A service account whose tokens come from the local provider. */
function serviceAccount(local) {
  const { privateKey } = generateKeyPairSync('rsa', {
    modulusLength: 2048,
    publicKeyEncoding: { type: 'spki', format: 'pem' },
    privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
  });
  return JSON.stringify({
    type: 'service_account',
    project_id: 'fixture',
    private_key_id: '1',
    private_key: privateKey,
    client_email: 'fixture@fixture.iam.gserviceaccount.com',
    client_id: '1',
    token_uri: `${local}/token`,
  });
}

/** With google-auth in the layer. */
function vertex(mock, local) {
  const where = { vertex_project: 'fixture', vertex_location: 'us-central1' };
  const base = {
    api_base: `${mock}/v1beta/models/gemini-1.5-pro`,
    vertex_credentials: serviceAccount(local),
  };
  return { Vertex: { model: 'vertex_ai/gemini-1.5-pro', ...where, ...base } };
}

/** Anthropic's answers as Bedrock's invoke wraps them, which aimock does not. */
function routeInvoke(provider) {
  const usage = { input_tokens: 11, output_tokens: 7 };
  const message = { id: 'msg_1', type: 'message', role: 'assistant', model: CLAUDE, stop_reason: null };
  const whole = { ...message, content: [{ type: 'text', text: TEXT }], stop_reason: 'end_turn', usage };
  const events = [
    { type: 'message_start', message: { ...message, content: [], usage } },
    { type: 'content_block_start', index: 0, content_block: { type: 'text', text: '' } },
    ...TEXT.split(/(?<= )/).map((text) => ({
      type: 'content_block_delta',
      index: 0,
      delta: { type: 'text_delta', text },
    })),
    { type: 'content_block_stop', index: 0 },
    { type: 'message_delta', delta: { stop_reason: 'end_turn' }, usage },
    { type: 'message_stop' },
  ];
  const wrap = (event) =>
    bedrock.event('chunk', { bytes: Buffer.from(JSON.stringify(event)).toString('base64') });
  provider.route(/\/invoke$/, steps.json(whole));
  provider.route(/\/invoke-with-response-stream$/, bedrock.stream(events.map(wrap)));
}

/** Cohere's first version of its API, which this LiteLLM speaks and aimock does not. */
function routeCohere(provider) {
  const whole = {
    text: TEXT,
    generation_id: '1',
    meta: { billed_units: { input_tokens: 11, output_tokens: 7 } },
  };
  const lines = [
    ...TEXT.split(/(?<= )/).map((text) => ({ event_type: 'text-generation', is_finished: false, text })),
    { event_type: 'stream-end', is_finished: true, finish_reason: 'COMPLETE', response: whole },
  ].map((event) => `${JSON.stringify(event)}\n`);
  const head = steps.status(200, { 'content-type': 'application/stream+json' });
  const stream = [head, ...lines.map((line) => steps.write(line)), steps.end()];
  provider.route(/\/v1\/chat$/, ({ body }) => (body.stream ? stream : steps.json(whole)));
}

function routeToken(provider) {
  provider.route(
    /^\/token$/,
    steps.json({ access_token: 'fixture', token_type: 'Bearer', expires_in: 3600 }),
  );
}

const LAYERS = [
  { name: 'the default layer', options: {}, wanted: requests },
  { name: 'the slim layer', options: { slim: true }, wanted: requests },
  {
    name: 'the slim layer with google-auth',
    options: { slim: true, extra: ['google-auth'] },
    wanted: vertex,
  },
];

for (const { name: layer, options, wanted } of LAYERS) {
  suite(`providers, from inside ${layer}`, { timeout: TIMEOUT }, () => {
    const mock = new LLMock({ port: 0, chunkSize: 4 });
    const provider = new Provider();
    /** @type {Map<string, any>} */
    const answers = new Map();

    before(
      async () => {
        mock.onMessage(/./, { content: TEXT });
        await mock.start();
        await provider.listen();
        routeInvoke(provider);
        routeCohere(provider);
        routeToken(provider);
        const { tree } = await builtLayer(options);
        const calls = Object.entries(wanted(mock.url, provider.url)).map(([name, request]) => ({
          name,
          request: { api_key: KEY, ...request },
        }));
        const command = ['/opt/python/bin/python3', '-I', '/programs/providers.py', JSON.stringify(calls)];
        const env = { LITELLM_LOCAL_MODEL_COST_MAP: 'True', HOME: '/tmp' };
        const files = { [path.dirname(PROGRAM)]: '/programs' };
        const onLine = (line) => {
          if (!line.startsWith('{')) return; // LiteLLM prints, too
          const { name, ...said } = JSON.parse(line);
          answers.set(name, said);
        };
        const { code, err } = await inEmptyRoot({ tree, command, env, files }, { timeout: TIMEOUT, onLine });
        assert.equal(code, 0, err);
      },
      { timeout: TIMEOUT },
    );

    after(async () => {
      await mock.stop();
      await provider.close();
    });

    for (const name of Object.keys(wanted('', ''))) {
      test(name, () => {
        assert.deepEqual(answers.get(name), { whole: TEXT, streamed: TEXT });
      });
    }
  });
}
