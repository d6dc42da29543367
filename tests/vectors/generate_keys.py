"""Writes the golden vectors of signatures, rosters and requests to join: from fixed seeds, the same bytes every time.

python -m tests.vectors.generate_keys           writes tests/vectors/keys/
python -m tests.vectors.generate_keys --check   says which files would change; exit status 1 if any
"""

from __future__ import annotations

import base64
import json
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

from console.domain.actions import ApprovalRecord
from console.domain.forms import Enrolment, Roster
from console.keys import canon, sshsig
from console.keys.publickey import SK, PublicKey, ssh_string
from tests.keys import openssh, rosters
from tests.keys.rosters import NOW, ORG, following, made_id, person, person_key, raw_of, revoked, sign

HERE = Path(__file__).parent / "keys"
ENTRY = sshsig.entry_ns(ORG)
MESSAGE = b'{"kind":"note"}'
PRIVATE = rosters.key("one-writer")
KEY = sshsig.public_of(PRIVATE)
BLOB = sshsig.sign_blob(PRIVATE, ENTRY, MESSAGE)
HARDWARE = openssh.hardware_key(PRIVATE)
ORDER = 2**252 + 27742317777372353535851937790883648493


def b64(data: bytes) -> str:
    return base64.b64encode(data).decode()


def signature(blob: bytes, key: PublicKey, fact: str | None, message: bytes = MESSAGE) -> dict[str, Any]:
    return {
        "about": "signature",
        "key": key.line,
        "namespace": ENTRY,
        "message": b64(message),
        "sig": b64(blob),
        "armoured": sshsig.armour(blob),
        "fact": fact,
    }


def spelled(fields: dict[str, bytes], tail: bytes = b"", version: int = 1, magic: bytes = b"SSHSIG") -> bytes:
    whole = {
        "key": KEY.blob,
        "namespace": ENTRY.encode(),
        "reserved": b"",
        "hash": b"sha512",
        "inner": ssh_string(b"ssh-ed25519") + ssh_string(BLOB[-64:]),
        **fields,
    }
    return magic + version.to_bytes(4, "big") + b"".join(map(ssh_string, whole.values())) + tail


def signatures() -> dict[str, Any]:
    other = rosters.key("two-writer")
    beyond = BLOB[:-32] + (int.from_bytes(BLOB[-32:], "little") + ORDER).to_bytes(32, "little")
    weak = ssh_string(b"ssh-ed25519") + ssh_string(b"\x01" + bytes(31))
    rsa = ssh_string(b"ssh-rsa") + ssh_string(b"\x01\x00\x01") + ssh_string(bytes(256))
    touched = openssh.hardware_sign(PRIVATE, ENTRY, MESSAGE, flags=0x01, counter=41)
    verified = openssh.hardware_sign(PRIVATE, ENTRY, MESSAGE, flags=0x05, counter=42)
    untouched = openssh.hardware_sign(PRIVATE, ENTRY, MESSAGE, flags=0x04)
    web = spelled({"key": ssh_string(SK.encode()) + ssh_string(KEY.raw) + ssh_string(b"https://example.org")})
    made: dict[str, tuple[bytes, PublicKey, str | None]] = {
        "good/signature-plain": (BLOB, KEY, None),
        "good/signature-hardware-touched": (touched, HARDWARE, None),
        "good/signature-hardware-pin": (verified, HARDWARE, None),
        "bad/signature-approval-offered-as-entry": (
            sshsig.sign_blob(PRIVATE, sshsig.approve_ns(ORG), MESSAGE), KEY, "OtherNamespace",
        ),
        "bad/signature-of-another-organisation": (
            sshsig.sign_blob(PRIVATE, sshsig.entry_ns(made_id("o", "x")), MESSAGE), KEY, "OtherNamespace",
        ),
        "bad/signature-of-another-key": (sshsig.sign_blob(other, ENTRY, MESSAGE), KEY, "OtherKey"),
        "bad/signature-of-another-message": (sshsig.sign_blob(PRIVATE, ENTRY, b"x"), KEY, "SignatureMismatch"),
        "bad/signature-with-second-spelling-of-s": (beyond, KEY, "SignatureMismatch"),
        "bad/signature-of-zeros": (BLOB[:-64] + bytes(64), KEY, "SignatureMismatch"),
        "bad/signature-bytes-after-the-end": (BLOB + b"\0", KEY, "MalformedSignature"),
        "bad/signature-cut": (BLOB[:-1], KEY, "MalformedSignature"),
        "bad/signature-empty": (b"", KEY, "MalformedSignature"),
        "bad/signature-other-magic": (spelled({}, magic=b"SSHSIX"), KEY, "MalformedSignature"),
        "bad/signature-version-2": (spelled({}, version=2), KEY, "UnsupportedSignature"),
        "bad/signature-reserved-filled": (spelled({"reserved": b"x"}), KEY, "MalformedSignature"),
        "bad/signature-hash-sha256": (spelled({"hash": b"sha256"}), KEY, "UnsupportedSignature"),
        "bad/signature-rsa-key": (spelled({"key": rsa}), KEY, "UnsupportedSignature"),
        "bad/signature-small-order-key": (spelled({"key": weak}), KEY, "UnsupportedSignature"),
        "bad/signature-namespace-empty": (spelled({"namespace": b""}), KEY, "MalformedSignature"),
        "bad/signature-trailing-inside": (
            spelled({"inner": ssh_string(b"ssh-ed25519") + ssh_string(BLOB[-64:]) + b"\0"}), KEY, "MalformedSignature",
        ),
        "bad/signature-hardware-untouched": (untouched, HARDWARE, "UserNotPresent"),
        "bad/signature-hardware-counter-changed": (
            verified[:-1] + bytes([verified[-1] ^ 1]), HARDWARE, "SignatureMismatch",
        ),
        "bad/signature-hardware-pin-claimed": (
            touched[:-5] + b"\x05" + touched[-4:], HARDWARE, "SignatureMismatch",
        ),
        "bad/signature-plain-for-hardware-key": (BLOB, HARDWARE, "OtherKey"),
        "bad/signature-log-in-to-a-web-site": (web, HARDWARE, "UnsupportedSignature"),
    }  # fmt: skip
    return {name: signature(*parts) for name, parts in made.items()}


