"""What a correction can be composed from: surfaces, levers with their forms, canaries, people; and words about them.

`read_ground` alone reads, without network or key; it plans nothing.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from console.domain.deceit import shown
from console.runtime.settings import House
from console.services import providers
from console.services.agreements import Registered, agreements
from console.services.levers import LeverLine, Options, options_for
from console.services.model_names import Likely, likely
from console.services.planning import DAY_MS, goes_within_ms
from console.services.session import Session
from console.services.standing import Standing
from console.viewmodels.proposal import Row
from console.viewmodels.provider_forms import Form, lever_form


@dataclass(frozen=True, slots=True, kw_only=True)
class Ground:
    """What is there to compose from. `forms` by (adapter, lever); `canaries` selectors by provider, `called` what
    people call one where that is another word.

    `likely` names, by model, what may be the same one under another name; `agreements` are those with downstream users;
    `goes_within_ms` is how long a proposal has until it is carried out.
    """

    options: tuple[Options, ...]
    adapters: Mapping[str, str] = field(default_factory=dict[str, str])
    forms: Mapping[tuple[str, str], Form] = field(default_factory=dict[tuple[str, str], Form])
    canaries: Mapping[str, tuple[str, ...]] = field(default_factory=dict[str, tuple[str, ...]])
    called: Mapping[str, str] = field(default_factory=dict[str, str])
    members: tuple[tuple[str, str], ...] = ()
    provisional: bool = False
    house: House | None = None
    likely: Mapping[str, tuple[Likely, ...]] = field(default_factory=dict[str, "tuple[Likely, ...]"])
    agreements: tuple[Registered, ...] = ()
    goes_within_ms: int = DAY_MS

    @property
    def models(self) -> tuple[str, ...]:
        """Every model that has a surface."""
        return tuple(sorted({one.surface.model for one in self.options}))

    def form(self, row: Row, lever: str) -> Form | None:
        """What a lever of a row asks besides what it selects."""
        return self.forms.get((self.adapters.get(row.options.surface.instance, ""), lever))

    def canaries_of(self, row: Row) -> tuple[str, ...]:
        """Selectors with a credential of their own at that provider, where the lever can be proven by one."""
        line = row.line
        if line is None or line.wide or row.options.by_hand or line.probe not in ("credential", "canary", "usage"):
            return ()
        return self.canaries.get(row.options.surface.instance, ())


def is_canary(ground: Ground, selector: str) -> bool:
    """Whether whoever registered its credential named it so: it may as well be a target's own."""
    return "canary" in f"{selector} {ground.called.get(selector, '')}".casefold()


def read_ground(session: Session) -> Ground:
    """Read what there is: surfaces, levers with their forms, registered credentials, people. No network, no key."""
    options = options_for(session, "")
    instances = {one.id: one for one in providers.instances_of(session).all()}
    forms: dict[tuple[str, str], Form] = {}
    for one in options:
        known = instances.get(one.surface.instance)
        for lever in one.levers if known is not None else ():
            if known is not None and (known.adapter, lever.name) not in forms:
                forms[known.adapter, lever.name] = lever_form(known.adapter, lever.name)
    return Ground(
        options=options, adapters={ident: one.adapter for ident, one in instances.items()}, forms=forms,
        canaries={ident: tuple(one.probe_credentials) for ident, one in instances.items()},
        called={selector: name for one in instances.values() for selector, name in one.called.items()},
        members=tuple((one.person, session.name_of(one.person)) for one in session.roster.roster.persons),
        provisional=session.roster.roster.policy is None, likely=_likely(options),
        house=session.settings.house, agreements=agreements(session), goes_within_ms=goes_within_ms(session),
    )  # fmt: skip


def _likely(options: Sequence[Options]) -> dict[str, tuple[Likely, ...]]:
    known = [one.surface for one in options]
    found = {model: likely(known, model) for model in {one.model for one in known}}
    return {model: maybe for model, maybe in found.items() if maybe}


def likely_model(ground: Ground, title: str, standings: Sequence[Standing]) -> str:
    """The model that is most likely meant: corrected before in this incident, named in its title, or the only one."""
    known = ground.models
    for one in reversed(standings):
        for target in one.targets:
            if target.model in known:
                return target.model
    plain = _plain(title)
    named = [one for one in known if _plain(one) in plain]
    if named:
        return max(named, key=len)
    return known[0] if len(known) == 1 else ""


def _plain(text: str) -> str:
    return "".join(char for char in text.casefold() if char.isalnum())


def where_of(row: Row) -> str:
    """The surface and its provider; where both have one name, it is said once."""
    name = row.options.surface.name
    return shown(name) if name == row.options.provider else row.where


def plainer(why_not: str, provider: str) -> str:
    """Why something cannot be planned, without what stands beside it already: who does not plan what."""
    head = f"{provider} does not plan "
    detail = why_not.removeprefix(head).partition(": ")[2] if provider and why_not.startswith(head) else why_not
    return detail[:1].upper() + detail[1:]


def lever_words(line: LeverLine) -> str:
    """A lever with what it takes back: the irreversible ones say so loudly."""
    return f"{line.title}: CANNOT BE REVERTED" if line.reversal == "none" else line.title
