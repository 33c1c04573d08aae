"""A LiteLLM whose internals are not those that the fast path knows: a name is another one."""

from litellm import CustomStreamWrapper


def _read(wrapper):
    return vars(wrapper).get("_text_so_far", "")


def _write(wrapper, text):
    vars(wrapper)["_text_so_far"] = text


CustomStreamWrapper.response_uptil_now = property(_read, _write)
