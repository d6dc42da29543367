"""An approval policy as people read and change it: what each level asks for, who could sign what, what differs.

Whether a set of people suffices is asked of `quorum` itself, over a document of each sort. It decides nothing.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import combinations
from typing import Final

from console.domain.actions import MAX_EXECUTION_MS, Action, ApprovalRecord, Target
from console.domain.errors import BadForm, WrongUse
from console.domain.facts import HARDWARE, Facts, KeyKind, Signed, approver_keys
from console.domain.forms import GRAVITIES, ROLES, Level, Policy, RoleClause
from console.domain.needs import FLOORS
from console.domain.quorum import quorum
from console.domain.records import in_force, is_bad
from console.domain.words import role_said

_DOC: Final = "0" * 64
_ID: Final = "0" * 26
_DIGEST: Final = "A" * 43
_MOST_PEOPLE: Final = 3  # larger sets are not enumerated: the sentence says how many are needed
_MOST_MEMBERS: Final = 16
_MOST_SETS: Final = 12
_UNITS: Final = (
    ("d", 86_400_000), ("h", 3_600_000), ("min", 60_000), ("m", 60_000), ("s", 1_000),
    ("hours", 3_600_000), ("hour", 3_600_000), ("minutes", 60_000), ("minute", 60_000), ("seconds", 1_000),
)  # fmt: skip
_WORDS: Final = {"h": "hour", "min": "minute", "s": "second"}
MINUTE_MS: Final = 60_000
WINDOWS: Final[Mapping[str, str]] = {
    "approve_by_ms": "A proposal may be signed for",
    "execute_by_ms": "It may be sent for",
    "execute_by_unreachable_ms": "Containment waits for a provider that is away for",
    "undo_ms": "One signer alone may undo it for",
    "ratify_ms": "Break-glass has to be ratified within",
    "lease_ms": "A dispatcher that is silent is waited for",
}
# the sorts of deed a policy tells apart, with the plain words for them
DEEDS: Final[Mapping[str, str]] = {
    "normal": "Restrict one user or key on one surface, reversibly",
    "high": "Restrict more than that, or a whole surface",
    "critical": "What cannot be taken back, or a model off all its surfaces",
    "restore": "Give back what was taken away",
    "break-glass": "Contain alone in an emergency (break-glass)",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One sort of deed: what it asks for, and who could sign it together now.

    `together` are the smallest sets of persons that suffice (at most 12, of at most three persons each); `helpful` who
    brings it nearer; `cannot` says of each of the others why; `missing` why nothing suffices, empty where something
    does.
    """

    deed: str
    title: str
    needs: str
    together: tuple[tuple[str, ...], ...]
    helpful: tuple[str, ...]
    cannot: tuple[tuple[str, str], ...]
    missing: tuple[str, ...]

    @property
    def can(self) -> bool:
        """Whether the signatures could be had."""
        return bool(self.together)


def table(facts: Facts, now_ms: int) -> tuple[Row, ...]:
    """For every sort of deed, who could sign it now: the rule asked with everybody's signature, and with fewer."""
    return tuple(_row(deed, facts, now_ms) for deed in DEEDS)


def needs_of(policy: Policy, deed: str) -> str:
    """What a sort of deed asks for, as a sentence."""
    if deed == "break-glass":
        within = span_said(policy.windows["ratify_ms"])
        roles = _either(policy.break_glass)
        return f"1 person as {roles}; ratified within {within} by another." if roles else "Nobody may."
    weight = "high" if deed == "restore" else deed
    return level_told(policy.levels[weight], weight)


def level_told(level: Level, weight: str) -> str:
    """One level as a sentence."""
    persons = max(level.persons, FLOORS[weight])
    parts = ["1 person" if persons == 1 else f"{persons} persons"]
    parts += [f"{clause.count} of them {_either(clause.any_of)}" for clause in level.clauses if clause.count]
    if level.distinct_consoles or weight == "critical":
        parts.append("each on a console of their own, or with their own verified FIDO2 key")
    return f"{', '.join(parts)}."


def _either(roles: Sequence[str]) -> str:
    """`commander, deputy or correction lead`."""
    said = [role_said(one) for one in roles]
    return " or ".join([*([", ".join(said[:-1])] if said[:-1] else []), *said[-1:]])


