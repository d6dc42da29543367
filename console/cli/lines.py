"""Entries as lines for people and as JSON for programs. It decides nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from console.cli.frame import when
from console.domain.named_file import named_file
from console.domain.occurred import occurred_at

if TYPE_CHECKING:
    from console.journal.values import Stored
    from console.services.session import Session


def told(session: Session, one: Stored) -> dict[str, Any]:
    """One entry as JSON."""
    return {
        "id": one.id, "feed": one.feed, "seq": one.seq, "kind": one.entry.kind, "inc": one.entry.inc,
        "subj": one.entry.subj, "author": one.entry.author, "author_name": session.name_of(one.entry.author),
        "console": one.entry.console, "recorded_ms": one.entry.hlc[0], "received_ms": one.received_ms,
        "pub": one.entry.pub, "disclosed": one.disclosed, "absent": one.absent, "standing": one.standing,
    }  # fmt: skip


def timeline_line(session: Session, one: Stored, about: str = "") -> str:
    """One entry as a line: when, who, what kind, what it is about where it is about a correction, its words."""
    at = occurred_at(one.disclosed.get("occurred"))
    happened = "" if at is None else f" (occurred {when(at)})"
    words = " ".join(
        str(one.disclosed[name]) for name in ("title", "speaker", "text", "reason", "briefing") if name in one.disclosed
    )
    file = named_file(one.entry.pub, one.disclosed.get("blob"))
    if file is not None:
        called = f"need-to-know, for {', '.join(map(session.name_of, file.to))}," if file.to else file.name
        words += f" [{called or 'a file'} sha256 {file.sha256[:16]}]"
    extra = {name: value for name, value in one.entry.pub.items() if isinstance(value, int | str)}
    if about:
        words = f"{about}. {words}" if words else about
    elif not words and extra:
        words = " ".join(f"{name}={str(value)[:24]}" for name, value in extra.items() if name not in {"record", "sig"})
    mark = "" if one.standing == "good" else f" [{one.standing}]"
    lines = words.replace("\n", "\n      ")
    who = session.name_of(one.entry.author)
    return f"{when(one.entry.hlc[0])}  {who:<14} {one.entry.kind:<22}{mark} {lines}{happened}"
