"""Adapters to the control planes that serve models. They import `adapters.contract` and nothing else of ours."""
