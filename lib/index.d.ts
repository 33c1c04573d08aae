/// <reference types="node" />

import type { EventEmitter } from 'node:events';
import type { Writable } from 'node:stream';

// ---- options

/** Times are ms. 0 turns a limit off. */
interface Times {
  /** The whole call. Default 600000. */
  timeout?: number;
  /**
   * The longest silence of the provider on a stream; the time in which the reader is the slow one
   * does not count. Noticed up to an eighth of it late. Default 0 (off).
   */
  idleTimeout?: number;
}

export interface LiteLLMOptions extends Times {
  /**
   * The interpreter: a path, or a name that is looked up on PATH. It never falls through to
   * another one. Default: LITELLM_BRIDGE_PYTHON, the Lambda layer, an active virtual environment,
   * the environment of `npx litellm-bridge install`, `python3` on PATH.
   */
  python?: string;
  /**
   * Variables for Python, over `process.env` as it is when Python starts. A function is asked at
   * each start. A value of undefined takes the variable away.
   */
  env?: Variables | (() => Variables | Promise<Variables>);
  /**
   * Python modules of the application, imported before ready (callbacks, custom providers): module
   * names, or paths against the current directory.
   */
  preload?: string | string[];
  /**
   * Providers (as `'openai'`, `'anthropic'`) whose first request is to cost no more than a later
   * one: what it needs is imported and built after ready, while nothing is asked. Default: those
   * that were used last time, or OpenAI. `[]`: none.
   */
  prewarm?: string[];
  /**
   * Whether the places are mended where LiteLLM itself loses data (docs/differences.md). Default
   * true; false gives LiteLLM's results to the letter.
   */
  corrections?: boolean;
  /** How long Python may take to be ready, in ms; then it is killed. Default 30000; 0: no limit. */
  startTimeout?: number;
  /**
   * Where the log of Python goes. `stderr` (default): lines, JSON where Lambda's log format says
   * so, and events; `event`: events only; `silent`: nowhere. LITELLM_BRIDGE_LOG wins.
   */
  log?: 'stderr' | 'event' | 'silent';
}

export type Variables = Record<string, string | undefined>;

export interface CallOptions extends Times {
  /** Aborts the call: it rejects with an `AbortError` whose `cause` is the signal's reason. */
  signal?: AbortSignal;
  /** How long this call waits for Python to be ready, in ms. Default 0: as the instance does. */
  startTimeout?: number;
}

/**
 * Callbacks are awaited, one after the other. One that throws rejects the call and cancels it. Their
 * time, and that of a slow `responseStream`, counts for `timeout`.
 */
export interface StreamOptions extends CallOptions {
  /** Each piece of the first choice's text. No chunk is built for it. */
  onText?: (text: string) => unknown;
  /** Each chunk, as LiteLLM gives it. */
  onChunk?: (chunk: ChatCompletionChunk) => unknown;
  /** After the last chunk, where usage is known. */
  onUsage?: (usage: Usage, details: { cost: number | null; estimated: boolean | null }) => unknown;
  /**
   * Where the answer is written, at the speed at which it is taken: a Lambda responseStream, a
   * server's response. It stays the caller's to end. When it closes before it has all of the
   * answer, the call is cancelled and rejects with an `AbortError`. In `sse` and `ndjson` a call that
   * fails after its first chunk writes the error.
   */
  responseStream?: Writable;
  /** How it is written. Default `text`. `sse`: as OpenAI does; `ndjson`: a chunk a line. */
  format?: 'text' | 'sse' | 'ndjson';
}

// ---- requests: whatever LiteLLM takes, unchanged

export interface ChatMessage {
  role: string;
  content?: unknown;
  [key: string]: unknown;
}

/**
 * A message of a program's own type, such as OpenAI's: an interface has no index signature, and so
 * is no ChatMessage.
 */
export interface AnyMessage {
  role: string;
}

/** What is known of a request of a program's own type. Its other properties are sent as well. */
export interface AnyRequest {
  model: string;
  stream?: boolean | null;
}

export interface AnyChatRequest extends AnyRequest {
  messages: readonly (ChatMessage | AnyMessage)[];
}

export interface ChatCompletionRequest extends AnyChatRequest {
  /** LiteLLM's name of the model, such as `anthropic/claude-sonnet-4-5`. */
  model: string;
  [parameter: string]: unknown;
}

