"""One template for every account of a list: the signed requests with a mark where the account stands, and back.

Only what the template says is ever sent; an account whose own plan differs from it does not fit the list.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, replace

from adapters.contract import AdapterFault, Planned, ReadBack, Refused, Request, Throttled
from adapters.membership import member, member_of
from console.domain.lists import MARK, PREFIX, filled, marked, to_path
from console.providers.plane import Plane, each

__all__ = ["AdapterFault", "Fitting", "Plane", "ReadBack", "Refused", "Throttled", "each", "fill", "fit", "template_of"]


def _json(text: str) -> str:
    return json.dumps(text)[1:-1]


def template_of(planned: Planned) -> Planned:
    """The plan of one account as a template: its requests and its revert with the mark in the account's place."""
    account = planned.selector

    def mark(one: Request) -> Request:
        told = member_of(one)
        if told is not None:  # its places may hold the account's letters by chance
            return member(MARK, told.paths, inside=told.inside)
        return replace(
            one, path=marked(one.path, account, to_path(account)), body=marked(one.body, account, _json(account))
        )

    return replace(
        planned, name=MARK, selector=MARK, requests=tuple(map(mark, planned.requests)),
        revert=tuple(map(mark, planned.revert)),
    )  # fmt: skip


def fill(template: Planned, account: str) -> Planned:
    """What is sent for one account, and what it is compared with: the template with this account in it."""

    def put(one: Request) -> Request:
        return replace(one, path=filled(one.path, to_path(account)), body=filled(one.body, _json(account)))

    return replace(
        template, name=account, selector=account, selectors=1, requests=tuple(map(put, template.requests)),
        revert=tuple(map(put, template.revert)),
        params={name: value for name, value in template.params.items() if name.partition(".")[0] != PREFIX[:-1]},
    )  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Fitting:
    """Whether an account's own plan is what the template says: empty, or how it differs."""

    account: str
    differs: str = ""


def fit(template: Planned, planned: Planned) -> Fitting:
    """Compare the plan that the adapter makes for an account with what would be sent for it."""
    would = fill(template, planned.selector)
    if (would.requests, would.revert) != (planned.requests, planned.revert):
        return Fitting(account=planned.selector, differs="the provider wants other requests for it")
    if would.pre != planned.pre:
        now = ", ".join(f"{name} {value}" for name, value in planned.pre.items())
        return Fitting(account=planned.selector, differs=f"it stands otherwise: {now}")
    if would.wanted != planned.wanted or would.reversal != planned.reversal:
        return Fitting(account=planned.selector, differs="it would be left otherwise than the others")
    return Fitting(account=planned.selector)
