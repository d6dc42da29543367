"""How command was assumed, from proven evidence: a note for the verifier and the first page where it was not as ruled.

Standard library and console.domain only, as `proof`.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from console.domain.assumed import Rule, assumptions
from console.domain.seen import Seen
from console.exports.evidence import Evidence

_WORDS: Final[dict[Rule, str]] = {
    "not asked": "and nobody had asked the holder for a sign of life",
    "too early": "before the holder had been silent for ten minutes",
    "heard": "though the holder had written something since they were asked",
    "cannot be told": "and whether the holder was asked cannot be told: values are not in here",
}


def command_notes(evidence: Evidence) -> Iterable[str]:
    """One clause for each time that command was assumed otherwise than the rule wants."""
    mine = [
        Seen(
            id=ident, feed=one.feed, seq=one.seq, author=one.author, console=one.console, kind=one.kind, pub=one.pub,
            hlc=one.hlc, subj=one.subj, inc=one.inc, refs=tuple(one.refs), disclosed=evidence.named(ident),
        )
        for ident, one in evidence.entries.items()
        if one.inc == evidence.about.inc and ident not in evidence.uncounted
    ]  # fmt: skip
    if any(one.kind == "command.assumed" for one in mine):
        for one in assumptions(mine, evidence.rosters[-1][1]):
            if one.rule != "kept":
                yield f"{evidence.file_of[one.id]} assumed command {_WORDS[one.rule]}: an open finding"