export interface CompletionRequest extends AnyRequest {
  [parameter: string]: unknown;
}

export interface EmbeddingRequest {
  model: string;
  [parameter: string]: unknown;
}

// ---- answers

/** LiteLLM's figures: the provider's where it sent them, else LiteLLM's own count. */
export interface Usage {
  prompt_tokens: number;
  completion_tokens: number;
  total_tokens: number;
  [detail: string]: unknown;
}

/** ms. */
export interface Timings {
  /** From the call until Python began with it: while it started, and in its queue. */
  queued: number;
  /** From the call until the first chunk (of a whole answer: the answer) was here. */
  ttft: number;
  /** From the call until its end was here. */
  total: number;
  /** What Python and the provider took. */
  server: number;
}

/** What is known about a call that has ended. */
export interface CallInfo {
  usage: Usage | null;
  /** USD; null where LiteLLM has no price. */
  cost: number | null;
  /** LiteLLM counted the usage itself: the provider sent none. */
  estimated: boolean | null;
  /** The provider's response headers. */
  headers: Record<string, string>;
  requestId: string | null;
  timings: Timings;
}

/** An answer that is an object; `_hidden` is not enumerable. */
export type WithInfo<T> = T & { readonly _hidden: CallInfo };

export interface ToolCall {
  id: string;
  type: 'function';
  function: { name: string; arguments: string };
  [key: string]: unknown;
}

export interface AssistantMessage {
  role: string;
  content: string | null;
  reasoning_content?: string;
  refusal?: string;
  tool_calls?: ToolCall[];
  [key: string]: unknown;
}

export interface ChatCompletion {
  id: string;
  object: string;
  created: number;
  model: string;
  choices: { index: number; message: AssistantMessage; finish_reason: string; [key: string]: unknown }[];
  usage?: Usage;
  [key: string]: unknown;
}

export interface ChatCompletionChunk {
  id: string;
  object: string;
  created: number;
  model: string;
  choices: {
    index: number;
    delta: {
      role?: string;
      content?: string;
      reasoning_content?: string;
      refusal?: string;
      tool_calls?: {
        index: number;
        id?: string;
        type?: string;
        function?: { name?: string; arguments?: string };
      }[];
      [key: string]: unknown;
    };
    finish_reason?: string;
    [key: string]: unknown;
  }[];
  usage?: Usage;
  [key: string]: unknown;
}

export interface Completion {
  id: string;
  object: string;
  created: number;
  model: string;
  choices: { index: number; text: string; finish_reason?: string; [key: string]: unknown }[];
  usage?: Usage;
  [key: string]: unknown;
}

export interface Embeddings {
  object: string;
  model: string;
  data: { index: number; embedding: number[]; object: string; [key: string]: unknown }[];
  usage?: Usage;
  [key: string]: unknown;
}

/** What `stream()` resolves to. */
export interface FinalMessage extends CallInfo {
  /** The first choice's whole text. */
  text: string;
  message: AssistantMessage;
  finishReason: string | null;
}

/**
 * A streamed answer, to be read once. Leaving the loop cancels the call. A read that waits holds
 * the event loop; a stream that nobody reads does not.
 *
 * Its figures are there after the end, and after an error of LiteLLM. They stay null where nobody
 * told them: after an abort, a time limit, the death of Python.
 */
export class Stream<Chunk = ChatCompletionChunk> implements AsyncIterable<Chunk> {
  private constructor();
  /**
   * Errors are thrown after the chunks that came before them; an abort, `timeout` and `close()` end
   * the reading at once.
   * @throws {LiteLLMError} `ERR_INVALID_ARGUMENT`: it was read already
   */
  [Symbol.asyncIterator](): AsyncIterableIterator<Chunk>;
  /** null before the end. */
  readonly usage: Usage | null;
  /** USD; null before the end. */
  readonly cost: number | null;
  /** null before the end. */
  readonly estimated: boolean | null;
  /** null before the end. */
  readonly timings: Timings | null;
  /** null before the end. */
  readonly headers: Record<string, string> | null;
  /** null before the end. */
  readonly requestId: string | null;
  /** Aborting it aborts the stream; its signal tells of every abort. */
  readonly controller: AbortController;
  /** Cancels the call; what was not read is dropped. No effect after everything was read. */
  abort(reason?: unknown): void;
  /** The message, put together. Reads the stream if nobody does; else it waits for who does. */
  finalMessage(): Promise<AssistantMessage>;
  /** Lines of JSON, a chunk each. It reads the stream; cancelling it cancels the call. */
  toReadableStream(): ReadableStream<Uint8Array>;
}

