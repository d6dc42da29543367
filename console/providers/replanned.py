"""A signed plan made anew by this console's own adapter, and everything in which the two differ.

What is signed says what another adapter made of it; whether it is what it calls itself only a second plan tells.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from adapters.contract import AdapterFault, Planned, Request, Wish
from adapters.hand import BACK, INSTRUCTION, PATCH
from console.providers.plane import Plane
from console.providers.wishes import wish

_TEXTS: Final = (INSTRUCTION, PATCH, BACK)

__all__ = ["plan_all_anew", "plan_anew", "plan_differs"]


async def plan_anew(plane: Plane, signed: Planned) -> Planned:
    """What this console's adapter makes of the same wish, by reading only.

    Raises:
        AdapterFault: as `Plane.plan`.
        Problem: when the adapter has no such lever here.
    """
    return await plane.plan(_wish(plane, signed))


async def plan_all_anew(plane: Plane, signed: Sequence[Planned]) -> list[Planned | AdapterFault]:
    """As `plan_anew` for each; a fault stands in the place of its own, and of all where nothing can be read."""
    try:
        return await plane.plan_many([_wish(plane, one) for one in signed])
    except AdapterFault as fault:
        return [fault] * len(signed)


def _wish(plane: Plane, signed: Planned) -> Wish:
    lever = plane.lever(signed.lever)
    known = () if lever.params is None else lever.params.model_fields
    params = {name: value for name, value in signed.params.items() if name in known and value}
    return wish(signed.lever, signed.selector, signed.surface_key, params, signed.direction)


def plan_differs(signed: Planned, found: Planned, *, already: bool = False) -> tuple[str, ...]:
    """Everything that is signed of a plan and that this console would say otherwise, each in a few words.

    Where it is `already` so, the revert made now would be another one, and says nothing.
    """
    odd = [
        f"{word} {_said(getattr(found, field))}, not {_said(getattr(signed, field))}"
        for field, word in (
            ("surface_key", "the surface is"), ("model", "the model is"), ("selectors", "it selects"),
            ("reach", "it reaches"), ("reversal", "its reversal is"), ("credential", "the credential is"),
        )
        if getattr(found, field) != getattr(signed, field)
    ]  # fmt: skip
    names = {**signed.wanted, **found.wanted}
    odd += [
        f"{name} becomes {found.wanted.get(name, 'nothing')}, not {signed.wanted.get(name, 'nothing')}"
        for name in names if found.wanted.get(name) != signed.wanted.get(name)
    ]  # fmt: skip
    if any(signed.params.get(name) != found.params.get(name) for name in _TEXTS if name in found.params):
        odd.append("the text that a person is to follow would be another one")
    if found.requests != signed.requests:
        odd.append(f"it would send {_sent(found.requests)}")
    if found.revert != signed.revert and not already:
        odd.append(f"it would revert by {_sent(found.revert)}")
    return tuple(odd)


def _sent(requests: Sequence[Request]) -> str:
    return " then ".join(f"{one.method} {one.path} {one.body}".strip() for one in requests) or "nothing"


def _said(value: object) -> str:
    return "nothing" if value is None else str(value)
