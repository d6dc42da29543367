"""Names the targets of a timeline's rows on the lane that reads rows; what it takes is imported there at first need."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from console.services.session import Session

if TYPE_CHECKING:
    from console.services.targets import Targets


class TargetsOfRows:
    """For one timeline. Called with the ids of entries about corrections; gives what each is about, in words."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._targets: Targets | None = None

    def __call__(self, ids: Sequence[str]) -> Mapping[str, str]:
        """By entry; one that is about no target, or whose document is not here yet, is left out."""
        if not ids:
            return {}
        from console.services.targets import Targets  # noqa: PLC0415  as above

        self._targets = self._targets or Targets(self._session)
        return self._targets.by_id(ids)
