"""Full-text search over what people wrote, newest first, as they type. Whatever is typed is plain text.

It reads `index.db` only, and never raises for what somebody typed: what has no words in it finds nothing.
"""

from __future__ import annotations

import re
import sqlite3
import unicodedata
from collections.abc import Collection

MAX_WORDS = 16
_MAX_CHARS = 10_000
# written without spaces: each character counts as a word of its own, so that any part of a sentence is found
_UNSPACED = re.compile(
    "([\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u2e80-\u9fff\uac00-\ud7af\uf900-\ufaff\U00020000-\U0003ffff])"
)
_NO_TEXT = re.compile('[\x00-\x1f\x7f-\x9f\ud800-\udfff"]')


def spread(text: str) -> str:
    """Text as it is indexed and asked for: a space around every character of scripts that are written without."""
    return text if text.isascii() else _UNSPACED.sub(r" \1 ", text)


def facet(inc: int, kind: int) -> str:
    """The words by which a line is found by incident and kind (their numbers in the index)."""
    return f"i{inc} k{kind}"


def expression(typed: str, inc: int | None = None, kinds: Collection[int] = ()) -> str | None:
    """What FTS5 is asked: every word must occur, at least as a beginning. None where nothing can be found.

    Where nothing is typed, everything of these kinds is found. `inc` and `kinds` are numbers in the index. Words
    beyond the sixteenth are not asked for.
    """
    clean = _NO_TEXT.sub(" ", unicodedata.normalize("NFC", typed[:_MAX_CHARS]))
    # a word without a letter or digit has no token in the index and would match nothing
    words = [spread(word).strip() for word in clean.split() if any(char.isalnum() for char in word)]
    if not words and (typed.strip() or not kinds):
        return None
    asked = [f'body : "{word}" *' for word in words[:MAX_WORDS]]
    if inc is not None:
        asked.append(f'facet : "i{inc}"')
    if kinds:
        asked.append("(" + " OR ".join(f'facet : "k{kind}"' for kind in sorted(kinds)) + ")")
    return " AND ".join(asked)


def newest(connection: sqlite3.Connection, asked: str, limit: int, before: int | None = None) -> list[int]:
    """The local numbers (`n`) of the hits received last, newest first; `before` is the last one seen."""
    sql = "SELECT rowid FROM words WHERE words MATCH ? AND rowid < ? ORDER BY rowid DESC LIMIT ?"
    return [row[0] for row in connection.execute(sql, (asked, before or 2**62, limit))]


def hits(connection: sqlite3.Connection, asked: str, after: int, limit: int) -> list[int]:
    """The local numbers of hits received after `after`, in order of receipt."""
    sql = "SELECT rowid FROM words WHERE words MATCH ? AND rowid > ? ORDER BY rowid LIMIT ?"
    return [row[0] for row in connection.execute(sql, (asked, after, limit))]
