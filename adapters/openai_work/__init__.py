"""Work in flight at OpenAI: the batches and fine-tuning jobs of one project."""

from adapters.openai_work.adapter import OpenAIWork

ADAPTER = OpenAIWork
