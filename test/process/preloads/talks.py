"""A provider of this process that prints what it is asked, and answers with it."""

import litellm
from litellm import CustomLLM


class Talks(CustomLLM):
    async def acompletion(self, *args, **kwargs):
        text = kwargs["messages"][0]["content"]
        print(text)
        return litellm.completion(model="openai/m", messages=[], mock_response=text)


litellm.custom_provider_map = [{"provider": "talks", "custom_handler": Talks()}]
