"""The practice estate: the same software, on simulators that no real credential can reach."""

from adapters.practice.adapter import Practice

ADAPTER = Practice
