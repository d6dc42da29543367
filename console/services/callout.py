"""The call-out: what people are called out for, who was paged, who answered; and the turn that pages whoever is due.

The engine's holder takes turns; nobody else pages. It reads the record, and writes only what people did about a call.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, replace
from typing import Any, Final

from console.domain.callout import WHY_WORDS, Answer, Call, Page, State, due, message
from console.domain.corrections import QUEUED
from console.domain.errors import Problem, WrongUse
from console.journal.values import Draft, Stored
from console.keys.words import words_of
from console.outbox.by_hand import ByHand
from console.outbox.facts import read_document
from console.runtime import platform
from console.services import approvals, clocks, incidents
from console.services.assumption import silence
from console.services.callout_settings import read
from console.services.glass import Broken, broken
from console.services.hand_undone import undone_by_hand
from console.services.hooks import Hook, HookFailed, page
from console.services.incidents import IncidentLine
from console.services.needs import REPORTERS
from console.services.secrets import open_secrets
from console.services.session import Session
from console.services.staging import staged
from console.services.standing import Standing, corrections, held_roles

__all__ = ["Called", "acknowledge", "called", "calls", "note_opened", "told_pages", "try_hooks", "turn"]
LAPSE_WARNING_MS: Final = 30 * 60_000
PAGED: Final = "call.paged"
_MARKS: Final = {"acknowledged": "call-out acknowledged", "opened": "call-out opened"}
_LOUD_MS: Final = 24 * 3_600_000  # so long an undo by one person is told to whoever has not answered
_MOST_KEPT: Final = 2_000
_TROUBLED: Final = {"drifted": "drift", "failed": "failed", "attention": "failed"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Called:
    """A call and how it stands: its pages (of every console that is heard), and what each person did about it."""

    call: Call
    pages: tuple[Page, ...]
    answers: tuple[Answer, ...]

    def state_of(self, person: str) -> State | None:
        """How far a person is: signed, opened, acknowledged, paged; None before anything."""
        told = {one.state for one in self.answers if one.person == person}
        if any(one.person == person and one.ok for one in self.pages):
            told.add("paged")
        order: tuple[State, ...] = ("signed", "opened", "acknowledged", "paged")
        return next((one for one in order if one in told), None)


# -- what people are called for ----------------------------------------------------------------------------------------


def calls(session: Session) -> tuple[Call, ...]:
    """Every cause to call people out now."""
    if session.provisional:
        return ()
    lines = {line.inc: line for line in incidents.list_incidents(session) if line.status != "closed"}
    found: list[Call] = []
    for inc, line in lines.items():
        found += _command(session, inc, line.label, line.severity)
        found += _declared_twice(session, line)
        found += _stops(session, inc, line.label, line.severity)
        found += _clocks(session, line)
    standings = corrections(session)
    for one in standings:
        if (open_one := lines.get(one.inc)) is not None:
            found += _of(session, one, open_one.label, open_one.severity)
    for undone in undone_by_hand(session, standings):
        if (open_one := lines.get(undone.inc or "")) is not None:
            found.append(_undone(session, undone, open_one.inc, open_one.label, open_one.severity))
    for broken_one in broken(session):
        if broken_one.state == "due" and (open_one := lines.get(broken_one.inc)) is not None:
            found.append(_glass(session, broken_one, open_one.label, open_one.severity))
    return tuple(found)


def _of(session: Session, one: Standing, label: str, severity: int) -> Iterable[Call]:
    now = session.clock.wall_ms()
    commanders = tuple(
        person for person, roles in held_roles(session, one.inc).items() if roles & {"commander", "deputy"}
    )

    def call(why: Any, asked: Sequence[str], until_ms: int | None, *, key: str = "", since_ms: int = now) -> Call:  # noqa: ANN401  a word of Why
        return Call(
            key=f"{why}:{one.doc[:24]}{key}", why=why, organisation=session.org, incident=label, severity=severity,
            words=words_of(one.doc), asked=tuple(dict.fromkeys(asked)), since_ms=since_ms, until_ms=until_ms,
            doc=one.doc, inc=one.inc,
        )  # fmt: skip

    if one.group == "pending" and one.state == "proposed" and now <= one.approve_by_ms:
        with suppress(Problem):
            with session.reader.snapshot() as connection:
                held = read_document(connection, one.doc)
            asked = approvals.judge(session, held).verdict.can_sign
            if asked:
                yield call("signature", asked, one.approve_by_ms)
    troubled: dict[str, int] = {}
    for target in one.targets:
        if (word := _TROUBLED.get(target.state)) is not None:
            troubled[word] = max(troubled.get(word, 0), target.since_ms)
    for why, since_ms in sorted(troubled.items()):
        whom = [*commanders, *([one.proposer] if one.proposer else [])]
        yield call(why, whom, None, key=f":{since_ms}", since_ms=since_ms)
    undone_ms = one.authorised_ms if one.undoes is not None and len(one.signed) == 1 else None
    if undone_ms is not None and now - undone_ms < _LOUD_MS:
        before = next((known.signed for known in corrections(session, one.inc) if known.doc == one.undoes), ())
        others = tuple(person for person in (*before, *commanders) if person not in one.signed)
        yield replace(call("undo", others, None, since_ms=undone_ms), everyone=True)
    soon = [t for t in one.targets if t.state in QUEUED and one.execute_until_ms - now < LAPSE_WARNING_MS]
    if soon and one.authorised_ms is not None:
        since_ms = one.execute_until_ms - LAPSE_WARNING_MS
        yield call("lapse", [*commanders, *one.signed], one.execute_until_ms, since_ms=since_ms)


def _undone(session: Session, one: ByHand, inc: str, label: str, severity: int) -> Call:
    """Whoever commands, for what people did by hand and somebody undid."""
    asked = tuple(who for who, roles in held_roles(session, inc).items() if roles & {"commander", "deputy"})
    return Call(
        key=f"drift:{one.entry[:24]}:{one.since_ms}", why="drift", organisation=session.org, incident=label,
        severity=severity, words="", asked=asked, since_ms=one.since_ms, until_ms=None, about=one.entry, inc=inc,
    )  # fmt: skip


def _command(session: Session, inc: str, label: str, severity: int) -> Iterable[Call]:
    """The holder, who is asked for a sign of life; and whoever held command before somebody assumed it."""
    now = silence(session, inc)
    who = now.holder if now.from_ms is not None else now.assumed_from
    if who is not None:
        since = now.asked_ms or 0
        yield Call(
            key=f"command:{inc}:{who[-8:]}:{since}", why="command", organisation=session.org, incident=label,
            severity=severity, words="", asked=(who,), since_ms=since, until_ms=now.from_ms, inc=inc,
        )  # fmt: skip


def _declared_twice(session: Session, line: IncidentLine) -> Iterable[Call]:
    """Everybody who declared it and may command, where there are several: one of them may have dated it back."""
    if line.besides:
        told = session.reader.entries(line.inc, kinds=("incident.declared",))
        asked = (line.commander, *line.besides)
        newest = max(one.received_ms for one in told if one.entry.author in asked)
        yield Call(
            key=f"command:{line.inc}:declared:{len(line.besides)}", why="command", organisation=session.org,
            incident=line.label, severity=line.severity, words="", since_ms=newest, until_ms=None, inc=line.inc,
            asked=tuple(one for one in asked if one is not None), everyone=True,
        )  # fmt: skip


def _stops(session: Session, inc: str, label: str, severity: int) -> Iterable[Call]:
    """Whoever commands and whoever planned it, while a stop is true and nobody has proposed to put it back."""
    for one in staged(session, inc):
        if one.tripped and one.put_back is None:
            asked = [who for who, roles in held_roles(session, inc).items() if roles & {"commander", "deputy"}]
            asked += [one.author] if one.author else []
            yield Call(
                key=f"stop:{one.plan.sha256[:24]}", why="stop", organisation=session.org, incident=label,
                severity=severity, words=words_of(one.plan.doc), asked=tuple(dict.fromkeys(asked)), since_ms=0,
                until_ms=None, doc=one.plan.doc, inc=inc,
            )  # fmt: skip


def _clocks(session: Session, line: IncidentLine) -> Iterable[Call]:
    """Whoever deals with reports, or where nobody holds such a role whoever commands, once one is about to be late."""
    now = session.clock.wall_ms()
    try:
        found = clocks.pressing(clocks.clocks_in(session, line.inc), now)
    except Problem:  # a file that somebody edited; it stands under "Needs you", and stops no other call
        return
    held = held_roles(session, line.inc) if found else {}
    asked = [who for who, roles in held.items() if roles & REPORTERS]
    for one in found:
        yield Call(
            key=f"clock:{line.inc[-8:]}:{one.key}:{one.due_ms}", why="clock", organisation=session.org,
            incident=line.label, severity=line.severity, words="", asked=tuple(asked), since_ms=one.warn_ms,
            until_ms=one.due_ms if one.due_ms > now else None, inc=line.inc,
        )  # fmt: skip


def _glass(session: Session, one: Broken, label: str, severity: int) -> Call:
    """Everybody but who acted alone, at once: until a second person ratified it."""
    others = tuple(p.person for p in session.roster.roster.persons if p.person != one.by and p.roles)
    return Call(
        key=f"break-glass:{one.doc[:24]}", why="break-glass", organisation=session.org, incident=label,
        severity=severity, words=words_of(one.doc), asked=others, since_ms=one.at_ms, until_ms=one.until_ms,
        doc=one.doc, inc=one.inc, everyone=True,
    )  # fmt: skip


# -- who did what about them -------------------------------------------------------------------------------------------


def called(session: Session) -> tuple[Called, ...]:
    """Every call with its pages and answers, for the screen and the command line."""
    pages = _pages(session)
    found: list[Called] = []
    for one in calls(session):
        told = list(told_pages(session, one))
        known = {(page_.person, page_.hook, page_.at_ms) for page_ in told}
        told += [p for p in pages if p.key == one.key and (p.person, p.hook, p.at_ms) not in known]
        told.sort(key=lambda page_: page_.at_ms)
        found.append(Called(call=one, pages=tuple(told), answers=_answers(session, one)))
    return tuple(found)


def told_pages(session: Session, call: Call) -> tuple[Page, ...]:
    """The pages of a call that are in the record, whichever console made them. They are shown and decide nothing.

    A stolen console could write that everybody was paged: so who is paged next goes by this console's own pages alone.
    """
    if call.inc is None:
        return ()
    return tuple(
        Page(
            key=call.key, person=str(one.entry.pub["person"]), hook=str(one.disclosed.get("hook") or ""),
            at_ms=int(str(one.entry.pub["at"])), ok=one.entry.pub["taken"] is True,
            detail=str(one.disclosed.get("answer") or ""),
        )
        for one in session.reader.entries(call.inc, kinds=(PAGED,))
        if one.standing == "good" and (one.entry.pub["doc"], one.entry.pub["why"]) == (call.doc, call.why)
        and (call.doc is not None or int(str(one.entry.pub["at"])) >= call.since_ms)
    )  # fmt: skip


def _answers(session: Session, call: Call) -> tuple[Answer, ...]:
    """Who has heard of it or opened it since it began; of a signature that is asked for, who signed.

    Whoever signed a correction has not answered that it was undone: they are the ones to be called.
    """
    if call.inc is None or call.doc is None:
        return ()
    found: list[Answer] = []
    proposals = {one.id for one in session.reader.entries(call.inc, kinds=("correction.proposed",))
                 if one.entry.pub.get("doc") == call.doc}  # fmt: skip
    for one in session.reader.entries(call.inc, kinds=("communication",)):
        of = one.entry.pub.get("of")
        mark = next((state for state, text in _MARKS.items() if one.disclosed.get("source") == text), None)
        if mark is not None and one.entry.author and isinstance(of, list) and proposals & {str(name) for name in of}:
            state: State = "acknowledged" if mark == "acknowledged" else "opened"
            found.append(Answer(person=one.entry.author, state=state, at_ms=one.entry.hlc[0]))
    signed = session.reader.entries(call.inc, kinds=("correction.approved", "correction.refused"))
    found += [
        Answer(person=one.entry.author, state="signed", at_ms=one.entry.hlc[0])
        for one in signed
        if one.entry.pub.get("doc") == call.doc and one.entry.author
    ]
    if call.why == "signature":
        return tuple(found)
    return tuple(one for one in found if one.state != "signed" and one.at_ms >= call.since_ms)


def acknowledge(session: Session, doc: str) -> Stored:
    """Say that one has heard of it: an entry that everybody sees; nobody else is paged then.

    Raises:
        WrongUse: when nobody is called out for that document.
    """
    return _answer(session, doc, "acknowledged", "I have heard of it.")


def note_opened(session: Session, doc: str) -> Stored | None:
    """Say that one has opened it, once; nothing where nobody is called out for it, or one's key is locked."""
    if not session.unlocked or not any(one.doc == doc for one in calls(session)):
        return None
    known = [one for one in called(session) if one.call.doc == doc]
    if any(one.state_of(session.me) in ("opened", "signed") for one in known):
        return None
    return _answer(session, doc, "opened", "I have opened it.")


