"""Writes the golden vectors of every signed form, good and bad, from fixed seeds: the same bytes every time.

python -m tests.vectors.generate           writes tests/vectors/forms/
python -m tests.vectors.generate --check   says which files would change; exit status 1 if any
"""

from __future__ import annotations

import base64
import hashlib
import json
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from console.domain import actions, forms
from console.domain.kinds import check_kind
from console.domain.profile import REFUSED_TEXT
from console.journal import envelope, segments
from console.journal.values import Draft
from console.keys import canon, sshsig
from console.runtime.ids import crockford
from tests.kit.entropy import SeededEntropy

HERE = Path(__file__).parent / "forms"
NOW = 1_795_510_800_000  # 2026-11-24 09:00 UTC


def made_id(prefix: str, name: str) -> str:
    return f"{prefix}-{crockford(hashlib.sha256(f'{prefix}:{name}'.encode()).digest()[:16])}"


class Key:
    """A key from a fixed seed; it signs as a console's signer does."""

    def __init__(self, name: str) -> None:
        self.private = Ed25519PrivateKey.from_private_bytes(hashlib.sha256(name.encode()).digest())
        self.public = sshsig.public_of(self.private)

    def sign(self, namespace: str, message: bytes) -> bytes:
        return sshsig.sign_blob(self.private, namespace, message)


ORG = made_id("o", "vectors")
COMMANDER, APPROVER = made_id("p", "commander"), made_id("p", "approver")
CONSOLE_A, CONSOLE_B = made_id("c", "a"), made_id("c", "b")
INC, OP = made_id("i", "one"), made_id("a", "one")
SURFACE, INSTANCE = made_id("t", "gateway"), made_id("g", "gateway")
BY_HAND, DESK = made_id("t", "vendor"), made_id("g", "by-hand")
KEYS = {name: Key(name) for name in ("writer-a", "writer-b", "approver-a", "approver-b", "device-a", "device-b",
                                     "recovery-a", "recovery-b")}  # fmt: skip
NONCES = {"person": "11" * 16, "machine": "22" * 16}
BOOT = "b0" * 16


def disclosure(name: str, value: Any, salt: str) -> str:
    return canon.make_disclosure(hashlib.sha256(salt.encode()).digest()[:16], name, value)


def person(who: str, suffix: str, console: str, roles: tuple[str, ...]) -> forms.Person:
    keys = tuple(
        forms.PersonKey(key=KEYS[f"{use}-{suffix}"].public.line, use=use, console=bound, from_ms=NOW, to_ms=None)
        for use, bound in (("writer", console), ("approver", console), ("recovery", None))
    )
    return forms.Person(
        person=who, roles=roles, keys=keys, sd=(canon.digest(disclosure("name", f"the {suffix} person", suffix)),)
    )


POLICY = forms.default_policy(ORG, NOW)
POLICY_RAW = canon.encode(POLICY.as_json())
POLICY_SHA = canon.sha256_hex(POLICY_RAW)


def roster_zero() -> forms.Roster:
    first = person(COMMANDER, "a", CONSOLE_A, ("admin", "commander"))
    return forms.Roster(
        org=ORG, n=0, prev=None, created=NOW, threshold=None, policy=None,
        persons=(replace(first, keys=first.keys[:1]),),
        consoles=(forms.ConsoleKey(console=CONSOLE_A, key=KEYS["device-a"].public.line, from_ms=NOW, to_ms=None),),
    )  # fmt: skip


ROSTER_0 = canon.encode(roster_zero().as_json())


def roster_one() -> forms.Roster:
    return forms.Roster(
        org=ORG, n=1, prev=canon.sha256_hex(ROSTER_0), created=NOW + 60_000, threshold=2, policy=POLICY_SHA,
        persons=(
            person(COMMANDER, "a", CONSOLE_A, ("admin", "commander")),
            person(APPROVER, "b", CONSOLE_B, ("admin", "approver", "deputy")),
        ),
        consoles=tuple(
            forms.ConsoleKey(console=c, key=KEYS[k].public.line, from_ms=NOW, to_ms=None)
            for c, k in ((CONSOLE_A, "device-a"), (CONSOLE_B, "device-b"))
        ),
    )  # fmt: skip


