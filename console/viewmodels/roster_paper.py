"""A roster before its signer: who is added or removed, with which roles and keys (in words), and what else changes.

Made from the bytes that would be signed, read anew, against the roster in force. It decides nothing.
"""

from __future__ import annotations

import base64
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final

from console.domain.deceit import shown, warnings_about
from console.domain.errors import BadForm
from console.domain.facts import fingerprint
from console.domain.forms import Person, PersonKey, Policy, Roster
from console.domain.policy import differences
from console.domain.profile import MAX_DOCUMENT_BYTES
from console.domain.words import roles_said
from console.keys import canon
from console.keys.roster import VerifiedRoster
from console.keys.words import words_of
from console.viewmodels.approval import ApprovalView, Section
from console.viewmodels.approval_words import clock, count

NameOf = Callable[[str], str]
_SHORT: Final = 3


@dataclass(frozen=True, slots=True)
class Ground:
    """What a version stands on: the one it follows, those of other branches that it settles, and the one in force here.

    `policies` are those that are here, by hash: what a new one changes is told from it, never from its proposer.
    """

    before: VerifiedRoster
    settled: tuple[VerifiedRoster, ...] = ()
    here: VerifiedRoster | None = None
    policies: Mapping[str, Policy] = field(default_factory=dict[str, Policy])


def roster_view(raw: bytes, ground: Ground, name_of: NameOf, now_ms: int) -> ApprovalView:
    """The view of a roster that waits for signatures; what it cannot show or what does not follow cannot be signed."""
    sha = canon.sha256_hex(raw)
    words = tuple(words_of(sha).split())
    try:
        after = Roster.parse(canon.decode(raw, limit=MAX_DOCUMENT_BYTES))
    except BadForm as fault:
        return _view(sha, words, "This roster cannot be shown here.", (), (fault.what,), ())
    before, policies = ground.before, ground.policies
    changes = (
        *_ends_split(ground, after, name_of, now_ms),
        *_changes(before.roster, after, name_of, now_ms),
        *_policy(before.roster, after, policies),
    )
    odd = tuple(
        f"Look closely at the name {shown(name)}: {why}."
        for name in (name_of(one.person) for one in after.persons)
        for why in warnings_about(name)
    )
    return _view(sha, words, _headline(before.roster, after, name_of), changes, _against(ground, after), odd)


def _view(
    sha: str, words: tuple[str, ...], headline: str, sections: tuple[Section, ...], problems: tuple[str, ...],
    warnings: tuple[str, ...],
) -> ApprovalView:  # fmt: skip
    return ApprovalView(
        sha=sha, kind="roster.v1", headline=headline, sections=sections, digest_words=words, warnings=warnings,
        problems=problems, can_sign=not problems, why_not=problems[0] if problems else "", to_type=words[0],
        to_type_is="the first word of the roster",
    )  # fmt: skip


def _against(ground: Ground, after: Roster) -> tuple[str, ...]:
    before, found = ground.before, list[str]()
    if after.org != before.roster.org:
        found.append("It belongs to another organisation.")
    stands_on = {before.sha256, *(one.sha256 for one in ground.settled)}
    elsewhere = ground.here is not None and ground.here.sha256 not in stands_on
    if after.n != before.roster.n + 1 or after.prev != before.sha256 or elsewhere:
        found.append("It does not follow the roster in force here: sync, and look again.")
    if len(ground.settled) != len(after.settles):
        found.append("A version that it settles is not here yet: sync, and look again.")
    new = after.policy not in (None, before.roster.policy) and before.roster.n > 0
    if new and ground.policies.get(after.policy or "") is None:
        found.append("The approval policy that it brings is not here yet, or cannot be read: sync, and look again.")
    return tuple(found)


def _headline(before: Roster, after: Roster, name_of: NameOf) -> str:
    old, new = {one.person: one for one in before.persons}, {one.person: one for one in after.persons}
    added = [shown(name_of(one)) for one in new if one not in old]
    gone = [shown(name_of(one)) for one in old if one not in new]
    revoked = {one.key for one in after.revoked} - {one.key for one in before.revoked}
    keys = {one.key for person in before.persons for one in person.keys}
    fresh = [shown(name_of(one)) for one in new if one in old if {key.key for key in new[one].keys} - keys]
    parts = [f"admit {', '.join(added)}"] if added else []
    parts += [f"remove {', '.join(gone)}"] if gone else []
    parts += [f"further keys for {', '.join(fresh)}"] if fresh and before.n else []
    whose = [shown(name_of(one)) for one in new if {fingerprint(key.key) for key in new[one].keys} & revoked]
    of = f" of {', '.join(whose)}" if whose else ""
    parts += [f"revoke {count(len(revoked), 'key', 'keys')}{of}"] if revoked else []
    parts = (
        [f"end the split, roster {before.n} ({_spoken(after.prev or '')}) goes on", *parts] if after.settles else parts
    )
    told = " and ".join(parts) or "change who may do what"
    return f"Roster {after.n}: {told}."


def _spoken(sha: str) -> str:
    return f"{' '.join(words_of(sha).split()[:_SHORT])} ..."