def armours() -> dict[str, Any]:
    text = sshsig.armour(BLOB)
    wide = text.split("\n", 1)[0] + "\n" + b64(BLOB) + "\n" + text.rstrip("\n").rsplit("\n", 1)[1] + "\n"
    made = {
        "line-before": "\n" + text,
        "line-after": text + "\n",
        "no-last-line-end": text[:-1],
        "carriage-returns": text.replace("\n", "\r\n"),
        "one-wide-line": wide,
        "twice": text + text,
        "other-header": text.replace("SSH SIGNATURE", "PGP SIGNATURE"),
    }
    return {
        f"bad/armour-{name}": {"about": "armour", "armoured": one, "fact": "MalformedSignature"}
        for name, one in made.items()
    }


def version(form: Roster | dict[str, Any], names: tuple[str, ...], namespace: str = "") -> dict[str, Any]:
    raw = raw_of(form) if isinstance(form, Roster) else canon.encode(form)
    sigs = sign(raw, *names, namespace=namespace)
    return {"bytes": raw.decode(), "signatures": {name: b64(sig) for name, sig in sorted(sigs.items())}}


def roster_chains() -> dict[str, Any]:
    zero = rosters.genesis()
    one = following(zero, "one", "two")
    two = following(one, "one", "two", "three")
    pin = canon.sha256_hex(raw_of(zero))
    first, second = version(zero, ("one-writer",)), version(one, ("one-writer", "one-approver", "two-approver"))
    admins = ("one-approver", "two-approver")
    gone = following(two, "one", "two", "three", revoked=(revoked("three-writer", ("f" * 64, 7, "a" * 64)),))
    twice = replace(person("two"), keys=(*person("two").keys, person_key("one-approver", "approver")))
    hands = replace(person("two"), keys=(person_key("two-writer", "approver"), person_key("two-b", "writer")))
    every = (*admins, "one-writer", "two-writer", "one-recovery", "two-recovery")
    entry_signed = version(two, admins, sshsig.entry_ns(ORG))

    def chain(fact: str | None, *versions: dict[str, Any], pinned: str = pin) -> dict[str, Any]:
        return {"about": "roster", "pinned": pinned, "versions": list(versions), "fact": fact}

    def changed(**change: object) -> dict[str, Any]:
        return version(following(one, "one", "two", **change), every)

    one_again = version(following(zero, "one", "two", created=NOW + 120_000), ("one-writer", "one-approver"))
    return {
        "good/roster-0": chain(None, first),
        "good/roster-1-founding": chain(None, first, second),
        "good/roster-2-a-third": chain(None, first, second, version(two, admins)),
        "good/roster-3-revoked": chain(None, first, second, version(two, admins), version(gone, admins)),
        "good/roster-2-by-recovery-keys": chain(None, first, second, version(two, ("one-recovery", "two-recovery"))),
        "bad/roster-0-not-the-pinned": chain("BadRoster", first, pinned="0" * 64),
        "bad/roster-0-unsigned": chain("TooFewSigners", version(zero, ())),
        "bad/roster-0-of-two-people": chain(
            "BadRoster", version(replace(zero, persons=one.persons), ("one-writer",)),
            pinned=canon.sha256_hex(raw_of(replace(zero, persons=one.persons))),
        ),
        "bad/roster-1-by-one-person": chain("TooFewSigners", first, one_again),
        "bad/roster-1-without-the-first-writer": chain("TooFewSigners", first, version(one, admins)),
        "bad/roster-2-two-keys-of-one-person": chain(
            "TooFewSigners", first, second, version(two, ("one-approver", "one-recovery")),
        ),
        "bad/roster-2-by-writer-keys": chain(
            "TooFewSigners", first, second, version(two, ("one-writer", "two-writer")),
        ),
        "bad/roster-2-signed-as-entry": chain("TooFewSigners", first, second, entry_signed),
        "bad/roster-2-only-the-new-people": chain(
            "TooFewSigners", first, second,
            version(following(one, "three", "four"), ("three-approver", "four-approver")),
        ),
        "bad/roster-2-only-the-old-people": chain(
            "TooFewSigners", first, second, version(following(one, "three", "four"), admins),
        ),
        "bad/roster-2-number-skipped": chain("BadRoster", first, second, changed(n=3)),
        "bad/roster-2-other-predecessor": chain("BadRoster", first, second, changed(prev="0" * 64)),
        "bad/roster-2-older": chain("BadRoster", first, second, changed(created=NOW)),
        "bad/roster-2-one-key-two-people": chain("BadRoster", first, second, changed(persons=(person("one"), twice))),
        "bad/roster-2-person-twice": chain(
            "BadRoster", first, second, changed(persons=(person("one"), person("two"), person("two"))),
        ),
        "bad/roster-2-key-changes-use": chain("BadRoster", first, second, changed(persons=(person("one"), hands))),
        "bad/roster-2-threshold-above-admins": chain("BadRoster", first, second, changed(threshold=3)),
        "bad/roster-2-threshold-1": chain(
            "BadForm", first, second, version({**following(one, "one", "two").as_json(), "threshold": 1}, every),
        ),
        "bad/roster-2-unknown-field": chain(
            "BadForm", first, second, version({**following(one, "one", "two").as_json(), "bypass": True}, every),
        ),
        "bad/roster-4-revocation-dropped": chain(
            "BadRoster", first, second, version(two, admins), version(gone, admins),
            version(following(gone, "one", "two", "three", revoked=()), admins),
        ),
    }  # fmt: skip


