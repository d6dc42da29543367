"""Golden vectors of the signed forms: `python tests/vectors/generate_journal.py` writes them, `--check` compares them.

Deterministic: fixed keys (made for these files, good for nothing else), salts and times. Changing an existing vector is
a change of the format. Bad ones are named after the attack; each is sound in every respect but that one.
"""

from __future__ import annotations

import argparse
import base64
import hashlib
import json
import sys
import unicodedata
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parents[1]))

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey  # noqa: E402  the checkout comes first

from console.domain.actions import Action, ApprovalRecord, Closing, Redaction, RedactionItem, Target, document_json  # noqa: E402  the checkout comes first
from console.domain.forms import Entry, feed_preimage  # noqa: E402  the checkout comes first
from console.domain.profile import REFUSED_TEXT  # noqa: E402  the checkout comes first
from console.journal.segments import encode_disclosures, encode_segment  # noqa: E402  the checkout comes first
from console.keys import canon  # noqa: E402  the checkout comes first
from console.keys.sshsig import Stamp, approve_ns, bundle_ns, entry_ns, machine_ns, public_of  # noqa: E402  the checkout comes first
from console.runtime.ids import crockford  # noqa: E402  the checkout comes first

AT = 1_763_906_531_000


def ident(prefix: str, number: int) -> str:
    return f"{prefix}-{crockford(bytes([number]) * 16)}"


ORG, OTHER_ORG = ident("o", 1), ident("o", 2)
PERSON, CONSOLE, INC, OP = ident("p", 3), ident("c", 4), ident("i", 5), ident("a", 6)
SURFACE, INSTANCE = ident("t", 7), ident("g", 8)
ROSTER = (1, hashlib.sha256(b"roster of the vectors").hexdigest())
POLICY = hashlib.sha256(b"policy of the vectors").hexdigest()
NONCE = "0f" * 16


class Key:
    def __init__(self, name: str) -> None:
        self.private = Ed25519PrivateKey.from_private_bytes(hashlib.sha256(f"vector key {name}".encode()).digest())
        self.public = public_of(self.private)

    def sign(self, namespace: str, message: bytes) -> bytes:
        return Stamp(self.private, namespace).sign(message)


WRITER, DEVICE, APPROVER = Key("writer"), Key("device"), Key("approver")


def b64(data: bytes) -> str:
    return base64.b64encode(data).decode()


def salt(number: int) -> bytes:
    return hashlib.sha256(b"salt %d" % number).digest()[:16]