ROSTER_1 = canon.encode(roster_one().as_json())


def branches() -> tuple[bytes, bytes, bytes]:
    """Two rosters 2, as no two should ever be signed, and the roster 3 that follows one and settles the other."""
    two = replace(roster_one(), n=2, prev=canon.sha256_hex(ROSTER_1), created=NOW + 120_000)
    rival = replace(two, created=NOW + 121_000, threshold=2, policy=None)
    raws = [canon.encode(one.as_json()) for one in (two, rival)]
    end = replace(
        two, n=3, prev=canon.sha256_hex(raws[0]), created=NOW + 180_000, settles=(canon.sha256_hex(raws[1]),)
    )  # fmt: skip
    return raws[0], raws[1], canon.encode(end.as_json())


ROSTER_2, ROSTER_2_RIVAL, ROSTER_3 = branches()
REF_0, REF_1 = (0, canon.sha256_hex(ROSTER_0)), (1, canon.sha256_hex(ROSTER_1))


def target(name: str, **changes: Any) -> tuple[actions.Target, list[str]]:
    values: dict[str, Any] = {
        "name": name, "selector": hashlib.sha256(name.encode()).hexdigest(), "params": {},
        "pre": {"read_at": NOW, "fields": {"blocked": "false"}},
        "requests": [{"method": "POST", "path": "/key/block", "body": '{"key":"..."}', "encoding": "text",
                      "content_type": "application/json", "effect": "write"}],
        "revert": [{"method": "POST", "path": "/key/unblock", "body": '{"key":"..."}', "encoding": "text",
                    "content_type": "application/json", "effect": "write"}],
    }  # fmt: skip
    texts = [disclosure(key, value, f"{name}/{key}") for key, value in values.items()]
    made = actions.Target(
        surface=SURFACE, instance=INSTANCE, adapter="litellm/1", lever="key.block", category="user", model="F-7",
        reach="our-customers", assignee=None, reversal="exact", selectors=1, all_surfaces=False, credential=None,
        canary=False, dispatchers=(FEEDS["machine"].feed,), listed=None,
        sd=tuple(sorted(canon.digest(text) for text in texts)),
    )  # fmt: skip
    return replace(made, **changes), texts


class Writer(NamedTuple):
    """A feed of the vectors and the key that signs it."""

    feed: str
    author: str | None
    signer: Key


class Written(NamedTuple):
    """An entry of the vectors as signed."""

    id: str
    raw: bytes
    sig: bytes
    entry: forms.Entry
    disclosures: tuple[str, ...]


def feed_signer(kind: str) -> Writer:
    key = KEYS["writer-a" if kind == "person" else "device-a"]
    feed = envelope.feed_id(ORG, key.public.fingerprint, NONCES[kind])
    return Writer(feed, COMMANDER if kind == "person" else None, key)


FEEDS = {kind: feed_signer(kind) for kind in NONCES}
REASON = disclosure("reason", "It assists with weapons design; the key is used by an unknown party.", "reason")


def action() -> tuple[actions.Action, list[str]]:
    parts = [
        target("key K"),
        target("canary key", canary=True),
        target("ask the vendor", adapter="manual/1", lever="manual.ask", instance=DESK, surface=BY_HAND, selectors=0,
               category="shutdown", assignee=COMMANDER, reversal="best-effort"),
    ]  # fmt: skip
    made = actions.Action(
        org=ORG, op=OP, rev=1, inc=INC, direction="contain", gravity="high", severity=1, break_glass=False,
        targets=tuple(part for part, _ in parts), reason_sd=canon.digest(REASON), lift_criteria_sd=None, created=NOW,
        approve_by=NOW + 1_800_000, execute_by=NOW + 14_400_000, execute_by_unreachable=NOW + 86_400_000,
        review_by=NOW + 86_400_000, undo_within_s=900, undoes=None, roster=REF_1, policy=POLICY_SHA, supersedes=None,
    )  # fmt: skip
    return made, [REASON, *(text for _, texts in parts for text in texts)]


