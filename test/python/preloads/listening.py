"""Tells, in the log, when LiteLLM puts a payload for loggers together, when it writes an answer out
for them, on which thread it prepares a call, and what a callback hears where LISTENING asks for one."""

import json
import os
import threading

import litellm
from litellm.integrations.custom_logger import CustomLogger
from litellm.litellm_core_utils import litellm_logging

_payload = litellm_logging.get_standard_logging_object_payload
_provider = litellm.main.get_optional_params


def payload(*args, **kwargs):
    print("payload made")
    return _payload(*args, **kwargs)


def prepared(*args, **kwargs):
    print("prepared on", threading.current_thread().name)
    return _provider(*args, **kwargs)


class Writer:
    """In the place of the module json."""

    def __getattr__(self, name):
        return getattr(json, name)

    def dumps(self, value, **options):
        if isinstance(value, dict) and "choices" in value:
            print("answer written")
        return json.dumps(value, **options)


class Listener(CustomLogger):
    async def async_log_success_event(self, kwargs, response_obj, start_time, end_time):
        usage = response_obj.usage.model_dump(exclude_none=True)
        answer = str(kwargs.get("original_response"))
        answer = answer if answer.startswith("{") else ""
        print("heard", json.dumps([kwargs["response_cost"], usage, answer], sort_keys=True))


litellm_logging.get_standard_logging_object_payload = payload
litellm_logging.json = Writer()
litellm.main.get_optional_params = prepared
if os.environ.get("LISTENING"):
    litellm.callbacks = [Listener()]
