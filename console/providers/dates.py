"""What the answers of one provider tell of its clock: the `Date` of each, against our boot clock.

It is kept beside the sockets and decides nothing (`console.domain.clock_hint`).
"""

from __future__ import annotations

import email.utils
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

from adapters.contract import Reply
from console.domain.clock_hint import KEPT_MS, Voice
from console.providers.address import Pin

_LATELY: Final = 8
_MOST_HOSTS: Final = 8
_WITHIN_THE_SECOND_MS: Final = 500  # a stamp has whole seconds: half of one is its middle, and how far it may be off


@dataclass(frozen=True, slots=True)
class _Heard:
    epoch_ms: int
    slack_ms: int
    at_ms: int


@dataclass(slots=True)
class Dates:
    """The last stamps of each host behind one instance: its services may stand on several."""

    _hosts: dict[str, deque[_Heard]] = field(default_factory=dict[str, deque[_Heard]])
    _near: set[str] = field(default_factory=set[str])

    def note(self, pin: Pin, reply: Reply, boot_ms: int) -> None:
        """Take in one answer that came to its end at `boot_ms`; one out of a cache says when somebody else asked."""
        stamp = _stamp_ms(reply)
        if stamp is None or (pin.host not in self._hosts and len(self._hosts) >= _MOST_HOSTS):
            return
        half = reply.elapsed_ms // 2
        heard = _Heard(stamp + _WITHIN_THE_SECOND_MS - (boot_ms - half), _WITHIN_THE_SECOND_MS + half, boot_ms)
        self._hosts.setdefault(pin.host, deque(maxlen=_LATELY)).append(heard)
        if pin.loopback:
            self._near.add(pin.host)

    def voices(self, name: str, boot_ms: int) -> Iterator[tuple[str, Voice]]:
        """Each host with its clock as heard lately: of several stamps the latest time, for none is made too early."""
        for host, heard in self._hosts.items():
            lately = [one for one in heard if 0 <= boot_ms - one.at_ms <= KEPT_MS]
            if lately:
                best = max(lately, key=lambda one: one.epoch_ms)
                yield host, Voice(
                    whose="provider", name=name, epoch_ms=best.epoch_ms, slack_ms=best.slack_ms,
                    at_ms=lately[-1].at_ms, near=host in self._near,
                )  # fmt: skip


def _stamp_ms(reply: Reply) -> int | None:
    if reply.headers.get("age", "0").strip() not in ("", "0"):
        return None
    try:
        when = email.utils.parsedate_to_datetime(reply.headers.get("date", ""))
        return round(when.timestamp() * 1000)
    except (ValueError, TypeError, IndexError, OverflowError, OSError):
        return None