ACTION, ACTION_TEXTS = action()
ACTION_RAW = canon.encode(ACTION.as_json())
ACTION_SHA = canon.sha256_hex(ACTION_RAW)


def approval(suffix: str, who: str, console: str) -> tuple[bytes, bytes]:
    record = actions.ApprovalRecord(
        org=ORG, doc=ACTION_SHA, doc_type="action.v1", op=OP, decision="approve", person=who,
        key=KEYS[f"approver-{suffix}"].public.fingerprint, console=console, seat="own", at=NOW + 120_000, roster=REF_1,
        nonce=hashlib.sha256(suffix.encode()).hexdigest()[:32],
    )  # fmt: skip
    raw = canon.encode(record.as_json())
    return raw, KEYS[f"approver-{suffix}"].sign(sshsig.approve_ns(ORG), raw)


class Feed:
    """Writes one feed of vectors, entry after entry."""

    def __init__(self, kind: str, entropy: SeededEntropy) -> None:
        self.signer = FEEDS[kind]
        self.entropy = entropy
        self.written: list[Written] = []

    def write(self, draft: Draft, refs: tuple[str, ...] = ()) -> Written:
        before = [one for one in self.written if one.entry.inc == draft.inc]
        seq = len(self.written)
        texts, digests = envelope.conceal(draft.disclosures, self.entropy)
        entry = forms.Entry(
            sd=digests, author=self.signer.author, boot=BOOT, console=CONSOLE_A, feed=self.signer.feed,
            hlc=(NOW + 1000 * seq, 0), inc=draft.inc, iprev=before[-1].id if before else None, iseq=len(before),
            key=self.signer.signer.public.fingerprint, kind=draft.kind, mono=81_234 + 1000 * seq, org=ORG,
            prev=self.written[-1].id if self.written else None, pub=dict(draft.pub), refs=refs, roster=REF_1, seq=seq,
            subj=draft.subj,
        )  # fmt: skip
        check_kind(draft.kind, entry.pub, tuple(draft.disclosures))
        raw, sig = envelope.build(entry, self.signer.signer)
        self.written.append(Written(canon.sha256_hex(raw), raw, sig, entry, texts))
        return self.written[-1]


def opening(kind: str) -> Draft:
    signer = FEEDS[kind]
    pub = {"key": signer.signer.public.line, "console": CONSOLE_A, "nonce": NONCES[kind], "continues": None}
    return Draft(kind="feed.open", pub=pub)


