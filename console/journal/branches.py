"""Which branch of a forked feed a revocation calls good: it names the last good entry, and so all before it.

A thief with a revoked key can still sign a second entry beside an old one. What was recorded stays recorded: the branch
that the admins named counts up to there, and nothing else of that feed does. It proves no signature.
"""

from __future__ import annotations

import sqlite3

from console.keys.roster import VerifiedRoster

_BACK = (
    "WITH RECURSIVE back(id) AS (VALUES (?) UNION SELECT json_extract(CAST(e.raw AS TEXT), '$.prev') "
    "FROM back JOIN entry e ON e.id = back.id) SELECT id FROM back WHERE id IS NOT NULL"
)


def settled_feeds(connection: sqlite3.Connection, current: VerifiedRoster, only: str | None = None) -> dict[str, str]:
    """Forked feeds (or one) whose good branch is named and here: feed -> its last good entry."""
    sql = "SELECT k.feed, k.seq, f.key FROM fork k LEFT JOIN feed f ON f.feed = k.feed"
    asked = connection.execute(sql) if only is None else connection.execute(f"{sql} WHERE k.feed = ?", (only,))
    found: dict[str, str] = {}
    for feed, at, key in asked.fetchall():
        good = current.good(key or "", feed)
        if good is not None and is_here(connection, feed, good, at):
            found[feed] = good[1]
    return found


def is_here(connection: sqlite3.Connection, feed: str, good: tuple[int, str] | None, forked_at: int) -> bool:
    """Whether the last good entry of a feed lies behind its fork, and is here: then its branch is known."""
    if good is None or good[0] < forked_at:
        return False
    sql = "SELECT 1 FROM entry WHERE id = ? AND feed = ? AND seq = ?"
    return connection.execute(sql, (good[1], feed, good[0])).fetchone() is not None


def good_branch(connection: sqlite3.Connection, ident: str) -> frozenset[str]:
    """The entry of this id, and all before it in its feed."""
    return frozenset(row[0] for row in connection.execute(_BACK, (ident,)))


def settle(connection: sqlite3.Connection, current: VerifiedRoster, feed: str | None = None) -> bool:
    """Let the good branch of each settled feed (or of one) count again, and nothing else of it.

    Gives whether that changed anything. It reads a feed whole: once for a roster, and once where its branch is known.
    """
    changed = 0
    for name, ident in settled_feeds(connection, current, feed).items():
        good = good_branch(connection, ident)
        standing = dict(
            connection.execute(
                "SELECT s.id, s.standing FROM standing s JOIN entry e ON e.id = s.id WHERE e.feed = ?", (name,)
            ).fetchall()
        )
        back = [(one,) for one in sorted(good) if standing.get(one) == "forked"]
        connection.executemany("DELETE FROM standing WHERE id = ?", back)
        others = connection.execute("SELECT id FROM entry WHERE feed = ?", (name,)).fetchall()
        off = [(one,) for (one,) in others if one not in good and one not in standing]
        connection.executemany("INSERT INTO standing (id, standing) VALUES (?, 'forked')", off)
        changed += len(back) + len(off)
    return changed > 0
