"""Unleash: flags as kill switches, and a segment of blocked users."""

from adapters.unleash.adapter import Unleash

ADAPTER = Unleash
