"""What an adapter would write whole, proven against what was signed and what this console itself read.

No adapter can opt out: `Plane.render` gives nothing that did not come through here.
"""

from __future__ import annotations

from collections.abc import Mapping

from adapters.contract import Planned, Refused, Rendered
from adapters.membership import MEMBER, Member, check, members_of

__all__ = ["by_membership", "prove", "puts_in"]


def by_membership(planned: Planned) -> bool:
    """Whether a plan says who is to stand in a set, so that what is sent is made of it at the moment."""
    return any(request.method == MEMBER for request in planned.requests)


def puts_in(planned: Planned) -> bool:
    """Whether it puts accounts in, rather than taking them out.

    Raises:
        Refused: when it is of no form that can be told.
    """
    return any(one.inside for one in members_of([planned]).values())


def prove(found: Rendered, asked: Mapping[str, Member], read: Mapping[str, bytes]) -> Rendered:
    """The same, where each write changes nothing but accounts that were asked for in what was `read`.

    Raises:
        Refused: when one does more, or was made from something else.
    """
    written = [account for whole in found.wholes for account in whole.accounts]
    if not {*written, *found.refused} <= set(asked) or set(written) & set(found.refused):
        raise Refused("the adapter speaks of accounts that nobody signed")
    if len({whole.path for whole in found.wholes}) != len(found.wholes):
        raise Refused("the adapter would write one set twice")
    for whole in found.wholes:
        if read.get(whole.path) != whole.read.encode():
            raise Refused("the adapter would write what was not read")
        check(whole, asked)
    return found
