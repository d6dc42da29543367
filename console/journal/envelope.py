"""One signed entry, purely: made, read, proven. No database, no clock, no trust: who may sign is the door's question.

Bytes are kept as signed and never made again (protocol.md sections 3, 11, 12).
"""

from __future__ import annotations

from collections.abc import Mapping

from console.domain import shape
from console.domain.errors import BadForm
from console.domain.forms import Entry, feed_preimage
from console.domain.kinds import KINDS
from console.domain.profile import MAX_DISCLOSURE_BYTES, MAX_ENTRY_BYTES, JsonValue
from console.keys import canon
from console.keys.publickey import PublicKey
from console.keys.signer import Signer
from console.keys.sshsig import Verifier, entry_ns, machine_ns
from console.runtime.ids import Entropy

_SALT_BYTES = 16


def namespace_of(org: str, author: str | None) -> str:
    """The SSHSIG namespace of a feed: a person's, or (author None) a machine's."""
    return machine_ns(org) if author is None else entry_ns(org)


def feed_id(org: str, fingerprint: str, nonce: str) -> str:
    """The id of the feed that this key opens with this nonce."""
    return canon.sha256_hex(feed_preimage(org, fingerprint, nonce))


def conceal(values: Mapping[str, JsonValue], entropy: Entropy) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Salted disclosures of named values, and their digests sorted as `_sd` holds them.

    Raises:
        BadForm: when a value breaks the profile or is longer than 64 KiB.
    """
    made = salted(values, entropy)
    return tuple(made.values()), tuple(sorted(made))


def salted(values: Mapping[str, JsonValue], entropy: Entropy) -> dict[str, str]:
    """Salted disclosures of named values by their digests, in the order of the values.

    Raises:
        BadForm: as `conceal`.
    """
    made = [canon.make_disclosure(entropy.token(_SALT_BYTES), name, value) for name, value in values.items()]
    return {canon.digest(text): text for text in made}


def build(entry: Entry, signer: Signer) -> tuple[bytes, bytes]:
    """The canonical bytes of `entry` and the raw SSHSIG over them.

    Raises:
        BadForm: when a field breaks the profile, or the bytes are more than 64 KiB.
    """
    raw = canon.encode(entry.as_json(), unsure=entry.pub)
    if len(raw) > MAX_ENTRY_BYTES:
        raise BadForm("", f"the entry is longer than {MAX_ENTRY_BYTES} bytes")
    return raw, signer.sign(namespace_of(entry.org, entry.author), raw)


def read_entry(raw: bytes) -> Entry:
    """Read canonical bytes. It proves no signature.

    Raises:
        BadForm: on anything that is not exactly the form, `feed.open` at a wrong place included.
    """
    entry = Entry.parse(canon.decode(raw, limit=MAX_ENTRY_BYTES))
    if (entry.kind == "feed.open") != (entry.seq == 0):
        raise BadForm("kind", "a feed begins with feed.open, and only there")
    _check_pub(entry)
    if entry.seq == 0:
        _check_opening(entry)
    return entry


def verify_entry(raw: bytes, sig: bytes, verifier: Verifier) -> Entry:
    """Prove that the verifier's key signed these bytes as an entry of its feed's kind.

    Raises:
        BadForm: when the bytes are not an entry, or name another key or purpose than the verifier's.
        BadSignature: the subclass says why.
    """
    entry = read_entry(raw)
    if entry.key != verifier.key.fingerprint:
        raise BadForm("key", "the entry names another key")
    if verifier.namespace != namespace_of(entry.org, entry.author):
        raise BadForm("org", "the entry belongs to another organisation or kind of feed")
    verifier.verify(raw, sig)
    return entry


def verify_disclosure(disclosure: str, digests: frozenset[str] | tuple[str, ...]) -> tuple[str, str, JsonValue]:
    """Digest, name and value of a disclosure that belongs to signed bytes with these digests.

    Raises:
        BadForm: when it is no disclosure or none of the digests is its own.
    """
    if len(disclosure) > MAX_DISCLOSURE_BYTES or not disclosure.isascii():
        raise BadForm("", "it is no disclosure")
    digest = canon.digest(disclosure)
    if digest not in digests:
        raise BadForm("", "no signed digest names it")
    _, name, value = canon.open_disclosure(disclosure)
    return digest, name, value


def digests_in(value: JsonValue) -> frozenset[str]:
    """Every disclosure digest a document names: its `_sd` lists and `..._sd` fields, at any depth."""
    found: set[str] = set()
    _collect(value, found)
    return frozenset(found)


def _collect(value: JsonValue, found: set[str]) -> None:
    if isinstance(value, dict):
        for name, item in value.items():
            if name == "_sd" and isinstance(item, list):
                found.update(text for text in item if isinstance(text, str))
            elif name.endswith("_sd") and isinstance(item, str):
                found.add(item)
            else:
                _collect(item, found)
    elif isinstance(value, list):
        for item in value:
            _collect(item, found)


def _check_pub(entry: Entry) -> None:
    """Hold a known kind to its fields, but let what a newer version added pass: it is kept and shown as unknown."""
    known = KINDS.get(entry.kind)
    if known is None:
        return
    if (known.writer == "console") != (entry.author is None) and known.writer != "either":
        raise BadForm("author", f"{entry.kind} belongs into the other feed")
    shape.check_known(entry.pub, "pub", known.needs)
    shape.check_known(entry.pub, "pub", {name: check for name, check in known.may.items() if name in entry.pub})


def _check_opening(entry: Entry) -> None:
    line, nonce = entry.pub.get("key"), entry.pub.get("nonce")
    if not isinstance(line, str) or not isinstance(nonce, str) or entry.pub.get("console") != entry.console:
        raise BadForm("pub", "feed.open names its key, its nonce and its own console")
    if PublicKey.parse(line).fingerprint != entry.key:
        raise BadForm("pub.key", "feed.open names another key than the one that signs")
    if feed_id(entry.org, entry.key, nonce) != entry.feed:
        raise BadForm("feed", "the feed's id is not made of its organisation, key and nonce")
    if entry.iseq != 0 or entry.inc is not None:
        raise BadForm("inc", "feed.open belongs to the organisation")
