"""A provider may say our own secrets back to us. They are taken out of its answer before anything reads it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Final

from adapters.contract import Reply

MASK: Final = "[secret]"
_SHORTEST: Final = 8  # a shorter one stands in innocent text, and masking it would garble the answer


def masked(reply: Reply, secrets: Iterable[str]) -> Reply:
    """The answer, with each of these secrets replaced in its body and its headers."""
    words = sorted({one for one in secrets if len(one) >= _SHORTEST}, key=len, reverse=True)
    body, headers = reply.body, dict(reply.headers)
    for word in words:
        body = body.replace(word.encode(), MASK.encode())
        headers = {name: value.replace(word, MASK) for name, value in headers.items()}
    return reply if body == reply.body and headers == reply.headers else replace(reply, body=body, headers=headers)


__all__ = ["MASK", "masked"]