def requests() -> dict[str, Any]:
    form = rosters.request()
    raw, namespace = raw_of(form), sshsig.enrol_ns(ORG)
    pin = canon.sha256_hex(raw_of(rosters.genesis()))
    all_keys = rosters.REQUEST_SIGNERS
    keys = form.person.keys

    def made(
        fact: str | None,
        request: Enrolment = form,
        names: tuple[str, ...] = all_keys,
        ns: str = namespace,
        genesis: str = pin,
    ) -> dict[str, Any]:
        raw = raw_of(request)
        sigs = {name: b64(sig) for name, sig in sorted(sign(raw, *names, namespace=ns).items())}
        return {
            "about": "enrol",
            "org": ORG,
            "genesis": genesis,
            "bytes": raw.decode(),
            "signatures": sigs,
            "fact": fact,
        }

    twice = replace(form, person=replace(form.person, keys=(*keys, replace(keys[0], use="approver"))))
    assert len(raw) < 8192
    return {
        "good/enrol": made(None),
        "bad/enrol-a-key-did-not-sign": made("BadEnrolment", names=all_keys[:-1]),
        "bad/enrol-signed-as-roster": made("BadEnrolment", ns=sshsig.roster_ns(ORG)),
        "bad/enrol-of-another-genesis": made("BadEnrolment", genesis="0" * 64),
        "bad/enrol-one-key-two-uses": made("BadEnrolment", twice),
    }


def approvals() -> dict[str, Any]:
    record = ApprovalRecord(
        org=ORG, doc="d" * 64, doc_type="action.v1", op=made_id("a", "one"), decision="approve",
        person=made_id("p", "one"), key=rosters.public("one-approver").fingerprint, console=made_id("c", "one"),
        seat="own", at=NOW, roster=(1, "e" * 64), nonce="11" * 16,
    )  # fmt: skip
    raw = canon.encode(record.as_json())
    other = canon.encode(replace(record, decision="refuse").as_json())
    key, approve = rosters.key("one-approver"), sshsig.approve_ns(ORG)

    def made(fact: str | None, blob: bytes) -> dict[str, Any]:
        vector = signature(blob, sshsig.public_of(key), fact, raw)
        return {**vector, "namespace": approve}

    return {
        "good/approval": made(None, sshsig.sign_blob(key, approve, raw)),
        "bad/approval-signed-as-entry": made("OtherNamespace", sshsig.sign_blob(key, ENTRY, raw)),
        "bad/approval-by-the-writer-key": made(
            "OtherKey", sshsig.sign_blob(rosters.key("one-writer"), approve, raw)
        ),
        "bad/approval-decision-turned": made("SignatureMismatch", sshsig.sign_blob(key, approve, other)),
    }  # fmt: skip


def files() -> dict[Path, str]:
    made = {**signatures(), **armours(), **roster_chains(), **requests(), **approvals()}
    return {HERE / f"{name}.json": json.dumps(vector, indent=1, sort_keys=True) + "\n" for name, vector in made.items()}


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
