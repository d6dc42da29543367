"""A colleague with a program of their own: it signs what it likes with their true keys, past every check of ours."""

from __future__ import annotations

from typing import Any

from console.domain.forms import Entry
from console.journal.store import JournalStore
from console.journal.values import Answer, FeedSigner
from console.keys import canon
from console.keys.sshsig import entry_ns, machine_ns
from console.services.session import Session
from tests.kit.entropy import SeededEntropy


class Rogue:
    """Writes on at one of their feeds, and hands every entry to another console's door, as a share would."""

    def __init__(self, session: Session, feed: FeedSigner) -> None:
        self._feed = feed
        self.ref = session.ref
        self._entropy = SeededEntropy("rogue")
        mine = session.reader.feed(feed.feed)
        self._seq, self._prev, self._hlc = mine[-1].seq, mine[-1].id, mine[-1].entry.hlc
        self._incs = {one.entry.inc: (one.entry.iseq, one.id) for one in mine}

    def give(
        self, store: JournalStore, kind: str, pub: dict[str, Any], values: dict[str, Any] | None = None,
        *, inc: str | None = None, subj: str | None = None, hlc: tuple[int, int] | None = None,
    ) -> Answer:  # fmt: skip
        """What the door of `store` answers to such an entry; the feed goes on from it where it was kept."""
        texts = [canon.make_disclosure(self._entropy.token(16), name, value) for name, value in (values or {}).items()]
        last, feed = self._incs.get(inc), self._feed
        entry = Entry(
            sd=tuple(sorted(map(canon.digest, texts))), author=feed.author, boot="0" * 32, console=feed.console,
            feed=feed.feed, hlc=hlc or (self._hlc[0], self._hlc[1] + 1), inc=inc,
            iprev=None if last is None else last[1], iseq=0 if last is None else last[0] + 1,
            key=feed.signer.public.fingerprint, kind=kind, mono=1, org=feed.org, prev=self._prev, pub=pub, refs=(),
            roster=self.ref, seq=self._seq + 1, subj=subj,
        )  # fmt: skip
        raw = canon.encode(entry.as_json())
        sig = feed.signer.sign((machine_ns if feed.author is None else entry_ns)(feed.org), raw)
        ident = canon.sha256_hex(raw)
        answer = store.write(lambda tx: tx.ingest(raw, sig))
        if answer in (Answer.inserted, Answer.skewed):
            self._seq, self._prev, self._hlc = entry.seq, ident, entry.hlc
            self._incs[inc] = (entry.iseq, ident)
            store.write(lambda tx: tx.add_disclosures(ident, texts))
        return answer
