"""Why no token could be had, and what to do about it, in words for people.

Only the sign-in failed: its provider was asked nothing and refused nothing, so none of these faults is a refusal. No
word of the sign-in but a code of OAuth, and nothing of what was sent, gets into a fault.
"""

from __future__ import annotations

import email.utils
import re
import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from pydantic import BaseModel, ConfigDict, ValidationError

from adapters.contract import AdapterFault, NotSent, Throttled
from console.providers.replies import retry_after_s
from console.runtime.clock import Clock

_OK, _REFUSALS, _TOO_MANY, _BROKEN = 200, 400, 429, 500
_WORD: Final = re.compile(r"[a-z_]{1,40}\Z")
_WAIT_S: Final = 30.0
_SKEW_S: Final = 120  # an assertion of ours is good for ten minutes, and backdated by one
_MINUTE_S: Final = 60
_CAUSES: Final = 6


@dataclass(frozen=True, slots=True)
class Heard:
    """What a sign-in answered."""

    status: int
    headers: Mapping[str, str]
    body: bytes


class _No(BaseModel):
    model_config = ConfigDict(extra="ignore", frozen=True)

    error: str = ""


def no_answer(host: str, fault: Exception) -> NotSent:
    """Nothing came back, or not to its end."""
    if isinstance(fault, TimeoutError):
        return NotSent(f"the sign-in at {host} gave no answer in time: check the network to it; nothing was sent")
    for cause in _causes(fault):
        if isinstance(cause, ssl.SSLCertVerificationError):
            why = "has expired" if "expired" in cause.verify_message else "is not trusted here"
            next_step = "check this console's clock and network; nothing was sent"
            return NotSent(f"the certificate of the sign-in at {host} {why}: {next_step}")
    return NotSent(f"the sign-in at {host} gave no answer: check the network to it; nothing was sent")


def no_token(host: str, what: str) -> NotSent:
    """Something answered that is no sign-in: nothing was sent all the same, and of what is there nothing is known."""
    told = "a page of the network may stand before it: open it in a browser, or check its address in the settings"
    return NotSent(f"the sign-in at {host} answered {what}; {told}")


def refused(host: str, heard: Heard, clock: Clock) -> AdapterFault | None:
    """Why this answer is no token, by its status alone; None where it may be one."""
    if heard.status == _OK:
        return None
    if heard.status == _TOO_MANY:
        asked = heard.headers.get("retry-after")
        wait_s = _WAIT_S if asked is None else retry_after_s(asked, clock)
        return Throttled(f"the sign-in at {host} asks to wait {wait_s:g} s", wait_s)
    if heard.status >= _BROKEN:
        return NotSent(f"the sign-in at {host} answered {heard.status}: it is tried again; nothing was sent")
    if heard.status < _REFUSALS:
        return no_token(host, f"{heard.status}, which is no token")
    try:
        word = _No.model_validate_json(heard.body).error
    except ValidationError:
        word = ""
    ahead = _ahead(heard, clock)
    if _WORD.fullmatch(word):
        next_step = ahead or "renew the credential it signs in with, or mend the settings"
        return NotSent(f"the sign-in at {host} refused this client ({word}): {next_step}; the provider was not asked")
    next_step = ahead or "check the network to it, and renew the credential it signs in with"
    return NotSent(
        f"the sign-in at {host} answered {heard.status} without a reason: {next_step}; nothing else was asked"
    )


def _ahead(heard: Heard, clock: Clock) -> str:
    """What its own clock says of ours, where they differ so much that what we sign is worth nothing there."""
    try:
        when = email.utils.parsedate_to_datetime(heard.headers.get("date", ""))
        off_s = clock.wall_ms() / 1000 - when.timestamp()
    except (ValueError, OverflowError):
        return ""
    if abs(off_s) < _SKEW_S:
        return ""
    way = "ahead of" if off_s > 0 else "behind"
    return f"this console's clock is {abs(off_s) / _MINUTE_S:.0f} min {way} the sign-in's; set it first"


def _causes(fault: BaseException) -> list[BaseException]:
    found: list[BaseException] = []
    at: BaseException | None = fault
    while at is not None and len(found) < _CAUSES:
        found.append(at)
        at = at.__cause__ or at.__context__
    return found


__all__ = ["Heard", "no_answer", "no_token", "refused"]
