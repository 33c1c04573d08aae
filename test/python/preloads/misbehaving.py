"""An application's module: callbacks and a provider that do what they should not."""

import logging
import os
import subprocess
import sys
import threading

import litellm
from litellm import CustomLLM
from litellm.integrations.custom_logger import CustomLogger


class Exits(BaseException):
    pass


def _act(word: str) -> object:
    if word == "exit":
        sys.exit(7)
    if word == "base":
        raise Exits("not an Exception")
    if word == "recursion":
        return _act(word)
    if word == "memory":
        raise MemoryError("no room")
    if word == "print":
        print("printed in a call")
        print("no line end", end="")
        sys.stderr.write("to stderr\n")
        logging.getLogger("app.part").warning("logged %s", "twice?")
    if word == "thread":
        thread = threading.Thread(target=print, args=("printed in a thread",))
        thread.start()
        thread.join()
    if word == "native":
        os.write(1, b"from native code\n")
    if word == "child":
        subprocess.run(
            [sys.executable, "-c", "print('from a child')"], check=True, stdout=sys.stdout
        )
    if word == "flood":
        for number in range(20000):
            print("x" * 60, number)
        os.write(1, b"the flood is over\n")
    if word == "secret":
        print("the key is", os.environ["OPENAI_API_KEY"])
    if word == "none":
        return None
    return litellm.completion(model="openai/m", messages=[], mock_response=word)


class Odd(CustomLLM):
    async def acompletion(self, *args, **kwargs):
        return _act(kwargs["messages"][0]["content"])


class Hook(CustomLogger):
    """Raises in LiteLLM's background task, outside any call of ours."""

    async def async_log_success_event(self, kwargs, response_obj, start_time, end_time):
        if kwargs["model"] == "exits-later":
            sys.exit(3)


litellm.custom_provider_map = [{"provider": "odd", "custom_handler": Odd()}]
litellm.callbacks = [Hook()]
