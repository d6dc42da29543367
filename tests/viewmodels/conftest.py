"""Two founded consoles for whoever asks for them (`tests/kit/pair.py`)."""

from tests.kit.pair import founded, pair

__all__ = ["founded", "pair"]
