"""LiteLLM proxy with a database: block or slow a key, block a model."""

from adapters.litellm.adapter import LiteLLM

ADAPTER = LiteLLM
