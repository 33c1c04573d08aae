"""The Python side of litellm-bridge: serves LiteLLM's functions to one Node process."""
