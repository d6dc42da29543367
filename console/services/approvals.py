"""What waits for signatures, the text a signer reads (made from the very bytes), and the signature itself.

An approver key is opened in a child process for one signature. Nothing here can approve without its passphrase.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime

from console.domain.actions import Action, ApprovalRecord, Closing, Document, missing_disclosures
from console.domain.errors import Problem, WaitsForConnection, WrongUse
from console.domain.profile import JsonValue
from console.domain.quorum import Verdict, quorum
from console.journal.values import Draft, Stored
from console.keys import canon, keyfile, signer, sshsig
from console.keys.words import words_of
from console.outbox.facts import CARRIERS, Held, View, gather, is_cancelled, proven_records, read_document
from console.runtime.ids import new_nonce
from console.services.organisation import b64
from console.services.session import Session

APPROVABLE = ("action.v1", "closing.v1", "redaction.v1", "extension.v1", "ratification.v1")
_AUTHORISED = ("dispatch.authorised", "closing.authorised", "redaction.authorised")


@dataclass(frozen=True, slots=True)
class Waiting:
    """A document and how it stands: who proposed it, the rule's answer, who decided already."""

    sha: str
    document: Document
    proposer: str | None
    verdict: Verdict
    authorised: bool
    cancelled: bool


def judge(session: Session, held: Held) -> Waiting:
    """How a document stands here and now, by the same rule that the dispatcher and the auditor run."""
    roster = session.roster
    with session.reader.snapshot() as connection:
        view = View(connection)
        carried = [one for one in view.entries(CARRIERS) if one.entry.pub.get("doc") == held.sha]
        signed: dict[str, object] = {}
        records = []
        for _, one in proven_records(carried, roster):
            if one.record.nonce not in signed:
                signed[one.record.nonce] = one
                records.append(one)
        facts = gather(view, held, roster, session.clock.wall_ms())
        verdict = quorum(held.sha, held.document, records, facts, session.clock.wall_ms())
        done = any(one.entry.pub.get("doc") == held.sha for one in view.entries(_AUTHORISED))
        return Waiting(held.sha, held.document, facts.proposer, verdict, done, is_cancelled(view, held.sha))


def waiting(session: Session) -> list[Waiting]:
    """Everything that could still be signed: neither decided nor cancelled nor past its time."""
    now = session.clock.wall_ms()
    found: list[Waiting] = []
    for sha, kind, _ in session.reader.documents():
        if kind not in APPROVABLE:
            continue
        try:
            with session.reader.snapshot() as connection:
                held = read_document(connection, sha)
            one = judge(session, held)
        except Problem:
            continue  # parts of it are not here yet: the next sync brings them
        late = getattr(held.document, "approve_by", now) < now
        if not (one.authorised or one.cancelled or late):
            found.append(one)
    return found


# -- the text ------------------------------------------------------------------------------------------------------------


def text(session: Session, held: Held) -> list[str]:
    """What the signer reads, from the bytes that would be signed and nothing else.

    Raises:
        WaitsForConnection: when a disclosure is missing: what cannot be shown cannot be approved.
    """
    raw = held.row.raw
    head = [f"Document {held.sha}", f"In words: {words_of(canon.sha256_hex(raw))}"]
    if isinstance(held.document, Action):
        return [*head, *_action_text(session, held, held.document)]
    if isinstance(held.document, Closing):
        lines = [
            f"  feed {feed[:16]}..  up to number {seq}  {ident[:16]}" for feed, seq, ident in held.document.frontier
        ]
        return [*head, f"CLOSE incident {held.document.inc}. The record is complete up to:", *lines]
    return [*head, f"{held.document.doc_type} of {_when(held.document.created)}"]


def _when(at_ms: int) -> str:
    return datetime.fromtimestamp(at_ms / 1000, UTC).strftime("%Y-%m-%d %H:%M:%S UTC")


def _action_text(session: Session, held: Held, action: Action) -> list[str]:
    reason = held.row.disclosed_by_digest.get(action.reason_sd)
    if reason is None:
        raise WaitsForConnection("The reason is not here yet, so this cannot be approved.", "Sync, then try again.")
    word = "RESTRICT" if action.direction == "contain" else "RESTORE"
    lines = [
        f"{word}  {action.op} revision {action.rev}, incident {action.inc}, SEV-{action.severity}",
        f"Gravity {action.gravity}. Reason: {_shown(reason[1])}",
        f"Proposed {_when(action.created)}. Sign by {_when(action.approve_by)}; sent by {_when(action.execute_by)}"
        + (f", if its provider is down by {_when(action.execute_by_unreachable)}" if action.execute_by_unreachable else ""),
    ]  # fmt: skip
    if action.undoes:
        lines.append(f"This UNDOES {action.undoes}")
    if action.undo_within_s:
        lines.append(f"Any one signer may undo it within {action.undo_within_s // 60} min.")
    for at, target in enumerate(action.targets):
        told = held.disclosed(at)
        missing = missing_disclosures(told)
        if missing:
            raise WaitsForConnection(
                f"Target {at} lacks {', '.join(missing)} here, so this cannot be approved.", "Sync, then try again."
            )
        whom = "EVERYBODY on the surface" if target.selectors == 0 else f"{target.selectors} selected"
        marks = (", canary" if target.canary else "") + (", BY HAND" if target.by_hand else "")
        lines += [
            "",
            *_target_text(at, told),
            f"    model {target.model}, reach {target.reach}, reversal {target.reversal}, {whom}{marks}",
            f"    lever {target.lever} of {target.adapter}, provider {target.instance}, surface {target.surface}",
        ]
    return lines


