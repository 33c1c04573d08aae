"""Calls of LiteLLM's public functions, errors included: no network but a closed port."""

from __future__ import annotations

import itertools
import pickle
from collections.abc import Iterator
from typing import Any

import litellm
from litellm import (  # noqa: F401 - the calls below are expressions over these names
    Router,
    acompletion,
    aembedding,
    atext_completion,
    completion,
    completion_cost,
    cost_per_token,
    embedding,
    get_llm_provider,
    get_max_tokens,
    get_model_info,
    get_supported_openai_params,
    image_generation,
    stream_chunk_builder,
    supports_function_calling,
    supports_vision,
    text_completion,
    token_counter,
    validate_environment,
)
from litellm.types.utils import (  # noqa: F401
    Choices,
    Delta,
    EmbeddingResponse,
    ImageResponse,
    Message,
    ModelResponse,
    ModelResponseStream,
    StreamingChoices,
    TextCompletionResponse,
    TranscriptionResponse,
    Usage,
)
from litellm.utils import (  # noqa: F401
    get_optional_params,
    get_optional_params_embeddings,
    trim_messages,
)

from describe import outcome

HELLO = [{"role": "user", "content": "Hello, how are you? Привет 👋"}]
LONG = [
    {"role": "system", "content": "Be brief."},
    *({"role": "user", "content": f"number {n} " * 200} for n in range(6)),
]
IMAGE = [
    {
        "role": "user",
        "content": [
            {"type": "text", "text": "What is this?"},
            {"type": "image_url", "image_url": {"url": "data:image/png;base64,iVBORw0KGgo="}},
        ],
    }
]
TOOLS = [
    {
        "type": "function",
        "function": {
            "name": "weather",
            "description": "The weather at a place",
            "parameters": {
                "type": "object",
                "properties": {"place": {"type": "string"}, "unit": {"enum": ["C", "F"]}},
                "required": ["place"],
            },
        },
    }
]
DEPLOYMENTS = [
    {"model_name": "a", "litellm_params": {"model": "openai/gpt-4o", "api_key": "k", "rpm": 10}},
    {
        "model_name": "a",
        "litellm_params": {"model": "azure/x", "api_key": "k", "api_base": "http://127.0.0.1:9"},
    },
    {
        "model_name": "b",
        "litellm_params": {
            "model": "anthropic/claude-3-haiku-20240307",
            "api_key": "k",
            "mock_response": "from b",
        },
    },
]
CLOSED = "http://127.0.0.1:9"  # the discard port, where nobody listens

