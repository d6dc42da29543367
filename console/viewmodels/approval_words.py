"""The words of the confirmation: what a lever does, how many it touches, how long is left, what was read here.

Plain functions of plain values. A text of somebody else's is always shown with everything invisible made visible.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Final

from console.domain.actions import Target
from console.domain.deceit import shown
from console.domain.render import WHOLE
from console.domain.sheet import SheetTarget
from console.domain.words import category_word
from console.services.approvals import Reading
from console.viewmodels.times import beside

# of a lever `noun.verb`: what it does, and what giving back does; an unknown one is said by its own name. A whole name
# goes before its verb alone: `tools.forbid` switches a filter on, `model.forbid` forbids a model
_VERBS: Final = {
    "block": ("block", "unblock"),
    "unload": ("unload", "load again"),
    "down": ("take down", "start again"),
    "fewer": ("run fewer replicas of", "run more replicas again of"),
    "isolate": ("let only some reach it by", "let everybody reach it again by"),
    "capacity": ("give less capacity to", "give its capacity back to"),
    "filter": ("filter strictly at", "filter as before at"),
    "close": ("close to the public:", "open to the public again:"),
    "pause": ("pause", "resume"),
    "rpm": ("slow down", "lift the limit of"),
    "scale": ("scale down", "scale up again"),
    "revoke": ("revoke", "give back"),
    "rate": ("slow down", "lift the limit of"),
    "tpm": ("give fewer tokens to", "lift the token limit of"),
    "parallel": ("give fewer calls at a time to", "lift the limit at a time of"),
    "model-rpm": ("slow down at one model", "lift the limit at one model of"),
    "models": ("take a model from", "give a model back to"),
    "routes": ("leave some routes only to", "give all routes back to"),
    "forbid": ("switch on", "switch off"),
    "reroute": ("let another model answer for", "let it answer again:"),
    "file": ("block in the gateway's file, by hand, the", "unblock in the gateway's file, by hand, the"),
    "delist": ("take out of every list:", "put back on the lists:"),
    "stop": ("stop all traffic to", "let traffic through again to"),
    "drain": ("drain", "bring back"),
    "off": ("switch off", "switch on again"),
    "remove": ("take out", "put back"),
    "demote": ("make a reader of", "make an owner again of"),
    "delete": ("delete", "bring back"),
    "spend": ("limit what may be spent by", "lift the spending limit of"),
    "tools": ("switch hosted tools off in", "switch hosted tools on again in"),
    "deny": ("stop every project's use of", "let every project use again:"),
    "archive": ("archive", "bring back"),
    "cancel": ("cancel", "begin again"),
    "cancel-batches": ("cancel every batch of", "begin again every batch of"),
    "cancel-jobs": ("cancel every fine-tuning job of", "begin again every fine-tuning job of"),
    "off-all": ("switch off", "switch on again"),
    "configure": ("reconfigure", "configure as before"),
    "sleep": ("put to sleep", "wake up"),
    "quiet": ("send no traffic to", "send traffic again to"),
    "aside": ("send no traffic to", "send its traffic again to"),
    "undeploy": ("undeploy", "deploy again"),
    "enforce": ("enforce the strict guardrail for", "enforce the guardrail of before for"),
    "cancel-work": ("cancel every job of", "begin again every job of"),
    "stop-work": ("stop every job of", "begin again every job of"),
    "work.stop": ("stop", "begin again"),
    "model.forbid": ("forbid", "allow again:"),
    "model.no-tuning": ("forbid tuning of", "allow tuning again of"),
    "organisation.deny": ("deny to the whole organisation:", "allow the whole organisation again:"),
    "principal.deny": ("take model calls from", "give model calls back to"),
    "principal.no-tuning": ("take training and tuning from", "give training and tuning back to"),
    "principal.no-agents": ("take agents from", "give agents back to"),
    "project.deny": ("take model calls from everybody in", "give model calls back to everybody in"),
}
_UNITS: Final = {
    "rpm": "requests a minute",
    "rpm_limit": "requests a minute",
    "tpm": "tokens a minute",
    "tpm_limit": "tokens a minute",
    "max_parallel_requests": "requests at a time",
    "parallel": "requests at a time",
    "rate": "requests in the proxy's window",
    "cents": "US cents a month",
}
NOT_COUNTABLE: Final = "not countable here"
_NAMED: Final = 3  # so many names stand in a headline; more are a number
_BRIEF: Final = 40
_SECOND, _MINUTE, _HOUR, _DAY = 1_000, 60_000, 3_600_000, 86_400_000
_SHORT_UNITS: Final = ((_DAY, "d", _HOUR, "h"), (_HOUR, "h", _MINUTE, "min"), (_MINUTE, "min", _SECOND, "s"))


def clock(at_ms: int, now_ms: int | None = None) -> str:
    """A moment in UTC, as it is signed, with the date where it is another day than now; the reader's own zone beside.

    `14:02 UTC (15:02 CET)`.
    """
    try:
        moment, other = datetime.fromtimestamp(at_ms / 1000, UTC), beside(at_ms, form="%H:%M")
    except (OverflowError, ValueError, OSError):
        return f"{at_ms} ms since 1970"
    same = now_ms is not None and at_ms // _DAY == now_ms // _DAY
    return f"{moment:{'%H:%M' if same else '%Y-%m-%d %H:%M'}} UTC{other}"


def left(at_ms: int, now_ms: int) -> str:
    """How long until then, or how long ago, in two units at most."""
    span = abs(at_ms - now_ms)
    text = f"{span // _SECOND} s"
    for size, unit, small, small_unit in _SHORT_UNITS:
        if span >= size:
            rest = span % size // small
            text = f"{span // size} {unit}" + (f" {rest} {small_unit}" if rest else "")
            break
    return f"{text} left" if at_ms >= now_ms else f"passed {text} ago"


def verb_of(lever: str, direction: str) -> tuple[str, str]:
    """What a lever does in this direction, and the noun it does it to."""
    noun, _, word = lever.partition(".")
    known = _VERBS.get(lever, _VERBS.get(word))
    if known is None:
        return (word if direction == "contain" else f"undo {word} of") or "use", noun
    return known[0 if direction == "contain" else 1], noun


def headline(targets: Sequence[SheetTarget], direction: str, names: Mapping[str, str]) -> str:
    """What will be done, to which or how many, where, and who is asked: one sentence."""
    real = [one for one in targets if not one.target.canary] or list(targets)
    sent = [one for one in real if not one.target.by_hand]
    parts: list[str] = []
    if sent:
        places = list(dict.fromkeys(one.target.instance for one in sent))
        named = [brief(shown(names.get(place, place))) for place in places]
        where = _listed(named) if len(named) <= _NAMED else f"{len(places)} providers"
        levers: dict[str, list[SheetTarget]] = {}
        for one in sent:
            levers.setdefault(one.target.lever, []).append(one)
        parts.append(f"{_listed([_phrase(name, found, direction) for name, found in levers.items()])} at {where}")
    parts += dict.fromkeys(_asked(one, direction) for one in real if one.target.by_hand)
    canaries = len(targets) - len(real)
    if canaries:
        parts.append(f"with {count(canaries, 'canary', 'canaries')} beside")
    told = "; ".join(parts)
    return f"{told[:1].upper()}{told[1:]}."


def brief(name: str) -> str:
    """A name as a headline can bear it; the whole stands on the target's own card."""
    return name if len(name) <= _BRIEF else f"{name[: _BRIEF - 3].rstrip()}..."


