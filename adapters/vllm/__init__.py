"""vLLM servers: put a model to sleep, unload a LoRA adapter."""

from adapters.vllm.adapter import VLLM

ADAPTER = VLLM
