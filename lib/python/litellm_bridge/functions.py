"""The functions that may be called by name: LiteLLM's public ones, in one table."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType


@dataclass(frozen=True, slots=True)
class Function:
    """One function of litellm.

    is_async: the variant `a<name>` is what is called; its result is a response, never None.
    required: arguments that LiteLLM needs and its signature does not ask for.
    """

    name: str
    is_async: bool = False
    required: tuple[str, ...] = ()


# Their a-variants take *args, **kwargs and look `model` up in a dict.
_MODEL_FUNCTIONS = ("completion", "text_completion", "embedding", "image_generation",
                    "transcription", "speech")  # fmt: skip

_RESPONSE_FUNCTIONS = (
    "moderation", "rerank", "image_edit", "image_variation", "ocr", "search",
    "responses", "get_responses", "delete_responses", "cancel_responses", "list_input_items",
    "create_file", "file_retrieve", "file_delete", "file_list", "file_content",
    "create_batch", "retrieve_batch", "cancel_batch", "list_batches",
    "create_fine_tuning_job", "retrieve_fine_tuning_job", "cancel_fine_tuning_job",
    "list_fine_tuning_jobs",
)  # fmt: skip

# These compute, look something up, or block: each runs on a thread of its own pool.
_SYNC_FUNCTIONS = (
    "token_counter", "encode", "decode", "trim_messages",
    "completion_cost", "cost_per_token", "get_model_info", "get_max_tokens", "register_model",
    "get_supported_openai_params", "get_llm_provider", "get_valid_models", "get_provider_fields",
    "validate_environment", "check_valid_key", "get_api_base",
    "batch_completion", "batch_completion_models", "batch_completion_models_all_responses",
    "supports_audio_input", "supports_audio_output", "supports_computer_use",
    "supports_embedding_image_input", "supports_function_calling", "supports_native_streaming",
    "supports_parallel_function_calling", "supports_pdf_input", "supports_prompt_caching",
    "supports_reasoning", "supports_response_schema", "supports_system_messages",
    "supports_tool_choice", "supports_url_context", "supports_vision", "supports_web_search",
)  # fmt: skip


def _table() -> dict[str, Function]:
    rows = [Function(name, is_async=True, required=("model",)) for name in _MODEL_FUNCTIONS]
    rows += [Function(name, is_async=True) for name in _RESPONSE_FUNCTIONS]
    rows += [Function(name) for name in _SYNC_FUNCTIONS]
    return {row.name: row for row in rows}


FUNCTIONS: Mapping[str, Function] = MappingProxyType(_table())