/** `Request` is for literals, which may have any parameter; `Any` for what has a type already. */
interface Create<Request, Any, Answer, Chunk> {
  /**
   * @throws {ProviderError} what LiteLLM raised; on a stream, if nothing had come yet
   * @throws {LiteLLMError} `code` says what happened; docs/errors.md
   * @throws {AbortError} the signal was aborted
   */
  create(request: (Request | Any) & { stream: true }, options?: CallOptions): Promise<Stream<Chunk>>;
  create(
    request: (Request | Any) & { stream?: false | null },
    options?: CallOptions,
  ): Promise<WithInfo<Answer>>;
  create(request: Request | Any, options?: CallOptions): Promise<WithInfo<Answer> | Stream<Chunk>>;
}

// ---- the client

export interface Status {
  /** `starting` until ready. */
  state: 'idle' | 'starting' | 'running' | 'stopping';
  /** Calls are answered at once. */
  ready: boolean;
  /** Counts the Pythons of this process; 0: none yet. */
  generation: number;
  pid: number | null;
  pythonPath: string | null;
  /** Versions; null until known. */
  python: string | null;
  litellm: string | null;
  platform: 'local' | 'lambda' | 'lambda-image' | 'lambda-managed' | 'ecs' | 'cloudshell';
  /** ms since this Python was started. */
  ageMs: number;
  /** Calls of this thread that Python works on. */
  active: number;
  /** Calls of this thread that wait for Python to be ready. */
  pending: number;
  /** How long the parts of this start took; null: no Python was started. */
  timings: StartTimings | null;
}

/** ms; null until known, or where another thread started Python. Together they are the start. */
export interface StartTimings {
  /** The system call that makes the process. */
  spawn: number | null;
  /** Until the first line of the worker runs. */
  interpreter: number | null;
  /** Until the import of LiteLLM begins. */
  bootstrap: number | null;
  /** The import of LiteLLM. */
  import: number | null;
  /** From then on, until this thread knows that Python is ready. */
  ready: number | null;
  /** After that, while nothing was asked of Python. */
  warmUp: number | null;
}

/** What is said of one candidate for the interpreter. Nothing speaks against it: three nulls. */
export interface Candidate {
  /** Who named it: the option, LITELLM_BRIDGE_PYTHON, …; `private`: `litellm-bridge install`. */
  source: 'option' | 'variable' | 'layer' | 'venv' | 'private' | 'path';
  path: string;
  code: ErrorCode | null;
  /** Why it is refused or passed over. */
  reason: string | null;
  /** What to do about it. */
  hint: string | null;
  /** A start takes this one. At most one is. */
  chosen: boolean;
}

export interface Problem {
  code: ErrorCode;
  message: string;
  /** What to do. */
  hint: string;
}

/** What `verify()` found. `npx litellm-bridge doctor` shows the same. */
export interface Verification {
  platform: Status['platform'];
  /** In the order in which they are tried, also those behind the chosen one. */
  candidates: Candidate[];
  /** The Python that runs; null where none does. `sysPath`: where it imports from. */
  python: { version: string; path: string; sysPath: string[] } | null;
  litellm: { version: string; path: string } | null;
  /** The native addon: its file, the Node-API version it needs, the Node it was compiled with. */
  addon: { path: string | null; napi: number; node: string };
  /** Versions of what LiteLLM builds on; null where a package is not installed. */
  packages: Record<string, string | null>;
  /** There is no problem. */
  ok: boolean;
  problems: Problem[];
  /** What works, but may not be meant: a LiteLLM that was not tested. */
  warnings: Problem[];
}

/** How a program ended. Outputs are UTF-8, at most 16 MiB each. */
export interface PythonResult {
  stdout: string;
  stderr: string;
  /** null where a signal ended it. */
  exitCode: number | null;
  /** Its name, such as `SIGSEGV`, or null. */
  signal: string | null;
}

export type LogLevel = 'TRACE' | 'DEBUG' | 'INFO' | 'WARN' | 'ERROR' | 'FATAL';