def _target_text(at: int, told: dict[str, JsonValue]) -> list[str]:
    lines = [f"  Target {at}: {_shown(told['name'])}  [{_shown(told['selector'])}]"]
    params, pre = told["params"], told["pre"]
    if isinstance(params, dict):
        lines += [f"    {name}: {_shown(value)}" for name, value in _pairs(params.get("values"))]
        lines += [f"    note: {_shown(note)}" for note in _list(params.get("notes"))]
    if isinstance(pre, dict):
        lines += [f"    now {name} = {_shown(value)}" for name, value in _pairs(pre.get("fields"))]
    for title, key in (("send", "requests"), ("revert", "revert")):
        for request in _list(told[key]):
            if isinstance(request, dict):
                body = f" {_shown(request.get('body'))}" if request.get("body") else ""
                lines.append(f"    {title}: {_shown(request.get('method'))} {_shown(request.get('path'))}{body}")
    return lines


def _pairs(value: JsonValue) -> list[tuple[str, JsonValue]]:
    if isinstance(value, dict):
        return [(name, found) for name, found in value.items() if found not in ("", None)]
    return [(str(pair[0]), pair[1]) for pair in _list(value) if isinstance(pair, list)]


def _list(value: JsonValue) -> list[JsonValue]:
    return value if isinstance(value, list) else []


def _shown(value: JsonValue) -> str:
    """Text for a screen: what is not plain letters is marked, so that look-alikes cannot hide."""
    if isinstance(value, dict) and "base64" in value:
        return f"(base64) {value['base64']}"
    plain = str(value)
    odd = sorted(
        {unicodedata.name(c, f"U+{ord(c):04X}") for c in plain if ord(c) > 126 or (ord(c) < 32 and c not in "\n\t")}
    )  # noqa: PLR2004  ASCII
    return plain.replace("\n", "\n      ") + (f"   [! contains {', '.join(odd[:4])}]" if odd else "")


def varying_value(session: Session, held: Held) -> tuple[str, str]:
    """What the signer has to type, and what it is: it differs from action to action, so no habit can type it."""
    if isinstance(held.document, Action):
        model = held.document.targets[0].model
        return f"{model} {len(held.document.targets)}", "the model's name and the count of targets"
    return words_of(held.sha).split()[0], "the first word of the document"


# -- signing -------------------------------------------------------------------------------------------------------------


def decide(session: Session, held: Held, decision: str, unlock: Callable[[], bytes], *, reason: str = "") -> Stored:
    """Sign an approval or a refusal with the approver key, in a child process, and carry it in one entry.

    Raises:
        WrongPassphrase: when it does not open the key; nothing was signed.
        WrongUse: for a decision that is neither, or a person who signed this already.
        WaitsForConnection: when a part of it cannot be shown here.
    """
    if decision not in ("approve", "refuse"):
        raise WrongUse("A decision is approve or refuse.", "Give one of them.")
    text(session, held)  # what cannot be shown cannot be signed, whoever calls
    feed, ref = session.person(), session.ref
    if decision == "approve" and session.me in judge(session, held).verdict.counted:
        raise WrongUse("You have signed this already.", "Somebody else has to sign now.")
    action = held.document if isinstance(held.document, Action) else None
    op = getattr(held.document, "op", None)
    key = keyfile.read_saved(session.paths.key("approver"), "approver")
    record = ApprovalRecord(
        org=session.org, doc=held.sha, doc_type="action.v1" if action else _type_of(held.document), op=op,
        decision="approve" if decision == "approve" else "refuse", person=session.me, key=key.public.fingerprint,
        console=session.settings.console, seat="own", at=session.clock.wall_ms(), roster=ref,
        nonce=new_nonce(session.entropy),
    )  # fmt: skip
    raw = canon.encode(record.as_json())
    blob = signer.sign_once(key, sshsig.approve_ns(session.org), raw, unlock())
    family = "correction" if action else "document"
    word = "approved" if decision == "approve" else "refused"
    pub: dict[str, JsonValue] = {"doc": held.sha, "record": b64(raw), "sig": b64(blob)}
    words: dict[str, JsonValue] = {"reason": reason} if reason else {}
    inc: str | None = getattr(held.document, "inc", None)
    return session.store.write(
        lambda tx: tx.append(feed, Draft(f"{family}.{word}", inc, op if action else None, pub, words), roster=ref)
    )


def _type_of(document: Document) -> str:
    return "action.v1" if isinstance(document, Action) else document.doc_type
