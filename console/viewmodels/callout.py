"""The call-out on screen: each call with who was paged, has heard, opened, signed; hooks and their order. No rule."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from console.domain.callout import WHY_WORDS, in_order
from console.domain.deceit import shown
from console.services import callout, callout_settings
from console.services.callout import Called
from console.services.hooks import KINDS
from console.services.session import Session
from console.viewmodels.times import both

STATE_WORDS: Final = {
    "paged": ("paged", "bell", "waiting"), "acknowledged": ("has heard of it", "check", "known"),
    "opened": ("has opened it", "eye", "known"), "signed": ("has signed", "file-check", "good"),
    None: ("not paged yet", "minus", "text-muted"),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class PersonLine:
    """One person who is asked: name, how far, with an icon and a tone; `told` are the pages made to them."""

    name: str
    state: str
    icon: str
    tone: str
    told: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class CallCard:
    """One call. `mine`: this person is asked and has not answered."""

    doc: str
    headline: str
    detail: str
    people: tuple[PersonLine, ...]
    mine: bool


@dataclass(frozen=True, slots=True)
class HookLine:
    """One hook and whom it reaches."""

    name: str
    kind: str
    reaches: str


@dataclass(frozen=True, slots=True)
class CalloutPage:
    """Everything the sheet shows. `people` are members by id and name, in the order in which they are paged."""

    calls: tuple[CallCard, ...]
    hooks: tuple[HookLine, ...]
    people: tuple[tuple[str, str], ...]
    wait_min: int


def page(session: Session) -> CalloutPage:
    """For a lane."""
    settings = callout_settings.read(session)
    names = {one.person: shown(session.name_of(one.person)) for one in session.roster.roster.persons if one.roles}
    ladder = settings.ladder
    reaches = {
        one.name: [names.get(who, "somebody") for who, own in ladder.hooks.items() if one.name in own]
        + (["everyone"] if one.name in ladder.everyone else [])
        for one in settings.hooks
    }
    hooks = tuple(
        HookLine(shown(one.name), KINDS[one.kind], ", ".join(reaches[one.name]) or "nobody") for one in settings.hooks
    )
    order = in_order(tuple(names), ladder)
    cards = tuple(_card(session, one, names) for one in callout.called(session))
    return CalloutPage(cards, hooks, tuple((who, names[who]) for who in order), round(ladder.wait_ms / 60_000))


def _card(session: Session, one: Called, names: dict[str, str]) -> CallCard:
    call, people = one.call, list[PersonLine]()
    for who in call.asked:
        state = one.state_of(who)
        word, icon, tone = STATE_WORDS[state]
        told = tuple(
            f"{both(p.at_ms)} {shown(p.hook) or 'no hook'}{'' if p.ok else ' FAILED'}: {shown(p.detail)}"
            for p in one.pages if p.person == who
        )  # fmt: skip
        people.append(PersonLine(names.get(who, who), word, icon, tone, told))
    until = "" if call.until_ms is None else f" Until {both(call.until_ms)}."
    mine = session.me in call.asked and one.state_of(session.me) in (None, "paged")
    return CallCard(call.doc or "", f"{WHY_WORDS[call.why]}.", f"{call.incident}, SEV-{call.severity}.{until}",
                    tuple(people), mine)  # fmt: skip