def feeds() -> dict[str, Written]:
    entropy = SeededEntropy("vectors")
    mine, machine = Feed("person", entropy), Feed("machine", entropy)
    found: dict[str, Written] = {}
    found["feed-open-person"] = mine.write(opening("person"))
    found["feed-open-machine"] = machine.write(opening("machine"))
    found["incident-declared"] = mine.write(
        Draft(kind="incident.declared", inc=INC, pub={"severity": 1},
                       disclosures={"title": "F-7 assists weapons design", "text": "Reported by evaluation."})
    )  # fmt: skip
    found["note-two-lines"] = mine.write(
        Draft(kind="note", inc=INC, disclosures={
            "text": "line one\nline\ttwo", "occurred": {"at_ms": NOW - 31_000, "plus_minus_s": 60}})
    )  # fmt: skip
    found["note-right-to-left"] = mine.write(
        Draft(kind="note", inc=INC, disclosures={"text": "שלום العربية नम\u200dस्ते 👩\u200d🔬"})
    )
    found["knowledge-fact"] = mine.write(
        Draft(kind="knowledge.fact", inc=INC, pub={"since_ms": NOW - 600_000},
                       disclosures={"text": "The key leaked.", "who": "the on-call engineer", "signal": "a report"})
    )  # fmt: skip
    found["correction-proposed"] = mine.write(
        Draft(kind="correction.proposed", inc=INC, subj=OP, pub={"doc": ACTION_SHA, "rev": 1})
    )
    received = []
    for suffix, who, console in (("a", COMMANDER, CONSOLE_A), ("b", APPROVER, CONSOLE_B)):
        record, sig = approval(suffix, who, console)
        pub = {
            "doc": ACTION_SHA,
            "record": base64.b64encode(record).decode(),
            "sig": base64.b64encode(sig).decode(),
        }
        if suffix == "a":
            found["correction-approved"] = mine.write(Draft(kind="correction.approved", inc=INC, subj=OP, pub=pub))
        received.append(machine.write(Draft(kind="approval.received", inc=INC, subj=OP, pub=pub)))
    found["approval-received"] = received[-1]
    seen = sorted([one.signer.feed, one.written[-1].entry.seq, one.written[-1].id] for one in (mine, machine))
    found["dispatch-authorised"] = machine.write(
        Draft(kind="dispatch.authorised", inc=INC, subj=OP, pub={
            "doc": ACTION_SHA, "records": [one.id for one in received], "roster": list(REF_1), "policy": POLICY_SHA,
            "now": NOW + 180_000, "clock": "trusted", "seen": seen, "verdict": "approved"}),
        refs=(mine.written[-1].id,),
    )  # fmt: skip
    found["call-paged"] = machine.write(
        Draft(kind="call.paged", inc=INC, pub={
            "doc": ACTION_SHA, "person": APPROVER, "at": NOW + 190_000, "why": "signature", "taken": True},
            disclosures={"text": "The second person was called by pager.", "hook": "pager",
                         "answer": "it answered 202"})
    )  # fmt: skip
    sealed, about = ((HERE.parent / "sealed" / f"{name}.age").read_bytes() for name in ("transcript", "about"))
    found["evidence-need-to-know"] = mine.write(
        Draft(kind="evidence", inc=INC, pub={"class": "need-to-know"}, disclosures={
            "text": "A transcript of the run.",
            "blob": {"sha256": canon.sha256_hex(sealed), "size": len(sealed), "to": [COMMANDER, APPROVER],
                     "about": b64(about)}})
    )  # fmt: skip
    found["evidence-held"] = mine.write(
        Draft(kind="evidence", inc=INC, pub={"class": "held"}, disclosures={
            "blob": {"name": "weights.bin", "sha256": "dd" * 32, "size": 4_000_000_000, "holder": "Infrastructure lead",
                     "place": "safe 2"}})
    )  # fmt: skip
    return found


def documents() -> dict[str, bytes]:
    common: dict[str, Any] = {"org": ORG, "roster": REF_1, "created": NOW}
    digest = canon.digest(REASON)
    small: dict[str, actions.Document] = {
        "redaction": actions.Redaction(
            **common, inc=INC, reason_sd=digest, approve_by=NOW + 1,
            items=(actions.RedactionItem(entry="aa" * 32, doc=None, digests=(digest,)),
                   actions.RedactionItem(entry=None, doc=ACTION_SHA, digests=(digest,))),
        ),
        "closing": actions.Closing(**common, inc=INC, approve_by=NOW + 1,
                                   frontier=((FEEDS["person"].feed, 7, "cc" * 32),)),
        "rehearsal": actions.Rehearsal(**common, person=APPROVER, role="approver"),
        "ratification": actions.Ratification(**common, doc=ACTION_SHA, op=OP),
        "extension": actions.Extension(**common, doc=ACTION_SHA, op=OP, execute_by=NOW + 20_000_000),
        "clock": actions.Clock(**common, console=CONSOLE_A, feed=FEEDS["machine"].feed, boot="b0" * 16, mono=81_234,
                               approve_by=NOW + 3_600_000),
        "action": ACTION,
    }  # fmt: skip
    made = {name: canon.encode(actions.document_json(one)) for name, one in small.items()}
    request = forms.Enrolment(
        org=ORG, genesis=canon.sha256_hex(ROSTER_0), person=person(APPROVER, "b", CONSOLE_B, ()),
        console=roster_one().consoles[1], created=NOW, nonce="33" * 16,
    )  # fmt: skip
    return {**made, "policy": POLICY_RAW, "roster-0": ROSTER_0, "roster-1": ROSTER_1, "roster-2": ROSTER_2,
            "roster-2-rival": ROSTER_2_RIVAL, "roster-3-settles": ROSTER_3,
            "enrol": canon.encode(request.as_json())}  # fmt: skip