def _answer(session: Session, doc: str, mark: str, text: str) -> Stored:
    call = next((one for one in calls(session) if one.doc is not None and one.doc.startswith(doc)), None)
    if call is None:
        raise WrongUse("Nobody is called out for that.", "See `standdown callout show`.")
    of = [one.id for one in session.reader.entries(call.inc, kinds=("correction.proposed",))
          if one.entry.pub.get("doc") == call.doc]  # fmt: skip
    words = {"text": text, "source": _MARKS[mark]}
    return session.append(Draft("communication", call.inc, None, {"of": [*of]}, {**words}))


# -- paging ------------------------------------------------------------------------------------------------------------


def turn(session: Session) -> tuple[Page, ...]:
    """Page whoever is due now. Only the engine's holder calls it, on a worker; it never raises for a hook."""
    settings = read(session)
    if not settings.hooks:
        return ()
    pages, now = list(_pages(session)), session.clock.wall_ms()
    made: list[tuple[Call, Page]] = []
    for one in calls(session):
        for person in due(one, settings.ladder, pages, _answers(session, one), now):
            made += [(one, _page(session, one, person, hook)) for hook in settings.hooks_of(person)]
            if not settings.hooks_of(person):
                none = "no hook reaches them"
                made.append((one, Page(key=one.key, person=person, hook="", at_ms=now, ok=False, detail=none)))
    if made:
        _keep(session, [*pages, *(page_ for _, page_ in made)])
        with suppress(Problem):  # no roster names this console (yet): people are paged all the same
            _record(session, made)
    return tuple(page_ for _, page_ in made)


