"""The composer as a person works it: one selector for every surface, one word for what is left out, a canary beside.

It wraps the draft of the composer with what is typed once for all rows, says what is wanting at which field, and goes
into a text and back, so that it survives a kill. Values only: it reads nothing and proposes nothing.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Final

from console.domain.deceit import shown
from console.domain.reasons import read_reason
from console.providers.wishes import RUNNING
from console.runtime.settings import House
from console.services.corrections import TargetWish
from console.services.fallback import NONE, surface_in
from console.services.standing import Standing
from console.viewmodels.ground import Ground, is_canary, where_of
from console.viewmodels.house import asked, ever_asked
from console.viewmodels.proposal import BY_HAND_FIELDS, ProposalDraft, Row
from console.viewmodels.provider_forms import Form

__all__ = ["Composition", "Placed"]

_WHOM: Final = ("user", "frequency")  # kinds that are about somebody, also where people have to do it
_KEPT_FORM: Final = 1


# -- what is composed --------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Placed:
    """One wish and the row it comes from."""

    row: int
    wish: TargetWish


@dataclass(frozen=True, slots=True, kw_only=True)
class Composition:
    """A draft with what is said once for all. `selector` and `common` count wherever a row says nothing of its own.

    By surface, `words` say why it is left out and `canaries` what goes with it; `first_word`: where one was said first.
    `fallback` is the surface that answers instead (or `none`), `agreements` the entries of those that allow it.
    """

    draft: ProposalDraft
    selector: str = ""
    common: Mapping[str, str] = field(default_factory=dict[str, str])
    words: Mapping[str, str] = field(default_factory=dict[str, str])
    first_word: str = ""
    canaries: Mapping[str, str] = field(default_factory=dict[str, str])
    house: House | None = None
    fallback: str = ""
    agreements: tuple[str, ...] = ()

    @staticmethod
    def start(ground: Ground, model: str, category: str, before: Composition | None = None) -> Composition:
        """All surfaces chosen, the mildest lever of the kind; what was typed `before` and still fits is kept."""
        draft = ProposalDraft.start(ground.options, model, category)
        kept = before or Composition(draft=draft)
        draft = replace(
            draft, reason=kept.draft.reason, if_not=kept.draft.if_not, criteria=kept.draft.criteria,
            review_in_ms=kept.draft.review_in_ms,
        )  # fmt: skip
        made = Composition(draft=draft, selector=kept.selector, common=kept.common, words=kept.words,
                           first_word=kept.first_word, house=ground.house,
                           agreements=_still_allowing(ground, kept.agreements, category, model),
                           fallback=_still_offered(ground, kept.fallback, model))  # fmt: skip
        for at in range(len(draft.rows)):
            made = made.bare(at, ground)._asked_before(at, kept)  # noqa: SLF001  its own
        return made.asked_anew("")

    def bare(self, at: int, ground: Ground) -> Composition:
        """A row without values of its own, so that what is said for all counts; its likely canary beside it."""
        row = self.draft.rows[at]
        if row.options.by_hand or row.line is None:
            return self
        plain = replace(row, selector=row.selector if row.line.wide else "", params=())
        likely = next((one for one in ground.canaries_of(plain) if is_canary(ground, one)), "")
        rows = (*self.draft.rows[:at], plain, *self.draft.rows[at + 1 :])
        return replace(self, draft=replace(self.draft, rows=rows), canaries={**self.canaries, _key(row): likely})

    def _asked_before(self, at: int, before: Composition) -> Composition:
        """What was written to people by hand stays, where somebody wrote it and not this console."""
        row = self.draft.rows[at]
        old = next((one for one in before.draft.rows if _key(one) == _key(row)), None)
        if old is None or not row.options.by_hand:
            return self
        draft, ours = self.draft, ever_asked(before.selector, _called(row))
        for name, text in old.params:
            if name in BY_HAND_FIELDS and text not in ours:
                draft = draft.set(at, name, text)
        return replace(self, draft=draft).ask(at, old.assignee)

    # -- changing it ---------------------------------------------------------------------------------------------------

    def choose(self, at: int, chosen: bool) -> Composition:  # noqa: FBT001  the box's own state
        """Take a row in, or leave it out."""
        return replace(self, draft=self.draft.choose(at, chosen))

    def only(self, at: int) -> Composition:
        """One row alone; the others are left out, each with its word."""
        draft = self.draft
        for other, row in enumerate(draft.rows):
            if other != at and row.chosen:
                draft = draft.choose(other, False)  # noqa: FBT003  as `choose`
        return replace(self, draft=draft.choose(at, True))  # noqa: FBT003  as `choose`

    def pull(self, at: int, lever: str, ground: Ground) -> Composition:
        """Another lever of that row; with none, it is left out."""
        if not lever:
            row = replace(self.draft.rows[at], lever="", chosen=False, selector="", params=())
            rows = (*self.draft.rows[:at], row, *self.draft.rows[at + 1 :])
            return replace(self, draft=replace(self.draft, rows=rows))
        return replace(self, draft=self.draft.pull(at, lever)).bare(at, ground)

    def select(self, selector: str) -> Composition:
        """What is selected wherever a row says nothing of its own; several are separated by commas."""
        return replace(self, selector=selector).asked_anew(self.selector)

    def select_at(self, at: int, selector: str) -> Composition:
        """What is selected in this row."""
        return replace(self, draft=self.draft.select(at, selector))

    def set(self, name: str, text: str) -> Composition:
        """A parameter wherever a row says nothing of its own."""
        return replace(self, common={**self.common, name: text})

    def set_at(self, at: int, name: str, text: str) -> Composition:
        """A parameter of this row; of a by-hand row, what is asked."""
        return replace(self, draft=self.draft.set(at, name, text))

    def ask(self, at: int, assignee: str | None) -> Composition:
        """The member who sees to a by-hand row."""
        row = replace(self.draft.rows[at], assignee=assignee)
        return replace(self, draft=replace(self.draft, rows=(*self.draft.rows[:at], row, *self.draft.rows[at + 1 :])))

    def word(self, at: int, word: str) -> Composition:
        """Why a row is left out. The first word that is given goes for all that have none of their own."""
        key = _key(self.draft.rows[at])
        first, told = self.first_word or key, dict(self.words)
        before = told.get(key, "")
        for row in self.draft.rows if first == key else ():
            if not row.chosen and row.lever and told.get(_key(row), "") in ("", before):
                told[_key(row)] = word
        return replace(self, words={**told, key: word}, first_word=first)

    def canary(self, at: int, selector: str) -> Composition:
        """Which canary is corrected with this row; empty for none."""
        return replace(self, canaries={**self.canaries, _key(self.draft.rows[at]): selector})

    def said(self, **texts: str) -> Composition:
        """As the draft's `said`."""
        return replace(self, draft=self.draft.said(**texts))

    def review_in(self, ms: int) -> Composition:
        """When people have to look at it again, from now."""
        return replace(self, draft=self.draft.review_in(ms))

    def instead(self, surface: str) -> Composition:
        """What answers in its place: a surface, `none`, or nothing said."""
        return replace(self, fallback=surface)

    def allowed_by(self, entries: tuple[str, ...]) -> Composition:
        """The agreements under which it is done."""
        return replace(self, agreements=entries)

    def asked_anew(self, before: str) -> Composition:
        """What is asked of people by hand, written anew where nobody wrote it otherwise."""
        draft = self.draft
        for at, row in enumerate(draft.rows):
            told = dict(row.params).get("instruction", "")
            if row.options.by_hand and told in ("", *ever_asked(before, _called(row))):
                draft = draft.set(at, "instruction", asked(self.house, draft.category, self.selector, _called(row)))
        return replace(self, draft=draft)

    # -- what it comes to ----------------------------------------------------------------------------------------------

    def narrow(self, at: int) -> bool:
        """Whether this row has to be told which key, team or user."""
        row = self.draft.rows[at]
        return row.line is not None and not row.line.wide and not row.options.by_hand

    @property
    def selects(self) -> tuple[str, ...]:
        """What is selected: key, team, user. Empty where each chosen row reaches its whole surface."""
        found = [row.line.selector for at, row in enumerate(self.draft.rows) if row.chosen and row.line
                 and self.narrow(at)]  # fmt: skip
        asked = self.draft.category in _WHOM and any(row.options.by_hand for row in self.draft.chosen)
        return tuple(dict.fromkeys(found)) or (("key or user",) if asked else ())

    def asks(self, ground: Ground) -> tuple[tuple[Form, str], ...]:
        """The parameters that the chosen rows ask, each once: its form and its name. By-hand rows ask their own.

        What becomes of work in flight is asked apart (`asks_running`): it has an answer of its own already.
        """
        found = self._fields(ground)
        return tuple((form, name) for name, form in found.items() if name != RUNNING)

    def asks_running(self, ground: Ground) -> bool:
        """Whether people may choose what becomes of work in flight, at one of the chosen rows at least."""
        return RUNNING in self._fields(ground)

    def _fields(self, ground: Ground) -> dict[str, Form]:
        found: dict[str, Form] = {}
        for row in self.draft.chosen:
            form = ground.form(row, row.lever)
            if form is not None and not row.options.by_hand:
                for one in form.fields:
                    found.setdefault(one.name, form)
        return found

    def selectors(self, at: int) -> tuple[str, ...]:
        """What a narrow row selects, each one."""
        told = self.draft.rows[at].selector or self.selector
        return tuple(dict.fromkeys(one.strip() for one in told.split(",") if one.strip()))

    def params(self, at: int, ground: Ground) -> dict[str, str]:
        """A row's parameters as they would be planned: its own, else what is said for all, else the default."""
        row = self.draft.rows[at]
        own = {name: text.strip() for name, text in row.params if text.strip()}
        form = ground.form(row, row.lever)
        if row.options.by_hand or form is None:
            return own
        found: dict[str, str] = {}
        for one in form.fields:
            text = own.get(one.name) or self.common.get(one.name, "").strip() or str(one.default or "")
            if text:
                found[one.name] = text
        return found

    def wanting(self, at: int, ground: Ground) -> dict[str, str]:
        """What is still to be said of a chosen row, by field; `selector` and `lever` beside parameters."""
        row, found = self.draft.rows[at], dict[str, str]()
        line = row.line
        if line is None:
            return {"lever": "Choose what is to be done."}
        if self.narrow(at) and not self.selectors(at):
            found["selector"] = f"Say which {line.selector}."
        given = self.params(at, ground)
        for one in line.params:
            if one.required and not given.get(one.name):
                found[one.name] = f"{one.title} is missing."
        return found

    def unproven(self, ground: Ground) -> str:
        """Where nothing goes with it that could show that it bites, and what to do; empty where something does."""
        bare = [row for at, row in enumerate(self.draft.rows) if row.chosen and self._lacks_canary(at, ground)]
        if not bare:
            return ""
        where = ", ".join(dict.fromkeys(shown(row.options.provider or "its provider") for row in bare))
        step = (
            "Choose one at the surface."
            if any(ground.canaries_of(row) for row in bare)
            else "Add one first (Providers, g p) if there is time: then it can be proven."
        )
        return (
            f"No canary goes with it at {where}: it will be recorded there, and whether it bites stays unknown. {step}"
        )

    def _lacks_canary(self, at: int, ground: Ground) -> bool:
        row = self.draft.rows[at]
        if row.options.by_hand or row.line is None or row.line.wide or row.line.probe not in ("credential", "canary"):
            return False
        known = ground.canaries_of(row)
        return self.canaries.get(_key(row), "") not in known and not set(self.selectors(at)) & set(known)

    def wishes(self, ground: Ground) -> tuple[Placed, ...]:
        """The targets of every row that wants nothing more, its canary beside it."""
        found: list[Placed] = []
        for at, row in enumerate(self.draft.rows):
            if row.chosen and not self.wanting(at, ground):
                found += [Placed(at, one) for one in self._of(at, row, ground)]
        return tuple(found)

    def _of(self, at: int, row: Row, ground: Ground) -> list[TargetWish]:
        def made(selector: str, *, canary: bool = False) -> TargetWish:
            return TargetWish(
                provider=row.options.surface.instance, surface=row.options.surface.surface, lever=row.lever,
                selector=selector, params=self.params(at, ground), canary=canary, assignee=row.assignee,
            )  # fmt: skip

        if not self.narrow(at):
            return [made(row.selector)]
        told, canary = self.selectors(at), self.canaries.get(_key(row), "")
        wanted = [made(one) for one in told]
        if canary and canary not in told and canary in ground.canaries_of(row):
            wanted.append(made(canary, canary=True))
        return wanted

    def unsaid(self, at: int) -> bool:
        """Whether a row that could be chosen is left out without a word."""
        row = self.draft.rows[at]
        return not row.chosen and bool(row.lever) and not self.words.get(_key(row), "").strip()

    def wanted(self, ground: Ground) -> tuple[str, ...]:
        """What is still wanting before it can be proposed, as sentences, what comes first on screen first."""
        if not self.draft.model:
            return ("Say which model.",)
        rows = self.draft.rows
        found = [f"{row.options.surface.name}: {what}" for at, row in enumerate(rows) if row.chosen
                 for what in self.wanting(at, ground).values()]  # fmt: skip
        if not self.draft.reason.strip():
            found.append("Say why: everybody who signs reads it.")
        found += [f"Say why {row.options.surface.name} is left out." for at, row in enumerate(rows) if self.unsaid(at)]
        return tuple(found) if self.draft.chosen else (*found, "Nothing is chosen.")

    def why_left(self, at: int) -> str:
        """Why a row is left out, in a person's words, or because nothing can be pulled there."""
        row = self.draft.rows[at]
        return self.words.get(_key(row), "").strip() or row.cannot or "not chosen"

    def left_out(self) -> tuple[str, ...]:
        """Every surface that is not chosen, with its reason, as it is signed."""
        return tuple(
            f"{where_of(row)}: {self.why_left(at)}" for at, row in enumerate(self.draft.rows) if not row.chosen
        )

    # -- kept ----------------------------------------------------------------------------------------------------------

    @property
    def is_blank(self) -> bool:
        """Whether nothing was typed that would be missed."""
        draft = self.draft
        typed = (self.selector, draft.reason, draft.if_not, draft.criteria, self.fallback)
        return not any((*(text.strip() for text in typed), *self.agreements, *self.common.values()))

    def text(self) -> str:
        """As it is kept in the profile; empty where nothing would be missed."""
        if self.is_blank:
            return ""
        draft = self.draft
        rows = {
            _key(row): {"chosen": row.chosen, "lever": row.lever, "selector": row.selector,
                        "params": dict(row.params), "assignee": row.assignee}
            for row in draft.rows
        }  # fmt: skip
        told = {
            "form": _KEPT_FORM, "model": draft.model, "category": draft.category, "selector": self.selector,
            "common": dict(self.common), "words": dict(self.words), "first_word": self.first_word,
            "canaries": dict(self.canaries), "fallback": self.fallback, "agreements": list(self.agreements),
            "reason": draft.reason, "if_not": draft.if_not, "criteria": draft.criteria,
            "review_in_ms": draft.review_in_ms, "rows": rows,
        }  # fmt: skip
        return json.dumps(told, ensure_ascii=False)

    @staticmethod
    def from_text(text: str, ground: Ground) -> Composition | None:
        """What was kept, as far as its surfaces are still there; None where there is nothing that can be read."""
        try:
            told: Any = json.loads(text)
            if told["form"] != _KEPT_FORM or told["model"] not in ground.models:
                return None
            made = Composition.start(ground, str(told["model"]), str(told["category"]))
            rows = dict(told["rows"])
            for at, row in enumerate(made.draft.rows):
                kept = rows.get(_key(row))
                if kept is not None:
                    made = made._restored(at, kept, ground)  # noqa: SLF001  its own
            draft = made.draft.said(str(told["reason"]), str(told["if_not"]), str(told["criteria"]))
            return replace(
                made, draft=draft.review_in(int(told["review_in_ms"])), selector=str(told["selector"]),
                common=_texts(told["common"]), words=_texts(told["words"]), first_word=str(told["first_word"]),
                canaries={**made.canaries, **_texts(told["canaries"])},
                fallback=_still_offered(ground, str(told.get("fallback", "")), str(told["model"])),
                agreements=_still_allowing(
                    ground, tuple(map(str, told.get("agreements", ()))), str(told["category"]), str(told["model"])
                ),
            )  # fmt: skip
        except (ValueError, KeyError, TypeError, AttributeError):
            return None

    def _restored(self, at: int, kept: Mapping[str, Any], ground: Ground) -> Composition:
        made, lever = self, str(kept["lever"])
        if lever != self.draft.rows[at].lever:
            made = self.pull(at, lever, ground)
        draft = made.draft
        for name, value in _texts(kept["params"]).items():
            draft = draft.set(at, name, value)
        draft = draft.select(at, str(kept["selector"])).choose(at, bool(kept["chosen"]))
        assignee = kept["assignee"]
        return replace(made, draft=draft).ask(at, None if assignee is None else str(assignee))

    @staticmethod
    def again(ground: Ground, one: Standing) -> Composition | None:
        """What an earlier proposal wanted, to be proposed anew; None where its model is not known here."""
        real = [target for target in one.targets if not target.canary]
        if not real or real[0].model not in ground.models:
            return None
        made = Composition.start(ground, real[0].model, real[0].category)
        for at, row in enumerate(made.draft.rows):
            here = [target for target in real if target.surface == _key(row)]
            if not here:
                made = made.choose(at, False)  # noqa: FBT003  as `choose`
                continue
            if here[0].lever != row.lever:
                made = made.pull(at, here[0].lever, ground)
            if made.narrow(at):
                made = made.select_at(at, ", ".join(target.selector for target in here))
        parts = read_reason(one.reason)
        named = NONE if parts.fallback.startswith(NONE) else surface_in(parts.fallback) or ""
        made = made.instead(_still_offered(ground, named, real[0].model))
        terms = tuple(
            one.entry for one in ground.agreements if any(one.entry[:16] in text for text in parts.agreements)
        )
        return made.allowed_by(terms).said(reason=parts.why)


def _key(row: Row) -> str:
    return row.options.surface.surface


def _still_offered(ground: Ground, surface: str, model: str) -> str:
    """A fallback that was chosen before, as far as it can be one of this model."""
    others = {one.surface.surface for one in ground.options if one.surface.model != model}
    return surface if surface == NONE or surface in others else ""


def _still_allowing(ground: Ground, entries: tuple[str, ...], category: str, model: str) -> tuple[str, ...]:
    """Agreements that were named before, as far as they allow this too."""
    fits = {one.entry for one in ground.agreements if one.agreement.covers(category, model)}
    return tuple(one for one in entries if one in fits)


def _called(row: Row) -> str:
    """What they call the model where they are asked."""
    return row.options.surface.own or row.options.surface.model


def _texts(told: object) -> dict[str, str]:
    return {str(name): str(value) for name, value in told.items()} if isinstance(told, dict) else {}
