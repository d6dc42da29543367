"""Where things lie in a bundle (protocol.md section 9). Names only."""

from __future__ import annotations

import base64
import re

README = "README.txt"
MANIFEST = "manifest.sha256"
MANIFEST_SIG = "manifest.sha256.sig"
SIGNERS = "allowed_signers"
KRL = "revoked.krl"
REVOKED = "revoked.tsv"
ABOUT = "bundle.json"
VERIFY = "verify.py"
HTML = "timeline.html"
CSV = "timeline.csv"
REDACTIONS = "redactions.csv"

APPROVABLE = (
    "action.v1", "redaction.v1", "closing.v1", "ratification.v1", "extension.v1", "rehearsal.v1", "clock.v1",
)  # fmt: skip

_ENTRY = re.compile(r"entries/([0-9a-f]{64})/([0-9]{8})-([0-9a-f]{16})\.json")
_SEGMENT = re.compile(r"entries/([0-9a-f]{64})/segment\.seg")
_ROSTER = re.compile(r"roster/(0|[1-9][0-9]*)-([0-9a-f]{64})\.json")
_BESIDE = re.compile(r"roster/beside/([1-9][0-9]*)-([0-9a-f]{64})\.json")
_BESIDE_SIG = re.compile(r"roster/beside/([1-9][0-9]*)-([0-9a-f]{64})\.([0-9a-f]{64})\.sig")
_ROSTER_SIG = re.compile(r"roster/(0|[1-9][0-9]*)-([0-9a-f]{64})\.([0-9a-f]{64})\.sig")
_DOCUMENT = re.compile(r"(?:actions|documents)/([0-9a-f]{64})\.json")
_RECORD = re.compile(r"actions/([0-9a-f]{64})\.([0-9a-f]{64})\.approval\.json")
_VALUES = re.compile(
    r"disclosures/(?:entries/[0-9a-f]{64}/[0-9]{8}-[0-9a-f]{16}|(?:actions|documents|roster(?:/beside)?)/[0-9a-f.-]+)\.txt"
)
_BLOB = re.compile(r"blobs/([0-9a-f]{64})")
# what may stand in a bundle at all; anything else is refused by name
KNOWN = (
    _ENTRY, re.compile(_ENTRY.pattern.replace("json", "sig")), _SEGMENT, _ROSTER, _ROSTER_SIG, _BESIDE, _BESIDE_SIG,
    _DOCUMENT, _RECORD,
    re.compile(_RECORD.pattern.replace(r"\.json", r"\.sig")), _VALUES, _BLOB,
)  # fmt: skip
TOP = frozenset({README, MANIFEST, MANIFEST_SIG, SIGNERS, KRL, REVOKED, ABOUT, VERIFY, HTML, CSV, REDACTIONS})


def is_known(path: str) -> bool:
    """Whether a bundle may hold a file of this name."""
    return path in TOP or any(form.fullmatch(path) for form in KNOWN)


def entry(feed: str, seq: int, ident: str) -> str:
    """An entry's signed bytes."""
    return f"entries/{feed}/{seq:08d}-{ident[:16]}.json"


def read_entry(path: str) -> tuple[str, int, str] | None:
    """Feed, number and the first 16 digits of the id of an entry's file."""
    found = _ENTRY.fullmatch(path)
    return None if found is None else (found[1], int(found[2]), found[3])


def segment(feed: str) -> str:
    """A feed's entries with their signatures in the transport form."""
    return f"entries/{feed}/segment.seg"


def read_segment(path: str) -> str | None:
    """The feed of a segment's file."""
    found = _SEGMENT.fullmatch(path)
    return None if found is None else found[1]


def signature(path: str) -> str:
    """The armoured signature beside a file."""
    return path.removesuffix(".json") + ".sig"


def roster(n: int, sha: str) -> str:
    """A roster version."""
    return f"roster/{n}-{sha}.json"


def read_roster(path: str) -> tuple[int, str] | None:
    """Number and hash of a roster's file."""
    found = _ROSTER.fullmatch(path)
    return None if found is None else (int(found[1]), found[2])


def roster_beside(n: int, sha: str) -> str:
    """A version of another branch, where the roster was split."""
    return f"roster/beside/{n}-{sha}.json"


def read_beside(path: str) -> tuple[int, str] | None:
    """Number and hash of the file of a version of another branch."""
    found = _BESIDE.fullmatch(path)
    return None if found is None else (int(found[1]), found[2])


def roster_signature(path: str, fingerprint: str) -> str:
    """One key's signature beside a roster version's file; the key's fingerprint in hex."""
    return f"{path.removesuffix('.json')}.{hex_fingerprint(fingerprint)}.sig"


def hex_fingerprint(fingerprint: str) -> str:
    """OpenSSH's `SHA256:<base64>` in hex."""
    return base64.b64decode(fingerprint.removeprefix("SHA256:") + "=").hex()


def document(kind: str, sha: str) -> str:
    """A document: those that people approve under actions/, others under documents/."""
    return f"{'actions' if kind in APPROVABLE else 'documents'}/{sha}.json"


def read_document(path: str) -> str | None:
    """The hash of a document's file."""
    found = _DOCUMENT.fullmatch(path)
    return None if found is None else found[1]


def record(doc: str, sha: str) -> str:
    """An approval record over a document."""
    return f"actions/{doc}.{sha}.approval.json"


def read_record(path: str) -> tuple[str, str] | None:
    """The document's hash and the record's."""
    found = _RECORD.fullmatch(path)
    return None if found is None else (found[1], found[2])


def values(holder: str) -> str:
    """The values of the entry, document or roster in file `holder`, one disclosure a line."""
    return f"disclosures/{holder.removesuffix('.json')}.txt"


def holder_of(path: str) -> str | None:
    """The file whose values these are."""
    if not _VALUES.fullmatch(path):
        return None
    return path.removeprefix("disclosures/").removesuffix(".txt") + ".json"


def blob(sha: str) -> str:
    """An attached file of class open."""
    return f"blobs/{sha}"


def read_blob(path: str) -> str | None:
    """The hash of an attached file."""
    found = _BLOB.fullmatch(path)
    return None if found is None else found[1]
