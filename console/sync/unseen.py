"""What colleagues have seen and this console has not: their entries cite heads that no place shows here.

So a place that shows two faces is found while it hides one of them. It is a hint and no proof: a head may travel by
another place. Whoever brings both faces together (a stick, a second place) makes the proof: see `forks`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from console.journal.store import JournalStore

GRACE_MS: Final = 60_000  # one that is only late comes with the next meetings
_LATELY: Final = 2_000  # local numbers looked at: older citations were said when they were new


@dataclass(frozen=True, slots=True)
class Unseen:
    """Heads that one console cites and that are not here. `ids` are entry ids, sorted."""

    console: str
    ids: tuple[str, ...]

    @property
    def sentence(self) -> str:
        """What is so and what to do."""
        many = "an entry that is" if len(self.ids) == 1 else f"{len(self.ids)} entries that are"
        return (
            f"Console ..{self.console[-4:]} has seen {many} not here ({self.ids[0][:16]}): a place may show it another "
            "record than this one. Meet that console by another place or a stick; then both are shown side by side."
        )


def unseen(store: JournalStore) -> tuple[Unseen, ...]:
    """Heads cited for longer than a minute by entries that count here, by the console that cites them."""
    now_ms = store.write(lambda tx: tx.now_ms)
    with store.reader().snapshot() as connection:
        rows = connection.execute(
            "SELECT DISTINCT f.console, r.value FROM entry e JOIN feed f ON f.feed = e.feed "
            "JOIN json_each(CAST(e.raw AS TEXT), '$.refs') r LEFT JOIN entry k ON k.id = r.value "
            "LEFT JOIN standing s ON s.id = e.id "
            "WHERE e.n > (SELECT coalesce(max(n), 0) FROM entry) - ? AND e.received_ms <= ? AND k.id IS NULL "
            "AND s.id IS NULL ORDER BY f.console, r.value",
            (_LATELY, now_ms - GRACE_MS),
        ).fetchall()
    found: dict[str, list[str]] = {}
    for console, ident in rows:
        found.setdefault(console, []).append(ident)
    return tuple(Unseen(console, tuple(ids)) for console, ids in found.items())