def signature(key: Key, namespace: str, raw: bytes) -> dict[str, str]:
    return {"key": key.public.line, "namespace": namespace, "sig": b64(key.sign(namespace, raw))}


def b64(data: bytes) -> str:
    return base64.b64encode(data).decode()


def good() -> dict[str, dict[str, Any]]:
    found: dict[str, dict[str, Any]] = {}
    for name, one in feeds().items():
        signer = FEEDS["person" if one.entry.author else "machine"]
        found[f"entry-{name}"] = {
            "form": "entry", "bytes": one.raw.decode(), "sha256": one.id, "disclosures": list(one.disclosures),
            "signatures": [{"key": signer.signer.public.line, "sig": b64(one.sig),
                            "namespace": envelope.namespace_of(ORG, signer.author)}],
        }  # fmt: skip
    signers = {"roster-0": ["writer-a"], "roster-1": ["writer-a", "approver-a", "approver-b"]}
    signers |= {name: ["approver-a", "approver-b"] for name in ("roster-2", "roster-2-rival", "roster-3-settles")}
    for name, raw in documents().items():
        found[name] = {
            "form": name.split("-", maxsplit=1)[0], "bytes": raw.decode(), "sha256": canon.sha256_hex(raw),
            "disclosures": ACTION_TEXTS if name == "action" else [],
            "signatures": [signature(KEYS[k], sshsig.roster_ns(ORG), raw) for k in signers.get(name, [])],
        }  # fmt: skip
    for suffix, who, console in (("a", COMMANDER, CONSOLE_A), ("b", APPROVER, CONSOLE_B)):
        raw, _ = approval(suffix, who, console)
        found[f"approval-{suffix}"] = {
            "form": "approval", "bytes": raw.decode(), "sha256": canon.sha256_hex(raw), "disclosures": [],
            "signatures": [signature(KEYS[f"approver-{suffix}"], sshsig.approve_ns(ORG), raw)],
        }  # fmt: skip
    # up to where the files of the transport were made once: what came later changes none of them
    person_feed = [one for one in feeds().values() if one.entry.author and one.entry.kind != "evidence"]
    data = segments.encode_segment([(one.raw, one.sig) for one in person_feed])
    found["segment"] = {
        "form": "segment", "bytes": data.decode(), "sha256": canon.sha256_hex(data),
        "name": segments.file_name(0, len(person_feed) - 1, data), "disclosures": [], "signatures": [],
    }  # fmt: skip
    data = segments.encode_disclosures((one.id, one.disclosures) for one in person_feed if one.disclosures)
    found["disclosures"] = {
        "form": "disclosures", "bytes": data.decode(), "sha256": canon.sha256_hex(data),
        "name": segments.file_name(0, len(person_feed) - 1, data, "dis"), "disclosures": [], "signatures": [],
    }  # fmt: skip
    return found