export interface LogRecord {
  level: LogLevel;
  /** `bridge`: this package; the others are Python's. */
  source: 'stdout' | 'stderr' | 'logging' | 'native' | 'bridge';
  /** The Python logger's name, or ''. */
  logger: string;
  message: string;
  /** Of a [TIMING] record. `message` has them, too. */
  fields?: Record<string, unknown>;
}

export type TimingRecord =
  | {
      message: '[TIMING] Starting persistent Python LiteLLM server';
      pythonPath: string;
      isLambda: boolean;
      scriptPath: string;
    }
  | {
      message: '[TIMING] Python LiteLLM server spawned';
      /** ms */
      spawnDuration: number;
      pythonPath: string;
      pid: number;
    }
  | {
      message: '[TIMING] Python LiteLLM server ready';
      /** ms */
      startupDuration: number;
      /** bytes, bytes, percent of the machine's memory */
      memoryUsage: { rss: number; vms: number; percent: number };
      parts: Omit<StartTimings, 'warmUp'>;
    }
  | {
      message: '[TIMING] Python LiteLLM server warmed up';
      /** ms */
      warmUpDuration: number;
      providers: string[];
    };

export interface LiteLLMEvents {
  /** The records of a start, and of the warm-up after it. */
  timing: [record: TimingRecord];
  /** What Python prints and logs; a line of a call comes in the call's async context. */
  log: [record: LogRecord];
  /** A Python starts after one that died; `reason` is how that one ended. */
  restart: [event: { generation: number; reason: LiteLLMError }];
  state: [event: { state: 'idle' | 'starting' | 'running'; generation: number }];
}

/**
 * Every provider of LiteLLM. Making one starts Python, unless it runs: all instances of a process
 * share it. Options that shape it (`python`, `env`, `preload`, `corrections`) are set by the first instance.
 */
export class LiteLLM extends EventEmitter<LiteLLMEvents> {
  /**
   * @throws {LiteLLMError} only `ERR_INVALID_ARGUMENT`; a start that fails rejects `ready()` and
   *   the calls
   */
  constructor(options?: LiteLLMOptions);

  /** The one instance of this thread. Later options must say the same as the first. */
  static shared(options?: LiteLLMOptions): LiteLLM;

  readonly chat: {
    readonly completions: Create<ChatCompletionRequest, AnyChatRequest, ChatCompletion, ChatCompletionChunk>;
  };
  readonly completions: Create<CompletionRequest, AnyRequest, Completion, Completion>;
  readonly embeddings: {
    create(
      request: EmbeddingRequest | { model: string },
      options?: CallOptions,
    ): Promise<WithInfo<Embeddings>>;
  };

  /**
   * Streams a chat to callbacks or into a Writable, and resolves to the whole answer.
   * @throws {ProviderError | LiteLLMError | AbortError} or what a callback threw
   */
  stream(request: ChatCompletionRequest | AnyChatRequest, options?: StreamOptions): Promise<FinalMessage>;

  /**
   * Any of LiteLLM's public functions, by its name. Resolves to what it returns; to a `Stream`
   * with `stream: true`; to a Buffer where the answer is bytes.
   */
  call<T = unknown>(name: string, args?: object, options?: CallOptions): Promise<T>;

  /** Resolves when Python is ready. Optional: calls wait for it by themselves. */
  ready(): Promise<void>;

  /** Sets variables in Python, now and in its later lives: keys that were fetched after start. */
  setEnv(variables: Record<string, string>, options?: CallOptions): Promise<void>;

  status(): Status;

  /**
   * Starts Python as any call does, and tells what it is: interpreter, LiteLLM, packages, and
   * every candidate with its verdict. A Python that can't start is no rejection, but a problem.
   * @throws {LiteLLMError | AbortError} only `ERR_CLOSED`, `ERR_INVALID_ARGUMENT` or an abort
   */
  verify(options?: CallOptions): Promise<Verification>;

  /**
   * Runs a Python program with the interpreter, the environment and the `sys.path` of LiteLLM, in
   * a process of its own that has nothing on stdin. What it starts ends with it. After `timeout`,
   * or at an abort, it is killed, and what it started, too.
   * @param code goes in by stdin: no list of processes shows it
   * @throws {LiteLLMError} `ERR_TIMEOUT`; `ERR_MEMORY`: an output above 16 MiB
   */
  runPython(code: string, options?: CallOptions): Promise<PythonResult>;

