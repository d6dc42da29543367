"""Anthropic's Admin API: keys, workspaces, their limits and members, for one organisation."""

from adapters.anthropic_admin.adapter import AnthropicAdmin

ADAPTER = AnthropicAdmin
