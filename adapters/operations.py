"""What cloud control planes have in common: lists in pages, and operations that end later than their answer.

Both only read. An operation is followed for as long as the step has time; after a restart nothing is known of it, and
reading back what it wrote says the rest. It must never follow an address away from the instance's own.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal
from urllib.parse import urlsplit

from adapters.contract import Context, Malformed, Reply

MOST_PAGES = 200
_WAITS_S = (1.0, 2.0, 4.0, 8.0)
_SHORTEST_WAIT_S, _LONGEST_WAIT_S = 0.05, 30.0
MOST_LOOKS = 20  # a provider that says "at once" each time is not asked for ever


async def pages(
    context: Context, path: str, after: Callable[[Reply], str | None], most: int = MOST_PAGES
) -> list[Reply]:
    """Every page from `path` on. `after` checks a page and says the next one's path, or None after the last.

    Raises:
        Malformed: when a page leads back to one before, or there is no end within `most` pages.
    """
    found: list[Reply] = []
    seen: set[str] = set()
    ahead: str | None = path
    while ahead is not None:
        if ahead in seen or len(found) >= most:
            raise Malformed("the list has no end: a page leads back, or there are too many")
        seen.add(ahead)
        page = await context.call("GET", ahead, effect="read")
        found.append(page)
        ahead = after(page)
    return found


def path_of(link: str, base_url: str) -> str:
    """The path of a full address that the provider names, below the instance's own address.

    Raises:
        Malformed: when it leads elsewhere.
    """
    to, base = urlsplit(link), urlsplit(base_url)
    if not to.scheme and link.startswith("/") and not link.startswith("//"):
        return link
    prefix = base.path.rstrip("/")
    same = (to.scheme, to.hostname, to.port, to.username) == (base.scheme, base.hostname, base.port, None)
    if not same or not to.path.startswith(f"{prefix}/"):
        raise Malformed("the provider names an address that is not its own")
    return to.path[len(prefix) :] + (f"?{to.query}" if to.query else "")


@dataclass(frozen=True, slots=True)
class Ended:
    """How an operation stands: it may go on beyond this step. `code` is the provider's word for why it failed."""

    how: Literal["succeeded", "failed", "going-on"]
    code: str = ""


async def follow(context: Context, path: str, look: Callable[[Reply], Ended], first_wait_s: float = 0.0) -> Ended:
    """Ask again and again how the operation at `path` stands, as its `Retry-After` says, while the step has time.

    Raises:
        AdapterFault: as any read; what the operation wrote then has to be read back.
    """
    waits = iter(_WAITS_S)
    wait_s = first_wait_s
    for _ in range(MOST_LOOKS):
        if not await context.pause(wait_s):
            break
        reply = await context.call("GET", path, effect="read")
        ended = look(reply)
        if ended.how != "going-on":
            return ended
        wait_s = retry_after_s(reply, next(waits, _WAITS_S[-1]))
    return Ended("going-on")


def retry_after_s(reply: Reply, otherwise: float) -> float:
    """What the answer asks to wait, in seconds; what is no number of them is passed over."""
    try:
        asked = float(reply.headers.get("retry-after", ""))
    except ValueError:
        return otherwise
    return min(max(asked, _SHORTEST_WAIT_S), _LONGEST_WAIT_S) if asked == asked else otherwise  # noqa: PLR0124  NaN