  /**
   * Rejects the calls of this instance with `ERR_CLOSED`. The last instance of the process ends
   * Python, and waits for its end.
   */
  close(): Promise<void>;
  [Symbol.asyncDispose](): Promise<void>;
}

// ---- errors

export type ErrorCode =
  | 'ERR_PYTHON_NOT_FOUND'
  | 'ERR_PYTHON_ARCH'
  | 'ERR_PYTHON_BROKEN'
  | 'ERR_LITELLM_MISSING'
  | 'ERR_LITELLM_VERSION'
  | 'ERR_START_TIMEOUT'
  | 'ERR_SPAWN'
  | 'ERR_SERVER_EXITED'
  | 'ERR_PROTOCOL'
  | 'ERR_TIMEOUT'
  | 'ERR_IDLE_TIMEOUT'
  | 'ERR_OVERLOADED'
  | 'ERR_CLOSED'
  | 'ERR_INVALID_ARGUMENT'
  | 'ERR_MEMORY'
  | 'ERR_PRELOAD'
  | 'ERR_CONFIG'
  | 'ERR_PROVIDER';

/** Every error of this package but an abort: docs/errors.md. */
export class LiteLLMError extends Error {
  constructor(code: ErrorCode, detail?: string, options?: { cause?: unknown; hint?: string });
  readonly code: ErrorCode;
  /** What to do. */
  readonly hint: string;
  /** Where Python ended: its exit status; null where a signal ended it. */
  readonly exitCode?: number | null;
  /** Where Python ended: the signal's name, or null. */
  readonly signal?: string | null;
  /** Where Python ended. */
  readonly pid?: number | null;
}

/** What LiteLLM raised; `name` and `message` are LiteLLM's own. */
export class ProviderError extends LiteLLMError {
  constructor(meta: { message: string; name?: string; status?: number | null; [key: string]: unknown });
  readonly code: 'ERR_PROVIDER';
  /** HTTP status. */
  readonly status: number | null;
  /** The provider's response headers. */
  readonly headers: Record<string, string>;
  readonly provider: string | null;
  readonly model: string | null;
  readonly type: string | null;
  readonly param: string | null;
  /** The provider's own code. */
  readonly providerCode: string | number | null;
  /** The provider's. */
  readonly requestId: string | null;
  /** The same request may succeed later. */
  readonly retryable: boolean;
  /** Of what had come before the error. */
  readonly usage: Usage | null;
  /** USD, of what had come before the error. */
  readonly cost: number | null;
  /** LiteLLM counted that usage itself; null where there is none. */
  readonly estimated: boolean | null;
}

/** A call was aborted; `cause` is the signal's reason. */
export class AbortError extends Error {
  constructor(reason?: unknown);
  readonly name: 'AbortError';
  readonly code: 'ABORT_ERR';
}

export class AuthenticationError extends ProviderError {}
export class NotFoundError extends ProviderError {}
export class BadRequestError extends ProviderError {}
export class ImageFetchError extends BadRequestError {}
export class ContextWindowExceededError extends BadRequestError {}
export class RejectedRequestError extends BadRequestError {}
export class ContentPolicyViolationError extends BadRequestError {}
export class UnsupportedParamsError extends BadRequestError {}
export class LiteLLMUnknownProvider extends BadRequestError {}
export class InvalidRequestError extends BadRequestError {}
export class UnprocessableEntityError extends ProviderError {}
export class PermissionDeniedError extends ProviderError {}
export class RateLimitError extends ProviderError {}
export class ServiceUnavailableError extends ProviderError {}
export class MidStreamFallbackError extends ServiceUnavailableError {}
export class InternalServerError extends ProviderError {}
export class BadGatewayError extends ProviderError {}
export class APIError extends ProviderError {}
export class APIConnectionError extends ProviderError {}
export class Timeout extends APIConnectionError {}
export class APIResponseValidationError extends ProviderError {}
export class JSONSchemaValidationError extends APIResponseValidationError {}
export class OpenAIError extends ProviderError {}
export class BudgetExceededError extends ProviderError {}
export class GuardrailRaisedException extends ProviderError {}
export class BlockedPiiEntityError extends ProviderError {}
export class MockException extends APIError {}
