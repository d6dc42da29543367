"""OpenAI's Admin API: projects, their models, tools, limits, people and keys, for one organisation."""

from adapters.openai_admin.adapter import OpenAIAdmin

ADAPTER = OpenAIAdmin
