"""Tests of the kit that cannot run against one server: each says why, in one table, and is counted; none is silent."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TypeVar

import pytest

from adapters.conformance import demands

Kit = TypeVar("Kit", bound=type)


def leaving_out(why: Mapping[str, str]) -> Callable[[Kit], Kit]:
    """The class with these of the kit's tests skipped, each with its reason."""

    def applied(kit: Kit) -> Kit:
        for name, reason in why.items():
            assert name in demands(), f"the kit has no {name}"
            assert len(reason.split()) > 3, f"{name}: say why it cannot run here"
            setattr(kit, name, _skipped(name, reason))
        return kit

    return applied


def _skipped(name: str, reason: str) -> Callable[..., None]:
    def test(self: object, wish: object) -> None:
        del self, wish
        pytest.skip(reason)

    test.__name__ = name
    return test
