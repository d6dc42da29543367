"""One person's decision about one document: the record, the one-shot signature, the entry that carries it.

It never counts: quorum is decided by the dispatching console. The approver key is used in a child process only.
"""

from __future__ import annotations

import base64
from typing import Literal

from console.domain.actions import Action, ApprovalRecord, Document, Extension, Ratification, parse_document
from console.domain.errors import WaitsForConnection, WrongUse
from console.domain.profile import MAX_DOCUMENT_BYTES, JsonValue
from console.journal.values import Draft, Stored
from console.keys import canon, keyfile
from console.keys.signer import sign_once
from console.keys.sshsig import approve_ns
from console.runtime.ids import new_nonce
from console.services.session import APPROVER, Session


def document_here(session: Session, doc: str) -> tuple[Document, bytes]:
    """A document that can be approved, from its own bytes.

    Raises:
        WaitsForConnection: when its bytes have not arrived on this console.
        UnknownField: when this version does not know a field or word in it, so that it cannot be approved here.
    """
    row = session.store.reader().document(doc)
    if row is None:
        raise WaitsForConnection(
            "This document is not on this console yet.", "Run `standdown sync run` and look again."
        )
    return parse_document(canon.decode(row.raw, limit=MAX_DOCUMENT_BYTES)), row.raw


def sign_document(
    session: Session,
    doc: str,
    decision: Literal["approve", "refuse"],
    *,
    passphrase: bytes | None = None,
    seat: Literal["own", "shared"] = "own",
    reason: str = "",
) -> Stored:
    """Sign one decision about the bytes named `doc` and append the entry that carries it.

    `passphrase` opens the approver key for this one signature; None asks for it.

    Raises:
        WaitsForConnection: when the bytes are not here.
        WrongPassphrase: when the key does not open; nothing was written.
    """
    document, _ = document_here(session, doc)
    saved = keyfile.read_saved(session.paths.key("approver"), "approver")
    record = ApprovalRecord(
        org=session.org, doc=doc, doc_type=_type_of(document), op=_op_of(document), decision=decision,
        person=session.me, key=saved.public.fingerprint, console=session.settings.console, seat=seat,
        at=session.clock.wall_ms(), roster=session.ref, nonce=new_nonce(session.entropy),
    )  # fmt: skip
    if document.org != session.org:
        raise WrongUse("This document belongs to another organisation.", "Open the profile of that organisation.")
    raw = canon.encode(record.as_json())
    ApprovalRecord.parse(canon.decode(raw, limit=MAX_DOCUMENT_BYTES))
    sig = sign_once(saved, approve_ns(session.org), raw, session.ask(APPROVER) if passphrase is None else passphrase)
    carried: dict[str, JsonValue] = {
        "doc": doc, "record": base64.b64encode(raw).decode(), "sig": base64.b64encode(sig).decode(),
    }  # fmt: skip
    group = "correction" if isinstance(document, Action) else "document"
    outcome = "approved" if decision == "approve" else "refused"
    values: dict[str, JsonValue] = {"reason": reason} if reason else {}
    return session.append(
        Draft(f"{group}.{outcome}", inc=getattr(document, "inc", None), subj=_op_of(document), pub=carried,
              disclosures=values)
    )  # fmt: skip


def _type_of(document: Document) -> str:
    return "action.v1" if isinstance(document, Action) else document.doc_type


def _op_of(document: Document) -> str | None:
    return document.op if isinstance(document, Action | Extension | Ratification) else None
