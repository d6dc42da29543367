"""What this credential may do, asked beforehand, where a provider tells it. Part of the contract.

Both questions only read. What is answered is the provider's word, a hint and no proof: only a write proves a write.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol, runtime_checkable

from adapters.contract import Context, Planned


@dataclass(frozen=True, slots=True, kw_only=True)
class Granted:
    """What a provider says that a credential may do there, whatever is planned.

    `asked` is the question in plain words, with what it leaves out. `lacks` says of a lever what of its writes and of
    its way back was not granted: empty where all of it was. A lever that is not in it is not told of.
    """

    asked: str
    lacks: Mapping[str, Sequence[str]] = field(default_factory=dict[str, Sequence[str]])


@runtime_checkable
class TellsRights(Protocol):
    """What an adapter may offer besides, whose provider says whether a write would be allowed without making it."""

    async def may_not(self, context: Context, planned: Planned) -> Sequence[str] | None:
        """What of a plan and its way back this credential may not do, in plain words, by reading only.

        Nothing (empty) is an answer: it may do all of it. None: the provider does not tell.
        """
        ...


@runtime_checkable
class TellsGrants(Protocol):
    """What an adapter may offer besides, whose provider says what a credential was granted, without a plan.

    It is asked once for all levers. Where an adapter offers `TellsRights` too, that answers for what is planned.
    """

    async def granted(self, context: Context) -> Granted | None:
        """What was granted, by reading only. None: the provider does not tell.

        Raises:
            AdapterFault: where it does not tell this credential; the console says so, and that it is unproven.
        """
        ...


def lacking(needs: Mapping[str, Sequence[str]], missing: Sequence[str]) -> dict[str, list[str]]:
    """By lever, what of its needs is missing."""
    return {lever: [one for one in needed if one in missing] for lever, needed in needs.items()}
