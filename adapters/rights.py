"""What this credential may do, asked beforehand, where a provider tells it. Part of the contract."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol, runtime_checkable

from adapters.contract import Context, Planned


@runtime_checkable
class TellsRights(Protocol):
    """What an adapter may offer besides, whose provider says whether a write would be allowed without making it."""

    async def may_not(self, context: Context, planned: Planned) -> Sequence[str] | None:
        """What of a plan and its way back this credential may not do, in plain words, by reading only.

        Nothing (empty) is an answer: it may do all of it. None: the provider does not tell.
        """
        ...