def loose(value: object) -> bytes:
    """Sorted, tight JSON without any of the profile's checks: the hand of an attacker."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode("utf-8", "surrogatepass")


def feed_of(key: Key) -> str:
    return hashlib.sha256(feed_preimage(ORG, key.public.fingerprint, NONCE)).hexdigest()


class Feed:
    def __init__(self, key: Key, author: str | None) -> None:
        self.key, self.author = key, author
        self.namespace = machine_ns(ORG) if author is None else entry_ns(ORG)
        self.last: str | None = None
        self.seq = 0
        self.incs: dict[str | None, tuple[int, str]] = {}

    def entry(self, kind: str, inc: str | None, pub: dict, sd: tuple[str, ...] = (), subj: str | None = None) -> Entry:
        iseq, iprev = self.incs.get(inc, (-1, None))
        return Entry(
            sd=tuple(sorted(sd)), author=self.author, boot="b0" * 16, console=CONSOLE, feed=feed_of(self.key),
            hlc=(AT + self.seq, 0), inc=inc, iprev=iprev, iseq=iseq + 1, key=self.key.public.fingerprint, kind=kind,
            mono=81_234 + self.seq, org=ORG, prev=self.last, pub=pub, refs=(), roster=ROSTER, seq=self.seq, subj=subj,
        )  # fmt: skip

    def append(self, *args, **kwargs) -> tuple[bytes, bytes]:
        entry = self.entry(*args, **kwargs)
        raw = canon.encode(entry.as_json())
        self.last = canon.sha256_hex(raw)
        self.incs[entry.inc] = (entry.iseq, self.last)
        self.seq += 1
        return raw, self.key.sign(self.namespace, raw)

    def open(self) -> tuple[bytes, bytes]:
        pub = {"key": self.key.public.line, "console": CONSOLE, "nonce": NONCE, "continues": None}
        return self.append("feed.open", None, pub)


def signed(what: str, raw: bytes, sig: bytes, key: Key, namespace: str, *, fault: str | None = None) -> bytes:
    return pretty(
        {
            "what": what, "fault": fault, "e": b64(raw), "s": b64(sig), "id": canon.sha256_hex(raw),
            "key": key.public.line, "namespace": namespace,
        }
    )  # fmt: skip


def pretty(value: object) -> bytes:
    return (json.dumps(value, indent=1, sort_keys=True, ensure_ascii=True) + "\n").encode()


def disclosures() -> tuple[list[str], dict[str, bytes]]:
    made = [
        canon.make_disclosure(salt(1), "text", "line one\nline two\t\u05e9\u05dc\u05d5\u05dd \u2764"),
        canon.make_disclosure(salt(2), "occurred", {"at_ms": AT - 31_000, "plus_minus_s": 60}),
        canon.make_disclosure(salt(3), "speaker", "commander"),
    ]
    files: dict[str, bytes] = {}
    for name, text in zip(("good-text", "good-occurred", "good-speaker"), made, strict=True):
        raw_salt, field, value = canon.open_disclosure(text)
        files[f"disclosures/{name}.json"] = pretty(
            {
                "d": text,
                "digest": canon.digest(text),
                "fault": None,
                "name": field,
                "salt": raw_salt.hex(),
                "value": value,
            }
        )

    def bad(name: str, what: str, content: bytes | str) -> None:
        text = content if isinstance(content, str) else canon.to_base64url(content)
        digest = canon.to_base64url(hashlib.sha256(text.encode()).digest())
        files[f"disclosures/bad-{name}.json"] = pretty({"d": text, "digest": digest, "fault": "BadForm", "what": what})

    long = canon.to_base64url(salt(4))
    bad("float", "a number that is not whole", loose([long, "text", 1.5]))
    bad("duplicate-key", "one name twice", b'["' + long.encode() + b'","text",{"a":1,"a":2}]')
    bad("bidi-text", "a right-to-left override hides the end", loose([long, "text", "abc\u202exyz"]))
    bad("lone-surrogate", "half a character", b'["' + long.encode() + b'","text","\\ud800"]')
    bad("carriage-return", "a line that overwrites itself on a terminal", loose([long, "text", "a\rb"]))
    bad("not-nfc", "two spellings of one text", loose([long, "text", "e\u0301"]))
    bad("noncanonical", "a space too many", loose([long, "text", "x"]).replace(b",", b", "))
    bad("short-salt", "a salt that can be guessed", loose([canon.to_base64url(b"x"), "text", "x"]))
    bad("four-parts", "a part too many", loose([long, "text", "x", "y"]))
    bad("no-name", "two parts, as for a list's item", loose([long, "x"]))
    bad("padded", "padding that a second spelling could drop", made[2] + "=")
    bad("standard-base64", "another alphabet", base64.b64encode(loose([long, "text", "\u00fb\u00ff\u00fe?>"])).decode())
    bad("deep", "nested deeper than six", loose([long, "text", [[[[[[1]]]]]]]))
    bad("large-number", "beyond 53 bits", loose([long, "text", 2**53]))
    bad("too-long", "longer than 64 KiB", loose([long, "text", "x" * 50_000]))
    return made, files


def action(texts: list[str]) -> Action:
    target = Target(
        surface=SURFACE, instance=INSTANCE, adapter="litellm/1", lever="key.block", category="user", model="model-1",
        reach="everyone", assignee=None, reversal="exact", selectors=1, all_surfaces=False, credential=None,
        canary=False, dispatchers=(feed_of(DEVICE),), listed=None,
        sd=tuple(sorted(canon.digest(text) for text in texts[1:])),
    )  # fmt: skip
    return Action(
        org=ORG, op=OP, rev=1, inc=INC, direction="contain", gravity="normal", severity=1, break_glass=False,
        targets=(target,), reason_sd=canon.digest(texts[0]), lift_criteria_sd=None, created=AT,
        approve_by=AT + 1_800_000, execute_by=AT + 14_400_000, execute_by_unreachable=AT + 86_400_000,
        review_by=None, undo_within_s=900, undoes=None, roster=ROSTER, policy=POLICY, supersedes=None,
    )  # fmt: skip


def record(doc: bytes, doc_type: str, op: str | None, decision: str = "approve") -> ApprovalRecord:
    return ApprovalRecord(
        org=ORG, doc=canon.sha256_hex(doc), doc_type=doc_type, op=op, decision=decision, person=PERSON,
        key=APPROVER.public.fingerprint, console=CONSOLE, seat="own", at=AT + 60_000, roster=ROSTER, nonce=NONCE,
    )  # fmt: skip


def approval(
    what: str, raw: bytes, namespace: str | None = None, key: Key = APPROVER, fault: str | None = None
) -> bytes:
    where = approve_ns(ORG) if namespace is None else namespace
    return signed(what, raw, key.sign(where, raw), APPROVER, approve_ns(ORG), fault=fault)


def documents() -> tuple[bytes, bytes, bytes, list[str], dict[str, bytes]]:
    names: dict[str, object] = {
        "reason": "The key belongs to the account that was misused.", "name": "the account", "selector": {"key": "k-1"},
        "params": {"wanted": "true"}, "pre": {"blocked": "false", "read_at_ms": AT - 1000},
        "requests": ['{"key":"k-1"}'], "revert": {"blocked": "false"},
    }  # fmt: skip
    texts = [canon.make_disclosure(salt(10 + i), name, value) for i, (name, value) in enumerate(names.items())]
    sound = action(texts)
    raw = canon.encode(sound.as_json())
    value = sound.as_json()
    files = {"actions/good-contain.json": document("one key on one surface", raw, texts)}

    def bad(name: str, what: str, fault: str = "BadForm", **changes: object) -> None:
        files[f"actions/bad-{name}.json"] = document(what, loose({**value, **changes}), texts, fault)

    targets = value["targets"]
    assert isinstance(targets, list)
    first = targets[0]
    assert isinstance(first, dict)
    bad("unknown-field", "a field this version cannot show", "UnknownField", also="everything")
    bad("unknown-direction", "a word this version cannot show", "UnknownField", direction="loosen")
    bad("unknown-target-field", "a target that says more than is shown", "UnknownField", targets=[{**first, "also": 1}])
    bad("no-target", "nothing to do", targets=[])
    bad("many-targets", "more than 200 targets", targets=[first] * 201)
    bad("unsorted-digests", "one set of digests, two spellings", targets=[{**first, "_sd": first["_sd"][::-1]}])
    bad("doubled-digest", "one digest twice", targets=[{**first, "_sd": sorted([*first["_sd"], first["_sd"][0]])}])
    bad("wildcard-surface", "everything at once", targets=[{**first, "surface": "*"}])
    bad("no-dispatcher", "nobody who may carry it out", targets=[{**first, "dispatchers": []}])
    bad("float-severity", "a number that is not whole", severity=1.0)
    bad("true-as-one", "true where 1 is meant", severity=True)
    bad("execute-too-late", "open for longer than 24 h", execute_by=AT + 86_400_001)
    bad("windows-crossed", "executed before it is approved", execute_by=AT + 1)
    bad("restore-waits", "restore that waits for a connection", direction="restore", undo=None)
    bad(
        "restore-break-glass",
        "break-glass to loosen",
        direction="restore",
        break_glass=True,
        execute_by_unreachable=None,
    )
    bad("first-supersedes", "a first revision with a past", supersedes="0" * 64)
    bad("bidi-category", "text that reads backwards", category="user\u202e")
    files["actions/bad-noncanonical.json"] = document("a space too many", raw.replace(b",", b", ", 1), texts, "BadForm")
    files["actions/bad-duplicate-key.json"] = document(
        "one direction is shown, another is read",
        raw.replace(b'"direction":"contain"', b'"direction":"contain","direction":"restore"'), texts, "BadForm",
    )  # fmt: skip

    rec = canon.encode(record(raw, "action.v1", OP).as_json())
    rec_value = record(raw, "action.v1", OP).as_json()
    refusal = canon.encode(record(raw, "action.v1", OP, "refuse").as_json())
    files["actions/good-approval.json"] = approval("an approval", rec)
    files["actions/good-refusal.json"] = approval("a refusal", refusal)
    for name, what, namespace, key in (
        ("other-namespace", "an entry's signature offered as an approval", entry_ns(ORG), APPROVER),
        ("other-organisation", "an approval given in a drill", approve_ns("d-" + OTHER_ORG[2:]), APPROVER),
        ("bundle-namespace", "an export's signature offered as an approval", bundle_ns(ORG), APPROVER),
        ("other-key", "signed by a writer key", None, WRITER),
    ):
        files[f"actions/bad-approval-{name}.json"] = approval(what, rec, namespace, key, "BadSignature")
    files["actions/bad-approval-swapped-signature.json"] = signed(
        "the refusal's signature under the approval", rec, APPROVER.sign(approve_ns(ORG), refusal), APPROVER,
        approve_ns(ORG), fault="BadSignature",
    )  # fmt: skip
    for name, what, changes in (
        ("unknown-decision", "a decision that nobody can count", {"decision": "maybe"}),
        ("without-op", "an approval of no action", {"op": None}),
        ("unknown-field", "a condition that nobody reads", {"unless": "x"}),
        ("upper-case-hash", "a second spelling of a hash", {"doc": str(rec_value["doc"]).upper()}),
        ("type-confusion", "an approval that is an action", {"type": "action.v1"}),
    ):
        files[f"actions/bad-approval-{name}.json"] = approval(what, loose({**rec_value, **changes}), fault="BadForm")
    return raw, rec, APPROVER.sign(approve_ns(ORG), rec), texts, files


def document(what: str, raw: bytes, texts: list[str], fault: str | None = None) -> bytes:
    return pretty({"what": what, "fault": fault, "raw": b64(raw), "sha256": canon.sha256_hex(raw), "d": texts})


def redactions(entry_id: str, digest: str) -> dict[str, bytes]:
    reason = canon.make_disclosure(salt(40), "reason", "A name that nobody needs.")
    sound = Redaction(
        org=ORG, inc=INC, items=(RedactionItem(entry=entry_id, doc=None, digests=(digest,)),),
        reason_sd=canon.digest(reason), roster=ROSTER, created=AT, approve_by=AT + 1_800_000,
    )  # fmt: skip
    closing = Closing(
        org=ORG, inc=INC, frontier=((feed_of(WRITER), 1, entry_id),), roster=ROSTER, created=AT, approve_by=AT + 1
    )
    value = document_json(sound)
    assert isinstance(value, dict)
    raw = canon.encode(value)
    items = value["items"]
    assert isinstance(items, list)
    files = {
        "redactions/good-redaction.json": document("one value of one entry", raw, [reason]),
        "redactions/good-closing.json": document("an incident's end", canon.encode(document_json(closing)), []),
        "redactions/good-approval.json": approval("an approval", canon.encode(record(raw, "redaction.v1", None).as_json())),  # noqa: E501  one file a line
    }  # fmt: skip
    for name, what, fault, changes in (
        ("no-item", "nothing to forget", "BadForm", {"items": []}),
        ("no-digest", "everything of an entry", "BadForm", {"items": [{"entry": entry_id, "digests": []}]}),
        ("entry-and-doc", "two holders", "UnknownField", {"items": [{**items[0], "doc": entry_id}]}),
        ("padded-digest", "a second spelling", "BadForm", {"items": [{"entry": entry_id, "digests": [digest + "="]}]}),
        ("unknown-field", "more than is shown", "UnknownField", {"also": "entries"}),
        ("as-rehearsal", "a rehearsal that forgets", "BadForm", {"type": "rehearsal.v1"}),
    ):
        files[f"redactions/bad-{name}.json"] = document(what, loose({**value, **changes}), [reason], fault)
    return files


def entries(texts: list[str], doc: bytes, rec: bytes, rec_sig: bytes) -> tuple[list, list, dict[str, bytes]]:
    person, machine = Feed(WRITER, PERSON), Feed(DEVICE, None)
    sd = tuple(canon.digest(text) for text in texts)
    sha = canon.sha256_hex(doc)
    carried = {"doc": sha, "record": b64(rec), "sig": b64(rec_sig)}
    mine = [
        ("good-feed-open", person.open()),
        ("good-note", person.append("note", INC, {}, sd)),
        ("good-organisation", person.append("note", None, {"tlp": "amber"}, sd[2:])),
        ("good-proposed", person.append("correction.proposed", INC, {"doc": sha, "rev": 1}, subj=OP)),
        ("good-approved", person.append("correction.approved", INC, carried, subj=OP)),
        ("good-unknown-kind", person.append("later.invented", INC, {"more": [1, {"x": True}]})),
    ]
    theirs = [("good-machine-feed-open", machine.open())]
    theirs.append(("good-approval-received", machine.append("approval.received", INC, carried, subj=OP)))
    pub = {
        "doc": sha, "records": [canon.sha256_hex(theirs[1][1][0])], "roster": list(ROSTER), "policy": POLICY, "now": AT,
        "clock": "trusted", "seen": [[feed_of(WRITER), 4, canon.sha256_hex(mine[4][1][0])]], "verdict": "approved",
    }  # fmt: skip
    theirs.append(("good-authorised", machine.append("dispatch.authorised", INC, pub, subj=OP)))
    files: dict[str, bytes] = {}
    for feed, made in ((person, mine), (machine, theirs)):
        for name, (raw, sig) in made:
            files[f"entries/{name}.json"] = signed(name[5:].replace("-", " "), raw, sig, feed.key, feed.namespace)
    note_raw, note_sig = mine[1][1]
    files |= bad_entries(json.loads(note_raw), note_raw, note_sig, mine[0][1][0], mine[2][1][1])
    return mine, theirs, files


def bad_entries(value: dict, raw: bytes, sig: bytes, opening: bytes, other_sig: bytes) -> dict[str, bytes]:  # noqa: PLR0915  a table
    files: dict[str, bytes] = {}

    def bad(name: str, what: str, content: bytes, signature: bytes | None = None, fault: str = "BadForm") -> None:
        given = WRITER.sign(entry_ns(ORG), content) if signature is None else signature
        files[f"entries/bad-{name}.json"] = signed(what, content, given, WRITER, entry_ns(ORG), fault=fault)

    def changed(**changes: object) -> bytes:
        return loose({**value, **changes})

    nothing = "BadSignature"
    bad("float", "a number that is not whole", changed(mono=1.5))
    bad("float-whole", "a whole number written as a float", changed(mono=1.0))
    bad("exponent", "a number in another spelling", raw.replace(b'"mono":81235', b'"mono":8e4'))
    bad("large-number", "beyond 53 bits", changed(mono=2**53))
    bad("negative", "a place before the first", changed(iseq=-1))
    bad("true-as-number", "true where 1 is meant", changed(v=True))
    bad(
        "duplicate-key",
        "two kinds: one is shown, another is read",
        raw.replace(b'"kind":"note"', b'"kind":"note","kind":"task"'),
    )
    bad("bidi-text", "a right-to-left override", changed(pub={"tlp": "amber\u202e"}))
    bad("control-text", "an escape sequence for a terminal", changed(pub={"x": "\u001b[2J"}))
    bad("line-separator", "a line break that is none", changed(pub={"x": "a\u2028b"}))
    bad("lone-surrogate", "half a character", changed(pub={"x": "@"}).replace(b'"@"', b'"\\ud800"'))
    bad("not-nfc", "two spellings of one text", changed(pub={"x": "e\u0301"}))
    bad("not-ascii-key", "a field name that looks like another", changed(pub={"t\u0435xt": 1}))
    bad("long-key", "a field name of 65 characters", changed(pub={"k" * 65: 1}))
    bad("deep", "nested deeper than six", changed(pub={"a": [[[[[1]]]]]}))
    bad("very-deep", "a stack that overflows", changed(pub="@").replace(b'"@"', b"[" * 20_000 + b"]" * 20_000))
    bad("noncanonical", "a space too many", raw.replace(b",", b", ", 1))
    bad("noncanonical-order", "fields in another order", b'{"v":1,' + raw[1:].replace(b',"v":1}', b"}"))
    bad("noncanonical-escape", "a character in another spelling", raw.replace(b'"note"', b'"n\\u006fte"'))
    bad("final-newline", "a byte too many", raw + b"\n")
    bad("byte-order-mark", "bytes before the first", b"\xef\xbb\xbf" + raw)
    bad("not-utf-8", "bytes that are no text", raw.replace(b'"pub":{}', b'"pub":{"x":"\xff"}'))
    bad("truncated", "the end is missing", raw[:-1])
    bad("empty", "nothing", b"")
    bad("list", "a list that holds an entry", b"[" + raw + b"]")
    bad("nan", "no number", raw.replace(b'"pub":{}', b'"pub":{"x":NaN}'))
    bad("too-long", "longer than 64 KiB", changed(pub={"x": "y" * 65_536}))
    bad("missing-field", "no time", loose({k: v for k, v in value.items() if k != "hlc"}))
    bad("first-without-opening", "a feed that begins with a note", changed(seq=0, prev=None))
    bad("seq-without-prev", "a chain that is cut", changed(prev=None))
    bad("iseq-without-iprev", "an incident's chain that is cut", changed(iseq=3))
    bad("unsorted-digests", "one set of digests, two spellings", changed(_sd=value["_sd"][::-1]))
    bad("doubled-digest", "one digest twice", changed(_sd=[value["_sd"][0], *value["_sd"]]))
    bad("upper-case-hash", "a second spelling of a hash", changed(prev=value["prev"].upper()))
    bad("wrong-prefix", "a person where an incident belongs", changed(inc=PERSON))
    bad("id-too-large", "more than 128 bits", changed(inc="i-8" + "0" * 25))
    bad(
        "kind-of-other-feed",
        "a person writes what only a console records",
        changed(kind="redact.done", pub={"doc": "0" * 64}),
    )
    bad("missing-public-field", "a proposal of nothing", changed(kind="correction.proposed", pub={"rev": 1}))
    newer = {"doc": "0" * 64, "records": [], "roster": [0, "0" * 64], "policy": "0" * 64, "now": 1, "clock": "newer"}
    bad(
        "newer-word-before-nothing",
        "a word of a newer version, and behind it no field of those that every version needs",
        changed(kind="dispatch.authorised", author=None, pub=newer),
    )
    bad(
        "newer-word-before-nonsense",
        "a word of a newer version, and behind it a head that is none",
        changed(kind="dispatch.authorised", author=None, pub={**newer, "seen": [["x"]], "verdict": "newer"}),
    )
    bad("time-beyond-the-calendar", "a time that no calendar shows", changed(hlc=[2**53 - 1, 0]))
    bad(
        "public-time-beyond-the-calendar",
        "something known since a year that no calendar shows",
        changed(kind="knowledge.fact", pub={"since_ms": 2**53 - 1}),
    )
    bad("other-key-named", "an entry that names another key", changed(key=DEVICE.public.fingerprint))
    opened = json.loads(opening)
    bad("feed-id", "a feed that belongs to another key", loose({**opened, "feed": feed_of(DEVICE)}))
    bad("feed-nonce", "a feed with another nonce", loose({**opened, "pub": {**opened["pub"], "nonce": "00" * 16}}))
    bad(
        "feed-other-console",
        "a feed of two consoles",
        loose({**opened, "pub": {**opened["pub"], "console": ident("c", 9)}}),
    )
    bad("swapped-signature", "the next entry's signature", raw, other_sig, nothing)
    bad(
        "other-namespace",
        "an approval's signature offered as an entry's",
        raw,
        WRITER.sign(approve_ns(ORG), raw),
        nothing,
    )
    bad(
        "machine-namespace",
        "a machine's signature offered as a person's",
        raw,
        WRITER.sign(machine_ns(ORG), raw),
        nothing,
    )
    bad("other-organisation", "written in another organisation", raw, WRITER.sign(entry_ns(OTHER_ORG), raw), nothing)
    bad("other-key", "signed by another key", raw, DEVICE.sign(entry_ns(ORG), raw), nothing)
    bad("changed-signature", "one bit", raw, sig[:-1] + bytes([sig[-1] ^ 1]), nothing)
    bad("truncated-signature", "the end is missing", raw, sig[:-1], nothing)
    bad("long-signature", "a byte too many", raw, sig + b"\0", nothing)
    bad("empty-signature", "no signature", raw, b"", nothing)
    bad("sha256-signature", "another hash", raw, sig.replace(b"sha512", b"sha256"), nothing)
    bad("changed-text", "a signed entry with other words", raw.replace(b'"note"', b'"task"'), sig, nothing)
    return files


def segments(mine: list, texts: list[str]) -> dict[str, bytes]:
    pairs = [pair for _, pair in mine]
    sound = encode_segment(pairs)
    lines = sound.split(b"\n")
    entry_id = canon.sha256_hex(pairs[1][0])
    dis = encode_disclosures([(entry_id, tuple(texts)), (canon.sha256_hex(pairs[2][0]), (texts[2],))])
    first = json.loads(lines[0])
    return {
        "segments/good-person.seg": sound,
        "segments/good-empty.seg": b"",
        "segments/good-values.dis": dis,
        "segments/bad-truncated-segment.seg": sound[:-40],
        "segments/bad-no-final-newline.seg": sound[:-1],
        "segments/bad-empty-line.seg": lines[0] + b"\n\n" + lines[1] + b"\n",
        "segments/bad-crlf.seg": sound.replace(b"\n", b"\r\n"),
        "segments/bad-space.seg": sound.replace(b'","s"', b'", "s"', 1),
        "segments/bad-order.seg": loose({"s": first["s"]})[:-1] + b"," + loose({"e": first["e"]})[1:] + b"\n",
        "segments/bad-extra-field.seg": lines[0][:-1] + b',"x":1}\n',
        "segments/bad-urlsafe-base64.seg": sound.replace(b"/", b"_").replace(b"+", b"-"),
        "segments/bad-unpadded-base64.seg": b'{"e":"' + first["e"].rstrip("=").encode() + b'A","s":"AA=="}\n',
        "segments/bad-loose-base64.seg": b'{"e":"QR==","s":"QQ=="}\n',
        "segments/bad-long-entry.seg": encode_segment([(b"x" * 65_537, b"s")]),
        "segments/bad-long-signature.seg": encode_segment([(b"x", b"s" * 2049)]),
        "segments/bad-nul.seg": sound + b"\0\n",
        "segments/bad-truncated-values.dis": dis[:-20],
        "segments/bad-noncanonical-values.dis": dis.replace(b',"id"', b', "id"', 1),
        "segments/bad-upper-case-id.dis": dis.replace(entry_id.encode(), entry_id.upper().encode()),
        "segments/bad-not-a-list.dis": loose({"d": texts[0], "id": entry_id}) + b"\n",
        "segments/bad-number-as-value.dis": loose({"d": [1], "id": entry_id}) + b"\n",
        "segments/bad-extra-field.dis": loose({"d": [], "id": entry_id, "x": 1}) + b"\n",
        "segments/bad-long-value.dis": loose({"d": ["x" * 65_537], "id": entry_id}) + b"\n",
    }


def refused_text() -> bytes:
    refused = [code for code in range(0x110000) if REFUSED_TEXT.match(chr(code)) and not 0xD800 <= code <= 0xDFFF]
    allowed = [0x09, 0x0A, 0x20, 0x05D0, 0x0627, 0x200C, 0x200D, 0x200E, 0x200F, 0xFEFF, 0x1F600, 0x10FFFD]
    assert all(unicodedata.is_normalized("NFC", chr(code)) for code in allowed)
    return pretty({"allowed": allowed, "refused": refused, "refused_range": [0xD800, 0xDFFF]})


def everything() -> dict[str, bytes]:
    texts, files = disclosures()
    doc, rec, rec_sig, doc_texts, more = documents()
    files |= more
    mine, _, more = entries(texts, doc, rec, rec_sig)
    files |= more
    files |= redactions(canon.sha256_hex(mine[1][1][0]), canon.digest(texts[2]))
    files |= segments(mine, texts)
    files["segments/good-document-values.dis"] = encode_disclosures([(canon.sha256_hex(doc), tuple(doc_texts))])
    files["entries/refused-text.json"] = refused_text()
    return files


FOLDERS = ("actions", "disclosures", "entries", "redactions", "segments")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="compare with what is there; write nothing")
    check = parser.parse_args().check
    made = everything()
    there = {
        str(path.relative_to(HERE)): path.read_bytes()
        for folder in FOLDERS for path in (HERE / folder).glob("*") if path.is_file()
    }  # fmt: skip
    if check:
        differing = sorted(name for name in made.keys() | there.keys() if made.get(name) != there.get(name))
        sys.stdout.write("".join(f"differs: {name}\n" for name in differing))
        return 1 if differing else 0
    for name, data in made.items():
        (HERE / name).parent.mkdir(exist_ok=True)
        (HERE / name).write_bytes(data)
    for name in there.keys() - made.keys():
        (HERE / name).unlink()
    sys.stdout.write(f"{len(made)} vectors\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