def _record(session: Session, made: Sequence[tuple[Call, Page]]) -> None:
    """Say in the machine's own feed who was paged, when, and whether it was taken: everybody sees it, and a bundle."""
    feed, ref = session.device(), session.ref
    drafts = [
        Draft(
            PAGED, call.inc, None,
            {"doc": call.doc, "person": one.person, "at": one.at_ms, "why": call.why, "taken": one.ok},
            {"text": _in_words(session, call, one), "hook": one.hook, "answer": one.detail},
        )
        for call, one in made
        if call.why != "test"
    ]  # fmt: skip
    session.store.write(lambda tx: [tx.append(feed, draft, roster=ref) for draft in drafts])


def _in_words(session: Session, call: Call, one: Page) -> str:
    how = f"by {one.hook}" if one.hook else "by nothing"
    became = one.detail if one.ok else f"NOT taken: {one.detail}"
    return f"{session.name_of(one.person)} was called {how} ({became}). {WHY_WORDS[call.why]}."


def try_hooks(session: Session, only: str = "") -> tuple[Page, ...]:
    """Try every hook (or one) with a message that says it is a test.

    Raises:
        WrongUse: when there is none.
    """
    settings = read(session)
    hooks = [settings.hook(only)] if only else list(settings.hooks)
    if not hooks:
        raise WrongUse("No hook is set.", "Add one: `standdown callout add-hook`.")
    now = session.clock.wall_ms()
    call = Call(
        key=f"test:{now}", why="test", organisation=session.org, incident="", severity=4, words="", asked=(session.me,),
        since_ms=now, until_ms=None,
    )  # fmt: skip
    return tuple(_page(session, call, session.me, hook) for hook in hooks)