def bad() -> dict[str, dict[str, Any]]:
    """Every attack by name: the form it claims, its bytes, and the fact it must be refused for."""
    good_ones = good()
    note = good_ones["entry-note-two-lines"]
    raw: bytes = note["bytes"].encode()
    sig = base64.b64decode(note["signatures"][0]["sig"])
    segment: bytes = good_ones["segment"]["bytes"].encode()
    disclosures: bytes = good_ones["disclosures"]["bytes"].encode()
    doc = ACTION.as_json()

    def entry(data: bytes, why: str = "BadForm") -> dict[str, Any]:
        return {"form": "entry", "bytes64": b64(data), "why": why}

    def act(why: str, **changes: Any) -> dict[str, Any]:
        return {"form": "action", "bytes64": b64(canon.encode({**doc, **changes})), "why": why}

    def other_form(form: str, data: bytes) -> dict[str, Any]:
        return {"form": form, "bytes64": b64(data), "why": "BadForm"}

    one_person: dict[str, Any] = json.loads(POLICY_RAW)
    one_person["levels"]["high"]["persons"] = 1

    def first_target(**changes: Any) -> list[Any]:
        return [{**doc["targets"][0], **changes}, *doc["targets"][1:]]  # type: ignore[index,misc,dict-item]  the JSON of a known document

    def signed(data: bytes, blob: bytes, line: str, namespace: str) -> dict[str, Any]:
        return {"form": "signature", "bytes64": b64(data), "sig": b64(blob), "key": line, "namespace": namespace,
                "why": "BadSignature"}  # fmt: skip

    line, namespace = note["signatures"][0]["key"], note["signatures"][0]["namespace"]
    other = base64.b64decode(good_ones["entry-knowledge-fact"]["signatures"][0]["sig"])
    flipped = bytearray(sig)
    flipped[-1] ^= 1
    roster, ending = json.loads(ROSTER_1), json.loads(ROSTER_3)
    clock = json.loads(good_ones["clock"]["bytes"])
    return {
        "entry-float": entry(raw.replace(b'"iseq":1', b'"iseq":1.0')),
        "entry-duplicate-key": entry(raw.replace(b'"iseq":1', b'"iseq":1,"iseq":1')),
        "entry-unsorted-keys": entry(b'{"v":1,' + raw[1:].replace(b',"v":1', b"")),
        "entry-white-space": entry(raw.replace(b'"iseq":1', b'"iseq": 1')),
        "entry-escaped-letter": entry(raw.replace(b'"kind":"note"', b'"kind":"n\\u006fte"')),
        "entry-large-number": entry(raw.replace(b'"mono":8', b'"mono":9007199254740993')),
        "entry-too-deep": entry(raw.replace(b'"pub":{}', b'"pub":{"a":[[[[[1]]]]]}')),
        "entry-not-utf8": entry(raw.replace(b"note", b"not\xff")),
        "entry-bidi-text": entry(raw.replace(b'"pub":{}', '"pub":{"a":"x\u202ey"}'.encode())),
        "entry-carriage-return": entry(raw.replace(b'"pub":{}', b'"pub":{"a":"x\\ry"}')),
        "entry-not-nfc": entry(raw.replace(b'"pub":{}', '"pub":{"a":"e\u0301"}'.encode())),
        "entry-lone-surrogate": entry(raw.replace(b'"pub":{}', b'"pub":{"a":"\\ud800"}')),
        "entry-field-name-not-ascii": entry(raw.replace(b'"pub":{}', '"pub":{"é":1}'.encode())),
        "entry-missing-field": entry(raw.replace(b'"subj":null,', b"")),
        "entry-first-with-a-predecessor": entry(raw.replace(b'"seq":2', b'"seq":0')),
        "entry-upper-case-hash": entry(raw.replace(b'"boot":"b0', b'"boot":"B0')),
        "entry-unsorted-digests": entry(canon.encode({**json.loads(raw), "_sd": json.loads(raw)["_sd"][::-1]})),
        "entry-over-64-kib": entry(canon.encode({**json.loads(raw), "pub": {"a": "x" * 65_536}})),
        "entry-byte-order-mark": entry(b"\xef\xbb\xbf" + raw),
        "entry-depth-bomb": entry(b"[" * 100_000),
        "signature-of-another-entry": signed(raw, other, line, namespace),
        "signature-flipped-bit": signed(raw, bytes(flipped), line, namespace),
        "signature-truncated": signed(raw, sig[:-1], line, namespace),
        "signature-of-a-machine-purpose": signed(raw, sig, line, sshsig.machine_ns(ORG)),
        "signature-offered-as-approval": signed(raw, sig, line, sshsig.approve_ns(ORG)),
        "signature-of-another-organisation": signed(raw, sig, line, sshsig.entry_ns(made_id("o", "other"))),
        "signature-by-another-key": signed(raw, sig, KEYS["writer-b"].public.line, namespace),
        "action-unknown-field": act("UnknownField", urgency="now"),
        "action-unknown-direction": act("UnknownField", direction="destroy"),
        "action-unknown-gravity": act("UnknownField", gravity="low"),
        "action-no-target": act("BadForm", targets=[]),
        "action-too-many-targets": act("BadForm", targets=[doc["targets"][0]] * 201),  # type: ignore[index]  the JSON of a known document
        "action-wildcard-selector-count": act("BadForm", targets=first_target(selectors="*")),
        "action-target-unknown-field": act("UnknownField", targets=first_target(also="everything")),
        "action-window-over-24-h": act("BadForm", execute_by=NOW + 90_000_000),
        "action-approve-after-execute": act("BadForm", approve_by=NOW + 14_400_001),
        "action-restore-waits-longer": act("BadForm", direction="restore"),
        "action-undo-that-contains": act("BadForm", undoes="aa" * 32),
        "action-revision-2-of-nothing": act("BadForm", rev=2),
        "action-severity-0": act("BadForm", severity=0),
        "roster-threshold-1": other_form("roster", canon.encode({**roster, "threshold": 1})),
        "roster-threshold-0": other_form("roster", canon.encode({**roster, "threshold": 0})),
        "roster-0-with-threshold": other_form("roster", canon.encode({**json.loads(ROSTER_0), "threshold": 2})),
        "roster-settles-nothing": other_form("roster", canon.encode({**ending, "settles": []})),
        "roster-settles-twice": other_form("roster", canon.encode({**ending, "settles": ending["settles"] * 2})),
        "roster-settles-what-it-follows": other_form("roster", canon.encode({**ending, "settles": [ending["prev"]]})),
        "policy-high-with-one-person": other_form("policy", canon.encode(one_person)),
        "clock-over-an-hour": other_form("clock", canon.encode({**clock, "approve_by": NOW + 3_600_001})),
        "clock-for-no-time": other_form("clock", canon.encode({**clock, "approve_by": NOW})),
        "clock-of-every-boot": other_form("clock", canon.encode({**clock, "boot": None})),
        "clock-of-every-console": other_form("clock", canon.encode({**clock, "feed": None})),
        "clock-unknown-field": other_form("clock", canon.encode({**clock, "frees": "all"})),
        "clock-with-a-second-time": other_form("clock", canon.encode({**clock, "wall": NOW})),
        "segment-cut-in-a-line": other_form("segment", segment[:-20]),
        "segment-second-spelling": other_form("segment", segment.replace(b'","s"', b'", "s"', 1)),
        "segment-unknown-field": other_form("segment", b'{"e":"AA==","s":"AA==","x":1}\n'),
        "disclosures-cut-in-a-line": other_form("disclosures", disclosures[:-9]),
    }  # fmt: skip