def _ends_split(ground: Ground, after: Roster, name_of: NameOf, now_ms: int) -> Iterator[Section]:
    """Which branch goes on, and what that changes for whoever followed another one."""
    for other in ground.settled if after.settles else ():
        ours = ground.here is not None and ground.here.sha256 == other.sha256
        lines = [
            text for part in _changes(other.roster, after, name_of, now_ms) for text in (part.heading, *part.lines)
        ]
        counts = ", the one that counts on this console" if ours else ""
        yield Section(
            f"Ended: version {other.roster.n} ({_spoken(other.sha256)}){counts}",
            ("Against it this changes:", *lines) if lines else ("It said the same of everybody.",),
        )


def _changes(before: Roster, after: Roster, name_of: NameOf, now_ms: int) -> Iterator[Section]:
    old, new = {one.person: one for one in before.persons}, {one.person: one for one in after.persons}
    for person, one in new.items():
        if person not in old:
            lines = [f"May hold: {roles_said(one.roles)}"]
            yield Section(f"Added: {_who(person, name_of)}", (*lines, *_keys(one.keys, now_ms)))
        elif lines := list(_changed(old[person], one, now_ms)):
            yield Section(f"Changed: {_who(person, name_of)}", tuple(lines))
    for person in old.keys() - new.keys():
        yield Section(f"Removed: {_who(person, name_of)}", ("Nothing they sign under this roster counts.",))
    yield from _revoked(before, after, name_of)
    yield from _beside(before, after)


def _who(person: str, name_of: NameOf) -> str:
    return f"{shown(name_of(person))} ({person})"


def _changed(old: Person, new: Person, now_ms: int) -> Iterator[str]:
    if old.roles != new.roles:
        yield f"May hold: {roles_said(new.roles)} (before: {roles_said(old.roles)})"
    before = {key.key: key for key in old.keys}
    yield from _keys([key for key in new.keys if key.key not in before], now_ms)
    for key in new.keys:
        if key.key in before and before[key.key].to_ms != key.to_ms:
            until = "again without an end" if key.to_ms is None else f"ends {clock(key.to_ms, now_ms)}"
            yield f"{key.use} key {fingerprint(key.key)} {until}"
    lines = {key.key for key in new.keys}
    yield from (f"No longer: {key.use} key {fingerprint(key.key)}" for key in old.keys if key.key not in lines)


def _keys(keys: tuple[PersonKey, ...] | list[PersonKey], now_ms: int) -> Iterator[str]:
    for key in keys:
        name = fingerprint(key.key)
        digest = base64.b64decode(name.removeprefix("SHA256:") + "=").hex()
        kind = "FIDO2 " if key.key.startswith("sk-") else ""
        bound = f", bound to console ..{key.console[-4:]}" if key.console else ""
        until = f", until {clock(key.to_ms, now_ms)}" if key.to_ms is not None else ""
        yield f"{kind}{key.use} key {words_of(digest)} ({name}){bound}{until}"


def _revoked(before: Roster, after: Roster, name_of: NameOf) -> Iterator[Section]:
    """Whose keys are revoked, and up to which entry of each feed they still count."""
    known = {one.key for one in before.revoked}
    whose = {
        fingerprint(key.key): f"{key.use} key of {_who(p.person, name_of)}" for p in after.persons for key in p.keys
    }
    whose |= {fingerprint(one.key): f"device key of console {one.console}" for one in after.consoles}
    lines: list[str] = []
    for one in after.revoked:
        if one.key not in known:
            lines.append(f"Revoked: {whose.get(one.key, 'a key of before')} ({one.key})")
            lines += [f"    good up to entry {seq} ({ident[:12]}) of feed {feed[:12]}" for feed, seq, ident in one.good]
    if lines:
        yield Section("Revoked for ever; what these keys wrote later is set aside and shown", tuple(lines))


def _policy(before: Roster, after: Roster, policies: Mapping[str, Policy]) -> Iterator[Section]:
    """What a new approval policy changes, from its own bytes."""
    old, new = policies.get(before.policy or ""), policies.get(after.policy or "")
    if before.policy != after.policy and old is not None and new is not None:
        told = differences(old, new)
        yield Section("Who has to sign corrections changes", told or ("Nothing but the time at which it was written",))


def _beside(before: Roster, after: Roster) -> Iterator[Section]:
    lines: list[str] = []
    if before.threshold != after.threshold:
        lines.append(f"A roster then needs {after.threshold} admins (before: {before.threshold or 'one person'})")
    if before.policy != after.policy:
        lines.append(f"The approval policy is then {after.policy} (before: {before.policy or 'none'})")
    known = {one.console for one in before.consoles}
    lines += [f"Added console {one.console}" for one in after.consoles if one.console not in known]
    listed = {one.console for one in after.consoles}
    lines += [f"No longer console {one.console}" for one in before.consoles if one.console not in listed]
    ended = {one.console: one.to_ms for one in before.consoles}
    lines += [
        f"Console {one.console} ends"
        for one in after.consoles
        if one.to_ms is not None and ended.get(one.console) is None
    ]
    if after.adopts:
        lines.append(f"It takes over {count(len(after.adopts), 'feed', 'feeds')} as they stand")
    if lines:
        yield Section("Besides", tuple(lines))
