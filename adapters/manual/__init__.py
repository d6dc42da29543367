"""Corrections that a person carries out, or asks somebody for."""

from adapters.manual.adapter import Manual

ADAPTER = Manual