def refused_code_points() -> list[str]:
    found = [code for code in range(0x11_0000) if REFUSED_TEXT.match(chr(code))]
    ranges: list[list[int]] = []
    for code in found:
        if ranges and ranges[-1][1] == code - 1:
            ranges[-1][1] = code
        else:
            ranges.append([code, code])
    return [f"U+{a:04X}" if a == b else f"U+{a:04X}-U+{b:04X}" for a, b in ranges]


def files() -> dict[Path, str]:
    made: dict[Path, Any] = {HERE / "good" / f"{name}.json": one for name, one in good().items()}
    made.update({HERE / "bad" / f"{name}.json": one for name, one in bad().items()})
    made[HERE / "refused-code-points.json"] = refused_code_points()
    return {path: json.dumps(one, indent=1, ensure_ascii=True, sort_keys=True) + "\n" for path, one in made.items()}


def main(arguments: list[str]) -> int:
    wanted = files()
    have = {path: path.read_text(encoding="utf-8") for path in HERE.rglob("*.json")}
    changed = sorted(path for path in wanted.keys() | have.keys() if wanted.get(path) != have.get(path))
    if "--check" in arguments:
        for path in changed:
            sys.stdout.write(f"differs: {path.relative_to(HERE)}\n")
        return 1 if changed else 0
    for path in have.keys() - wanted.keys():
        path.unlink()
    for path, text in wanted.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    sys.stdout.write(f"{len(wanted)} files, {len(changed)} changed\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