COUNTED = (
    "gpt-4o",
    "gpt-4",
    "gpt-3.5-turbo",
    "gpt-3.5-turbo-0301",
    "o1",
    "text-embedding-3-small",
    "claude-2",
    "claude-instant-1",
    "claude-3-5-sonnet-20240620",
    "anthropic/claude-3-haiku-20240307",
    "gemini/gemini-1.5-pro",
    "vertex_ai/gemini-pro",
    "mistral/mistral-large-latest",
    "bedrock/anthropic.claude-v2",
    "command-r",
    "no-such-model",
    "azure/gpt-4o",
    "",
)
NAMED = (
    *COUNTED,
    "groq/llama3-8b-8192",
    "together_ai/x/y",
    "ollama/llama2",
    "huggingface/bigcode/starcoder",
    "cohere/command-r",
    "deepseek/deepseek-chat",
    "openrouter/openai/gpt-4o",
    "perplexity/sonar",
    "xai/grok-2",
    "replicate/meta/llama-2-7b",
    "sagemaker/x",
    "watsonx/ibm/granite",
    "databricks/dbrx",
    "fireworks_ai/llama-v3",
    "dall-e-3",
    "whisper-1",
    "ft:gpt-3.5-turbo:org::id",
    "nonsense/model",
)
PROVIDERS = (
    "openai",
    "azure",
    "anthropic",
    "gemini",
    "vertex_ai",
    "bedrock",
    "cohere",
    "mistral",
    "groq",
    "deepseek",
    "together_ai",
    "ollama",
    "huggingface",
    "openrouter",
    "perplexity",
    "fireworks_ai",
    "xai",
    "watsonx",
    "databricks",
    "sagemaker",
)
PRICED = (
    "gpt-4o",
    "gpt-4o-mini",
    "claude-3-5-sonnet-20240620",
    "gemini/gemini-1.5-pro",
    "mistral/mistral-large-latest",
    "command-r",
    "no-such-model",
)
MOCKS = (
    "'a reply'",
    "'litellm.RateLimitError'",
    "'litellm.InternalServerError'",
    "'litellm.ContextWindowExceededError'",
    "'litellm.ContentPolicyViolationError'",
    "Exception('broken')",
    "litellm.AuthenticationError('no key', llm_provider='openai', model='m')",
    "{'id': '1', 'choices': [{'message': {'role': 'assistant', 'content': 'x'}, 'finish_reason': 'stop', 'index': 0}], 'usage': {'prompt_tokens': 1, 'completion_tokens': 2, 'total_tokens': 3}}",
)
UNREACHABLE = (
    "openai/m",
    "azure/m",
    "anthropic/m",
    "gemini/m",
    "mistral/m",
    "groq/m",
    "ollama/m",
    "cohere/m",
    "deepseek/m",
)
ERRORS = (
    "AuthenticationError",
    "NotFoundError",
    "BadRequestError",
    "RateLimitError",
    "ServiceUnavailableError",
    "InternalServerError",
    "Timeout",
    "ContextWindowExceededError",
    "ContentPolicyViolationError",
    "UnsupportedParamsError",
    "APIConnectionError",
)