def _row(deed: str, facts: Facts, now_ms: int) -> Row:
    action = _sample(deed, facts, now_ms)
    given = {
        person.person: one
        for person in facts.roster.persons
        if (one := _signed(person.person, action, facts, now_ms)) is not None
    }
    alone = quorum(_DOC, action, (), facts, now_ms)
    whole = quorum(_DOC, action, tuple(given.values()), facts, now_ms)
    together: list[tuple[str, ...]] = []
    for size in range(1, _MOST_PEOPLE + 1):
        for people in combinations(sorted(given)[:_MOST_MEMBERS], size):
            if any(set(smaller) <= set(people) for smaller in together):
                continue
            if quorum(_DOC, action, tuple(given[one] for one in people), facts, now_ms).met:
                together.append(people)
    if whole.met and not together:
        together.append(whole.counted)
    return Row(
        deed=deed, title=DEEDS[deed], needs=needs_of(facts.policy, deed), together=tuple(together[:_MOST_SETS]),
        helpful=tuple(one for one in alone.can_sign if one in given), cannot=alone.cannot,
        missing=() if together else whole.missing,
    )  # fmt: skip


def _sample(deed: str, facts: Facts, now_ms: int) -> Action:
    """A document of this sort, as light as can be: its text and its targets are nobody's."""
    irreversible = deed == "critical"
    target = Target(
        surface=f"t-{_ID}", instance=f"g-{_ID}", adapter="practice/1", lever="any", category="user", model="any",
        reach="everyone", assignee=None, reversal="none" if irreversible else "exact",
        selectors=1 if deed in ("normal", "critical") else 2, all_surfaces=False, credential=None, canary=False,
        dispatchers=(_DOC,), listed=None, sd=(),
    )  # fmt: skip
    return Action(
        org=facts.roster.org, op=f"a-{_ID}", rev=1, inc=f"i-{_ID}",
        direction="restore" if deed == "restore" else "contain", severity=1, break_glass=deed == "break-glass",
        gravity="normal" if deed == "normal" else "critical" if irreversible else "high", targets=(target,),
        reason_sd=_DIGEST, lift_criteria_sd=None, created=now_ms, approve_by=now_ms + MINUTE_MS,
        execute_by=now_ms + MINUTE_MS, execute_by_unreachable=None, review_by=None, undo_within_s=None, undoes=None,
        roster=(facts.roster.n, facts.roster_sha), policy=facts.policy_sha, supersedes=None,
    )  # fmt: skip


def _signed(person: str, action: Action, facts: Facts, now_ms: int) -> Signed | None:
    """How this person would sign: with a valid approver key, at the console it is bound to or at any in force."""
    consoles = [one.console for one in facts.roster.consoles if in_force(one.from_ms, one.to_ms, now_ms)]
    found: list[Signed] = []
    for name, (member, key) in approver_keys(facts.roster).items():
        if member.person != person or is_bad(name, facts) or not in_force(key.from_ms, key.to_ms, now_ms):
            continue
        hard = key.key.startswith(f"{HARDWARE} ")
        kind: KeyKind = "sk-ssh-ed25519@openssh.com" if hard else "ssh-ed25519"
        record = ApprovalRecord(
            org=action.org, doc=_DOC, doc_type="action.v1", op=action.op, decision="approve", person=person, key=name,
            console=key.console or next(iter(consoles), ""), seat="own", at=now_ms, roster=action.roster,
            nonce=f"{len(found):032x}",
        )  # fmt: skip
        found.append(Signed(record, kind, kind == HARDWARE, now_ms))
    found.sort(key=lambda one: (one.key_kind != HARDWARE, one.record.console not in consoles))
    return found[0] if found else None


# -- what differs ------------------------------------------------------------------------------------------------------


def differences(before: Policy, after: Policy) -> tuple[str, ...]:
    """What a new policy changes, as sentences; a laxer one says so."""
    return tuple(_differences(before, after))


def _differences(before: Policy, after: Policy) -> Iterator[str]:
    for weight in GRAVITIES:
        old, new = before.levels[weight], after.levels[weight]
        if old != new:
            laxer = new.persons < old.persons or len(new.clauses) < len(old.clauses)
            mark = "LESS THAN BEFORE: " if laxer else ""
            yield f"{mark}{weight}: {level_told(new, weight)} (before: {level_told(old, weight)})"
    for name, title in WINDOWS.items():
        if before.windows[name] != after.windows[name]:
            yield f"{title} {span_said(after.windows[name])} (before: {span_said(before.windows[name])})"
    if before.normal_per_hour != after.normal_per_hour:
        yield (
            f"More than {after.normal_per_hour} normal actions an hour count as high "
            f"(before: more than {before.normal_per_hour})"
        )
    if before.break_glass != after.break_glass:
        old_roles, new_roles = (_either(one.break_glass) or "nobody" for one in (before, after))
        yield f"Break-glass: {new_roles} (before: {old_roles})"


# -- changes as a person names them ------------------------------------------------------------------------------------


