// Checked by tsc, never run: what users write must compile, what is wrong must not.

import { createServer } from 'node:http';
import {
  AbortError,
  type AssistantMessage,
  type ChatCompletionChunk,
  type FinalMessage,
  LiteLLM,
  LiteLLMError,
  ProviderError,
  RateLimitError,
  Stream,
  type Usage,
} from 'litellm-bridge';
import type OpenAI from 'openai';

const request = { model: 'gpt-4o', messages: [{ role: 'user', content: 'hello' }] };

export async function calls() {
  await using llm = new LiteLLM({
    python: 'python3.12',
    env: async () => ({ OPENAI_API_KEY: 'key', HTTPS_PROXY: undefined }),
    preload: ['hooks.py'],
    prewarm: ['openai', 'bedrock'],
    corrections: false,
    timeout: 1000,
    idleTimeout: 0,
    startTimeout: 20_000,
    log: 'event',
  });
  await llm.ready();

  const whole = await llm.chat.completions.create(request, { timeout: 5 });
  const text: string | null = whole.choices[0].message.content;
  const cost: number | null = whole._hidden.cost;
  const queued: number = whole._hidden.timings.queued;

  const stream = await llm.chat.completions.create({
    ...request,
    stream: true,
    temperature: 0,
    vendor: { a: 1 },
  });
  for await (const chunk of stream) {
    const piece: string | undefined = chunk.choices[0].delta.content;
    const typed: ChatCompletionChunk = chunk;
    void [piece, typed];
  }
  const usage: Usage | null = stream.usage;
  const message: AssistantMessage = await stream.finalMessage();
  stream.controller.abort();
  stream.abort(new Error('why'));
  new Response(stream.toReadableStream());

  const either = await llm.chat.completions.create({ ...request, stream: Boolean(text) });
  if (either instanceof Stream) await either.finalMessage();
  else void either._hidden.usage;

  const { ok, candidates, problems, python } = await llm.verify({ timeout: 5 });
  const reasons: (string | null)[] = candidates.map(({ reason }) => reason);
  const sysPath: string[] | undefined = ok ? python?.sysPath : [problems[0].hint];
  const { stdout, exitCode } = await llm.runPython('print(1)', { timeout: 1000 });
  const status: [string, number | null] = [stdout, exitCode];
  void [reasons, sysPath, status];

  const tokens = await llm.call<number>('token_counter', { model: 'gpt-4o' });
  const { data } = await llm.embeddings.create({ model: 'm', input: ['a'] });
  const vector: number[] = data[0].embedding;
  const completion = await llm.completions.create({ model: 'm', prompt: 'p' });
  const completed: string = completion.choices[0].text;
  await llm.setEnv({ KEY: 'value' });
  void [cost, queued, usage, message, tokens.toFixed(), vector, completed, llm.status().pid];
}

interface OwnMessage {
  role: string;
  content: string;
}

interface OwnRequest {
  model: string;
  messages: OwnMessage[];
  temperature?: number;
}

/** Types of other programs: interfaces, which have no index signature. */
export async function foreign(llm: LiteLLM, own: OwnMessage[], whole: OwnRequest) {
  const { create } = llm.chat.completions;
  const answer = await create({ model: 'm', messages: own, vendor: 1 });
  const same = await create(whole);
  const text: string | null = answer.choices[0].message.content ?? same.choices[0].message.content;
  const stream = await create({ model: 'm', messages: own, stream: true });
  for await (const { choices } of stream) void choices[0].delta.content;
  const spread = await create({ ...whole, stream: true });
  for await (const { choices } of spread) void choices[0].delta.content;
  const final = await llm.stream(whole, { onText: (piece) => piece.length });
  return [text, final.text];
}

type Params = OpenAI.ChatCompletionCreateParams;

export async function official(
  llm: LiteLLM,
  messages: OpenAI.ChatCompletionMessageParam[],
  params: {
    any: Params;
    whole: OpenAI.ChatCompletionCreateParamsNonStreaming;
    stream: OpenAI.ChatCompletionCreateParamsStreaming;
  },
  others: { prompt: OpenAI.CompletionCreateParamsNonStreaming; input: OpenAI.EmbeddingCreateParams },
) {
  const { create } = llm.chat.completions;
  const { choices } = await create({ model: 'm', messages });
  const { usage } = await create(params.whole);
  const stream = await create(params.stream);
  for await (const chunk of stream) void chunk.choices[0].delta.content;
  const either = await create(params.any);
  if (either instanceof Stream) await either.finalMessage();
  else void either._hidden.usage;
  await llm.stream({ model: 'm', messages });
  await llm.stream(params.whole);
  const { data } = await llm.embeddings.create(others.input);
  const completion = await llm.completions.create(others.prompt);
  return [choices[0].message, usage, data[0].embedding, completion.choices[0].text];
}

export async function callbacks() {
  const llm = LiteLLM.shared();
  createServer(async (_request, response) => {
    const final: FinalMessage = await llm.stream(request, {
      responseStream: response,
      format: 'sse',
      signal: AbortSignal.timeout(5),
      onText: (text) => text.length,
      onChunk: async (chunk) => void chunk.id,
      onUsage: ({ total_tokens }, { cost, estimated }) => void [total_tokens.toFixed(), cost, estimated],
    });
    response.end(final.text + final.finishReason);
  });
  llm.on('timing', (record) => {
    if (record.message === '[TIMING] Python LiteLLM server ready') void record.memoryUsage.rss;
  });
  llm.on('log', ({ level, source, message }) => void [level, source, message]);
  llm.on('restart', ({ generation, reason }) => void [generation, reason.code]);
  llm.on('state', ({ state }) => void state);
}

export function errors(error: unknown) {
  if (error instanceof RateLimitError) return error.headers['retry-after'];
  if (error instanceof ProviderError) return error.status ?? error.provider;
  if (error instanceof LiteLLMError && error.code === 'ERR_SERVER_EXITED') return error.exitCode;
  if (error instanceof AbortError) return error.cause;
  throw error;
}

export function mistakes(llm: LiteLLM) {
  // @ts-expect-error an unknown option
  new LiteLLM({ pyhton: 'x' });
  // @ts-expect-error an option of a later version
  new LiteLLM({ workers: 2 });
  // @ts-expect-error a log mode that there is not
  new LiteLLM({ log: 'stdout' });
  // @ts-expect-error no model
  void llm.chat.completions.create({ messages: [] });
  // @ts-expect-error messages must be an array
  void llm.chat.completions.create({ model: 'm', messages: 'hello' });
  // @ts-expect-error a message has a role
  void llm.chat.completions.create({ model: 'm', messages: [{ content: 'hello' }] });
  // @ts-expect-error stream is true or false
  void llm.chat.completions.create({ ...request, stream: 'yes' });
  // @ts-expect-error a stream has no _hidden
  void llm.chat.completions.create({ ...request, stream: true }).then(({ _hidden }) => _hidden);
  // @ts-expect-error an unknown option of a call
  void llm.chat.completions.create(request, { timeOut: 5 });
  // @ts-expect-error a format that there is not
  void llm.stream(request, { format: 'xml' });
  // @ts-expect-error a program is a string
  void llm.runPython(42);
  // @ts-expect-error no event of this name
  llm.on('stat', () => {});
  // @ts-expect-error a code that there is not
  new LiteLLMError('ERR_NOTHING');
  // @ts-expect-error streams are made by calls
  new Stream();
}