EXPRESSIONS = (
    *(f"token_counter({model!r}, messages=HELLO)" for model in COUNTED),
    *(f"token_counter({model!r}, text=['one', 'two three'])" for model in COUNTED[:8]),
    "token_counter('gpt-4o', messages=LONG)",
    "token_counter('gpt-4o', messages=IMAGE, use_default_image_token_count=True)",
    "token_counter('gpt-4o', messages=HELLO, tools=TOOLS)",
    "token_counter('gpt-4o', messages=HELLO, tools=TOOLS, tool_choice='auto')",
    "token_counter('gpt-4o')",
    "token_counter('gpt-4o', messages=[{'role': 'user', 'content': 7}])",
    "litellm.encode('gpt-4o', 'text')",
    "litellm.encode('claude-2', 'some text')",
    "litellm.decode('gpt-4o', [1, 2, 3])",
    "litellm.decode('claude-2', [100, 200, 300])",
    "litellm.utils._select_tokenizer('claude-2')['type']",
    "litellm.utils._select_tokenizer('gpt-4o')['tokenizer'].name",
    "litellm.create_tokenizer('{}')",
    *(f"get_llm_provider({model!r})" for model in NAMED),
    "get_llm_provider('x', custom_llm_provider='openai')",
    "get_llm_provider('x', api_base='https://api.groq.com/openai/v1')",
    *(f"get_model_info({model!r})" for model in NAMED),
    *(f"get_max_tokens({model!r})" for model in NAMED[:12]),
    *(
        f"completion_cost(model={model!r}, prompt='a question', completion='an answer')"
        for model in PRICED
    ),
    *(f"cost_per_token({model!r}, prompt_tokens=1000, completion_tokens=50)" for model in PRICED),
    "completion_cost(completion_response=ModelResponse(model='gpt-4o', usage=Usage(prompt_tokens=10, completion_tokens=20, total_tokens=30)))",
    "completion_cost(completion_response=ImageResponse(data=[{'url': 'u'}]), model='dall-e-3', call_type='image_generation', size='1024x1024', quality='standard')",
    "completion_cost(completion_response=7)",
    *(f"get_supported_openai_params('m', {provider!r})" for provider in (*PROVIDERS, "nonsense")),
    *(
        f"get_optional_params(model='m', custom_llm_provider={provider!r}, temperature=0.5, max_tokens=10, stop=['x'])"
        for provider in PROVIDERS
    ),
    *(
        f"get_optional_params(model='m', custom_llm_provider={provider!r}, tools=TOOLS, tool_choice='auto')"
        for provider in PROVIDERS[:10]
    ),
    *(
        f"get_optional_params(model='m', custom_llm_provider={provider!r}, logit_bias={{'1': 2}})"
        for provider in PROVIDERS[:10]
    ),
    "get_optional_params(model='claude-3-5-sonnet-20240620', custom_llm_provider='anthropic', response_format={'type': 'json_object'})",
    "get_optional_params(model='o1', custom_llm_provider='openai', max_tokens=3, reasoning_effort='low')",
    "get_optional_params_embeddings(model='m', custom_llm_provider='openai', dimensions=7)",
    "get_optional_params_embeddings(model='text-embedding-3-small', custom_llm_provider='openai', dimensions=7)",
    *(f"completion('gpt-4o', HELLO, mock_response={mock})" for mock in MOCKS),
    *(f"acompletion('gpt-4o', HELLO, mock_response={mock})" for mock in MOCKS),
    "completion('gpt-4o', HELLO, mock_response='one two three', stream=True)",
    "acompletion('gpt-4o', HELLO, mock_response='one two three', stream=True)",
    "acompletion('claude-3-5-sonnet-20240620', HELLO, mock_response='one two', stream=True, stream_options={'include_usage': True})",
    "completion('gpt-4o', HELLO, mock_response='x', n=2)",
    "completion('gpt-4o', HELLO, mock_tool_calls=[{'id': '1', 'type': 'function', 'function': {'name': 'f', 'arguments': '{}'}}])",
    "completion('no-such-model', HELLO)",
    "completion('openai/gpt-4o', 'no list', mock_response='x')",
    "completion('gpt-4o', [{'role': 'nobody'}], api_key='k', api_base=CLOSED, max_retries=0)",
    "completion('gpt-4o', [])",
    "completion('openai/gpt-4o', HELLO)",
    "completion('anthropic/claude-3-haiku-20240307', HELLO, logit_bias={'1': 1}, api_key='k')",
    "completion('anthropic/claude-3-haiku-20240307', HELLO, logit_bias={'1': 1}, api_key='k', drop_params=True, api_base=CLOSED)",
    *(
        f"completion({model!r}, HELLO, api_key='k', api_base=CLOSED, api_version='1', max_retries=0)"
        for model in UNREACHABLE
    ),
    *(
        f"acompletion({model!r}, HELLO, api_key='k', api_base=CLOSED, api_version='1', max_retries=0)"
        for model in UNREACHABLE
    ),
    "text_completion(model='gpt-3.5-turbo-instruct', prompt='say', mock_response='said')",
    "atext_completion(model='gpt-3.5-turbo-instruct', prompt='say', mock_response='said', stream=True)",
    "embedding('text-embedding-3-small', ['one', 'two'], mock_response=[0.1, 0.2])",
    "aembedding('text-embedding-3-small', ['one'], mock_response=[0.1, 0.2])",
    "embedding('no-such-model', ['one'])",
    "image_generation('a cat', model='dall-e-3', mock_response='https://example.org/cat.png')",
    "trim_messages(LONG, model='gpt-4o', max_tokens=300)",
    "trim_messages(LONG, model='gpt-4o', trim_ratio=0.1, max_tokens=1000)",
    "trim_messages(LONG, model='claude-2', max_tokens=300, return_response_tokens=True)",
    "trim_messages(HELLO, model='gpt-4o')",
    "trim_messages('no list', model='gpt-4o', max_tokens=3)",
    *(f"validate_environment({model!r})" for model in NAMED[:24]),
    *(
        f"{name}({model!r})"
        for name in ("supports_vision", "supports_function_calling")
        for model in NAMED[:10]
    ),
    "Router(DEPLOYMENTS).get_model_list()",
    "Router(DEPLOYMENTS).get_model_names()",
    "Router(DEPLOYMENTS).completion('b', HELLO)",
    "Router(DEPLOYMENTS).acompletion('b', HELLO)",
    "Router(DEPLOYMENTS).completion('c', HELLO)",
    "Router(DEPLOYMENTS, num_retries=0, fallbacks=[{'a': ['b']}]).completion('a', HELLO, mock_response='litellm.RateLimitError')",
    "Router(DEPLOYMENTS, model_group_alias={'z': 'b'}).completion('z', HELLO)",
    "Router([{'model_name': 'a'}])",
    "Router(DEPLOYMENTS, routing_strategy='no-such')",
    "litellm.Router(DEPLOYMENTS).get_available_deployment('b')['litellm_params']",
    "stream_chunk_builder([ModelResponseStream(choices=[StreamingChoices(delta=Delta(content=c), index=0)]) for c in 'abc'], messages=HELLO)",
    "stream_chunk_builder([])",
    "ModelResponse(stream=True)",
    "ModelResponse(choices=[{'message': {'content': 'x', 'tool_calls': [{'id': '1', 'type': 'function', 'function': {'name': 'f', 'arguments': '{}'}}]}}])",
    "ModelResponse(usage=Usage(prompt_tokens=1, completion_tokens=2, prompt_tokens_details={'cached_tokens': 1}))",
    "ModelResponse.model_validate({'choices': 7})",
    "ModelResponse.model_json_schema()['title']",
    "Usage.model_validate_json('{\"prompt_tokens\": 3}')",
    "Usage(prompt_tokens='many')",
    "Message(content='x', role='assistant', function_call={'name': 'f', 'arguments': '{}'}).json()",
    "Choices(finish_reason='max_tokens', message={'content': 'x'})",
    "EmbeddingResponse(model='m', data=[{'embedding': [1.0]}], usage=Usage(prompt_tokens=1))",
    "TextCompletionResponse(choices=[{'text': 'x', 'index': 0}])",
    "TranscriptionResponse(text='said')",
    "ModelResponseStream(choices=[{'delta': {'content': 'x'}}]).model_dump_json(exclude_none=True)",
    *(f"error({name!r})" for name in ERRORS),
    "litellm.register_model({'mine': {'max_tokens': 5, 'input_cost_per_token': 1e-6, 'output_cost_per_token': 2e-6, 'litellm_provider': 'openai', 'mode': 'chat'}})['mine']",
    "cost_per_token('mine', 10, 10)",
    "litellm.supports_response_schema('gpt-4o')",
    "litellm.supports_response_schema('no-such-model')",
    "litellm.utils.get_model_list()",
    "len(litellm.model_list), len(litellm.model_cost), sorted(map(str, litellm.provider_list))",
    "litellm.get_secret('os.environ/NO_SUCH')",
    "litellm.utils.convert_to_model_response_object({'choices': [{'message': {'content': 'x'}, 'finish_reason': 'stop'}]}, ModelResponse())",
    "litellm.utils.convert_to_model_response_object({'error': {'message': 'no', 'code': 400}}, ModelResponse())",
    "litellm.get_valid_models()",
    "litellm.check_valid_key('gpt-4o', None)",
    "litellm.moderation('x', api_base=CLOSED, api_key='k')",
    "litellm.rerank('cohere/rerank', 'q', ['a', 'b'], api_base=CLOSED, api_key='k')",
    "litellm.transcription('openai/whisper-1', ('a.wav', b'x'), api_base=CLOSED, api_key='k', max_retries=0)",
    "litellm.batch_completion('gpt-4o', [HELLO, HELLO], mock_response='both')",
    "litellm.completion_with_retries(model='gpt-4o', messages=HELLO, mock_response='x', num_retries=1)",
)


def error(name: str) -> Any:
    """An exception of LiteLLM's, made, and pickled if it can be."""
    made = getattr(litellm, name)(message="a message", model="m", llm_provider="openai")
    return made, outcome(lambda: pickle.loads(pickle.dumps(made)))


def survey() -> Iterator[tuple[str, str]]:
    for number, expression in zip(itertools.count(), EXPRESSIONS):
        work = eval(f"lambda: {expression}", globals())
        yield f"{number} {expression}", outcome(work)
