"""Close an incident: a document that names the head of every feed, signed by two. It hides nothing that comes later."""

from __future__ import annotations

from console.domain.actions import Closing, document_json
from console.domain.errors import WrongUse
from console.journal.rows import select_heads
from console.journal.tx import Tx
from console.journal.values import Draft
from console.keys import canon
from console.services.session import Session


def propose_closing(session: Session, inc: str) -> str:
    """Propose the closing of an incident with the frontier as it is here now; the document's hash.

    Raises:
        WrongUse: in a provisional record.
    """
    if session.provisional:
        raise WrongUse("Closing needs two signatures, and the record is one person's.", "Found: standdown org found")
    feed, ref = session.person(), session.ref
    session.device()

    def work(tx: Tx) -> str:
        now = tx.now_ms
        frontier = tuple(sorted((name, seq, ident) for name, (seq, ident) in select_heads(tx.connection).items()))
        document = Closing(
            org=session.org, inc=inc, frontier=frontier, roster=ref, created=now, approve_by=now + 24 * 3_600_000
        )
        raw = canon.encode(document_json(document))
        sha = canon.sha256_hex(raw)
        proposed = Draft("document.proposed", inc, None, {"doc": sha, "doc_type": "closing.v1"})
        stored = tx.append(feed, proposed, roster=ref)
        tx.put_document(raw, carried_by=stored.id)
        return sha

    return session.store.write(work)