def edited(policy: Policy, settings: Mapping[str, str], created_ms: int) -> Policy:
    """The policy with these settings changed: `high.persons`, `high.roles` (`commander|deputy:1,approver:1`),
    `high.consoles` (yes or no), `approve_by` and the other windows (`45min`), `normal_per_hour`, `break_glass`.

    Raises:
        WrongUse: for a setting that there is not, or a value that it cannot have.
    """
    levels, windows = dict(policy.levels), dict(policy.windows)
    after = policy
    for name, text in settings.items():
        weight, _, part = name.partition(".")
        if weight in levels and part in ("persons", "roles", "consoles"):
            levels[weight] = _level(levels[weight], weight, part, text)
        elif f"{name}_ms" in windows:
            windows[f"{name}_ms"] = _window(name, text)
        elif name == "normal_per_hour":
            after = replace(after, normal_per_hour=_whole(name, text))
        elif name == "break_glass":
            after = replace(after, break_glass=_roles(text, ","))
        else:
            known = ", ".join([f"{one}.persons|roles|consoles" for one in GRAVITIES] + [n[:-3] for n in windows])
            raise WrongUse(f"A policy has no setting {name!r}.", f"It has {known}, normal_per_hour, break_glass.")
    after = replace(after, levels=levels, windows=windows, created=created_ms)
    try:
        Policy.parse(after.as_json())
    except BadForm as fault:
        raise WrongUse(fault.what, "The floors are 1, 2 and 2 persons; no policy goes below them.") from None
    if windows["approve_by_ms"] > windows["execute_by_ms"]:
        raise WrongUse("It could be signed for longer than it may be sent.", "Make execute_by the longer one.")
    return after


def settings_of(policy: Policy) -> dict[str, str]:
    """Every setting as `edited` takes it."""
    found: dict[str, str] = {}
    for weight, level in policy.levels.items():
        found[f"{weight}.persons"] = str(max(level.persons, FLOORS[weight]))
        found[f"{weight}.roles"] = ",".join(f"{'|'.join(one.any_of)}:{one.count}" for one in level.clauses)
        found[f"{weight}.consoles"] = "yes" if level.distinct_consoles else "no"
    found |= {name.removesuffix("_ms"): span(policy.windows[name]) for name in WINDOWS}
    return found | {
        "normal_per_hour": str(policy.normal_per_hour), "break_glass": ",".join(policy.break_glass),
    }  # fmt: skip


def _level(level: Level, weight: str, part: str, text: str) -> Level:
    if part == "persons":
        return replace(level, persons=_whole(f"{weight}.persons", text))
    if part == "consoles":
        if text not in ("yes", "no"):
            raise WrongUse(f"{weight}.consoles is yes or no.")
        if weight == "critical" and text == "no":
            raise WrongUse("What is critical is always signed on distinct consoles.", "That cannot be changed.")
        return replace(level, distinct_consoles=text == "yes")
    clauses: list[RoleClause] = []
    for one in filter(None, (part.strip() for part in text.split(","))):
        roles, _, count = one.partition(":")
        clauses.append(RoleClause(any_of=_roles(roles, "|"), count=_whole(f"{weight}.roles", count or "1")))
    return replace(level, clauses=tuple(clauses))


def _roles(text: str, mark: str) -> tuple[str, ...]:
    found = tuple(dict.fromkeys(one.strip() for one in text.split(mark) if one.strip()))
    unknown = [one for one in found if one not in ROLES]
    if unknown:
        raise WrongUse(f"There is no role {unknown[0]!r}.", f"Roles: {', '.join(ROLES)}.")
    return found


def _whole(name: str, text: str) -> int:
    if not text.isascii() or not text.isdigit() or len(text) > 3:  # noqa: PLR2004  no team is larger
        raise WrongUse(f"{name} is a whole number.", "Give one.")
    return int(text)


def _window(name: str, text: str) -> int:
    found = span_ms(text)
    if found is not None and MINUTE_MS <= found <= MAX_EXECUTION_MS:
        return found
    raise WrongUse(f"{name} is a time from 1min to 24h.", "Write 45min, 4h or 900s.")


def span_ms(text: str) -> int | None:
    """A time as people write it, `45min` or `4 hours`; None for anything else."""
    for unit, size in _UNITS:
        number = text.strip().removesuffix(unit).strip()
        if number != text.strip() and number.isascii() and number.isdigit() and len(number) < 6:  # noqa: PLR2004  days
            return int(number) * size
    return None


def span(time_ms: int) -> str:
    """A time in the largest unit in which it is whole."""
    unit, size = next(((unit, size) for unit, size in _UNITS if unit != "m" and time_ms % size == 0), ("s", 1_000))
    if unit == "d":
        unit, size = "h", 3_600_000  # the windows are within a day: 24h reads better than 1d
    return f"{time_ms // size}{unit}"


def span_said(time_ms: int) -> str:
    """The same in words: `24 hours`, `1 minute`."""
    typed = span(time_ms)
    number = typed.rstrip("hmins")
    word = _WORDS[typed.removeprefix(number)]
    return f"{number} {word}{'' if number == '1' else 's'}"