def _asked(one: SheetTarget, direction: str) -> str:
    who = shown(dict(one.asked).get("who", "")) or "somebody"
    return f"ask {who} {'to act on' if direction == 'contain' else 'to give back'} {shown(one.name)}"


def _listed(phrases: Sequence[str]) -> str:
    return phrases[0] if len(phrases) == 1 else f"{', '.join(phrases[:-1])} and {phrases[-1]}"


def _phrase(lever: str, found: Sequence[SheetTarget], direction: str) -> str:
    verb, noun = verb_of(lever, direction)
    selected = sum(one.target.listed or one.target.selectors for one in found)
    named = [brief(one) for one in dict.fromkeys(shown(one.name) for one in found)]
    if all(one.target.selectors or one.target.listed for one in found):
        if selected == 1:
            return f"{verb} the {noun} {named[0]}"
        told = f"{verb} {count(selected, noun, f'{noun}s')}"
        return f"{told} ({', '.join(named)})" if selected == len(named) <= _NAMED else told
    return f"{verb} {named[0] if len(named) == 1 else count(len(named), noun, f'{noun}s')}"


def lever(one: SheetTarget, direction: str) -> str:
    """What is pulled, in words and by its name."""
    name = f"({one.target.lever}, {one.target.adapter})"
    if one.target.by_hand:
        return f"by hand, {_asked(one, direction)} {name}"
    verb, noun = verb_of(one.target.lever, direction)
    return f"{verb} a {noun} {name}"


_PLAIN: Final = {"running": "What runs already", "category": "Kind of correction"}


def field(name: str) -> str:
    """A provider's field with its unit where it is a known one."""
    return f"{shown(name)} ({_UNITS[name]})" if name in _UNITS else shown(name)


def param(name: str) -> str:
    """What a lever was told, by its name; what everybody asks alike has a plain one."""
    return _PLAIN.get(name, shown(name))


def told(name: str, text: str) -> str:
    """What it was told, by a word that is the same everywhere where it has one."""
    return category_word(text) if name == "category" else shown(text)


def count(number: int, one: str, many: str) -> str:
    """A number with its word."""
    return f"{number} {one if number == 1 else many}"


def how_many(target: Target) -> str:
    """How many a target touches."""
    if target.listed is not None:
        return f"a list of {count(target.listed, 'entry', 'entries')}"
    return f"{WHOLE[target.reach]} this surface" if target.selectors == 0 else f"{target.selectors} selected"


def value(text: str | None) -> str:
    """A provider's own value, for people; what is not said is said to be so."""
    if text is None:
        return "not said"
    return {"true": "yes", "false": "no", "null": "none"}.get(text, shown(text))


def reading_words(reading: Reading | None, read_ms: int | None, now_ms: int) -> str:
    """What this console read of a target for itself, in words; never in place of what is signed."""
    proposed = "" if read_ms is None else f"as proposed at {clock(read_ms, now_ms)}, "
    if reading is None:
        return f"{proposed}not checked here yet"
    why = f" ({shown(reading.why)})" if reading.why else ""
    here = f"read here {clock(reading.at_ms, now_ms)}"
    told = {
        "read": f"{here}, the same",
        "already": f"{here}: it is so already",
        "contradiction": f"CONTRADICTION: {here}{why}",
        "no-credential": "no credential here, read by the proposing console",
        "by-hand": "done by people; nothing can be read",
        "unreadable": f"could not be read here{why}; {proposed}not checked here",
        "offline": f"offline; {proposed}not checked here",
    }[reading.how]
    return "; ".join((told, *map(shown, reading.aside)))


def fallback_words(reading: Reading | None, now_ms: int) -> str:
    """How this console read what answers instead, with its age."""
    if reading is None:
        return "not looked at here yet"
    return f"{shown(reading.why)}, looked at here {clock(reading.at_ms, now_ms)}"


def affected(users: int | None) -> str:
    """How many users, where the provider can count them."""
    return NOT_COUNTABLE if users is None else count(users, "user", "users")