def _page(session: Session, call: Call, person: str, hook: Hook) -> Page:
    drill = session.settings.world == "drill"
    asked = ", ".join(session.name_of(one) for one in ((person,) if not call.everyone else call.asked))
    text = message(call, asked=asked, drill=drill)
    at = session.clock.wall_ms()
    try:
        secret = open_secrets(session).get(f"callout/{hook.name}")
        told = page(hook, call, text, secret, drill=drill)
    except HookFailed as fault:
        return Page(key=call.key, person=person, hook=hook.name, at_ms=at, ok=False, detail=fault.why[:200])
    except Problem as fault:
        return Page(key=call.key, person=person, hook=hook.name, at_ms=at, ok=False, detail=fault.what[:200])
    return Page(key=call.key, person=person, hook=hook.name, at_ms=at, ok=True, detail=told[:200])


def _pages(session: Session) -> tuple[Page, ...]:
    """What this console paged; a file that is damaged is begun anew: paging twice is better than not at all."""
    path = session.paths.root / "pages.json"
    try:
        return tuple(Page(**one) for one in json.loads(path.read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError):
        return ()


def _keep(session: Session, pages: Sequence[Page]) -> None:
    text = json.dumps([asdict(one) for one in pages[-_MOST_KEPT:]], ensure_ascii=False)
    platform.write_durably(session.paths.root / "pages.json", text.encode())
