"""The names of objects in a shared place (protocol.md sections 11 and 12): which exist, and how large each may be.

Whatever does not match is somebody else's file and is ignored. It reads nothing.
"""

from __future__ import annotations

import base64
import re
from dataclasses import dataclass
from typing import Final, Literal

Family = Literal[
    "roster", "roster-signature", "enrolment", "enrolment-signature", "now", "segment", "object", "disclosures"
]  # fmt: skip

MIB: Final = 1024 * 1024
# whole files; what is inside has limits of its own at the door
LIMIT_BYTES: Final[dict[Family, int]] = {
    "roster": MIB,
    "roster-signature": 8 * 1024,
    "enrolment": 32 * 1024,  # one of this console's has 2 KiB
    "enrolment-signature": 8 * 1024,
    "now": 200 * 1024,
    "segment": 8 * MIB,
    "object": 64 * MIB,
    "disclosures": 16 * MIB,
}
MAX_NAMES_IN_FOLDER: Final = 100_000
MAX_REQUESTS_IN_FOLDER: Final = 1_000_000  # looked through by name alone

_SHA: Final = "[0-9a-f]{64}"
_N: Final = "0|[1-9][0-9]{0,15}"
_RANGE: Final = rf"(?P<first>{_N})-(?P<last>{_N})-(?P<sha>{_SHA})"
_FORMS: Final[tuple[tuple[Family, re.Pattern[str]], ...]] = (
    ("roster", re.compile(rf"v1/roster/(?P<first>{_N})-(?P<sha>{_SHA})\.json")),
    ("roster-signature", re.compile(rf"v1/roster/(?P<first>{_N})-(?P<sha>{_SHA})\.(?P<key>{_SHA})\.sig")),
    ("enrolment", re.compile(rf"v1/enrol/(?P<sha>{_SHA})\.json")),
    ("enrolment-signature", re.compile(rf"v1/enrol/(?P<sha>{_SHA})\.(?P<key>{_SHA})\.sig")),
    ("now", re.compile(rf"v1/now/(?P<feed>{_SHA})-(?P<first>{_N})-(?P<sha>{_SHA})\.now")),
    ("segment", re.compile(rf"v1/(?P<feed>{_SHA})/e/{_RANGE}\.seg")),
    ("segment", re.compile(rf"v1/(?P<by>{_SHA})/r/(?P<feed>{_SHA})-{_RANGE}\.seg")),
    ("object", re.compile(rf"v1/(?P<feed>{_SHA})/o/(?P<sha>{_SHA})")),
    ("disclosures", re.compile(rf"v1/(?P<by>{_SHA})/r/(?P<feed>{_SHA})-{_RANGE}\.dis")),
    ("disclosures", re.compile(rf"v1/(?P<feed>{_SHA})/d/{_RANGE}\.dis")),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class ObjectName:
    """One object's name, read. `sha` names its content, except for signatures, where it names what they sign.

    `first` and `last` are the sequence numbers it covers (`first` a roster's number, or the newest number in a `now`
    file); `key` is a key's fingerprint in hex; `by` the feed whose writer relays it, where that is not `feed` itself.
    What a family does not have is None or -1.
    """

    path: str
    family: Family
    sha: str
    feed: str | None = None
    first: int = -1
    last: int = -1
    key: str | None = None
    by: str | None = None

    @property
    def is_content_named(self) -> bool:
        """Whether `sha` is the SHA-256 of the object's own bytes."""
        return self.family not in ("roster-signature", "enrolment-signature")

    @property
    def limit_bytes(self) -> int:
        """More than this is refused unread."""
        return LIMIT_BYTES[self.family]


def read_name(path: str) -> ObjectName | None:
    """The name's meaning, or None where it is none of ours."""
    for family, form in _FORMS:
        found = form.fullmatch(path)
        if found is None:
            continue
        parts = found.groupdict()
        first, last = int(parts.get("first") or -1), int(parts.get("last") or -1)
        if family in ("segment", "disclosures") and first > last:
            return None
        return ObjectName(path, family, parts["sha"], parts.get("feed"), first, last, parts.get("key"), parts.get("by"))
    return None


def segment_name(feed: str, first: int, last: int, sha: str) -> str:
    """Where a segment of entries `first` to `last` lies."""
    return f"v1/{feed}/e/{first}-{last}-{sha}.seg"


def disclosures_name(feed: str, first: int, last: int, sha: str) -> str:
    """Where the disclosures of entries `first` to `last` lie."""
    return f"v1/{feed}/d/{first}-{last}-{sha}.dis"


def relayed_name(by: str, feed: str, first: int, last: int, sha: str, *, values: bool = False) -> str:
    """Where the writer of `by` relays entries `first` to `last` of another feed, or their disclosures."""
    return f"v1/{by}/r/{feed}-{first}-{last}-{sha}.{'dis' if values else 'seg'}"


def now_name(feed: str, seq: int, sha: str) -> str:
    """Where a feed's urgent part lies; `seq` is the newest number in it."""
    return f"v1/now/{feed}-{seq}-{sha}.now"


def object_name(feed: str, sha: str) -> str:
    """Where a document or blob lies that the feed's writer published."""
    return f"v1/{feed}/o/{sha}"


def roster_name(n: int, sha: str) -> str:
    """Where a roster version lies."""
    return f"v1/roster/{n}-{sha}.json"


def roster_signature_name(n: int, sha: str, fingerprint: str) -> str:
    """Where one key's signature over a roster version lies."""
    return f"v1/roster/{n}-{sha}.{hex_fingerprint(fingerprint)}.sig"


def enrolment_name(sha: str) -> str:
    """Where a request to join lies."""
    return f"v1/enrol/{sha}.json"


def enrolment_signature_name(sha: str, fingerprint: str) -> str:
    """Where one key's signature over a request to join lies."""
    return f"v1/enrol/{sha}.{hex_fingerprint(fingerprint)}.sig"


def hex_fingerprint(fingerprint: str) -> str:
    """OpenSSH's `SHA256:<base64>` as 64 hex digits, fit for a file name."""
    return base64.b64decode(fingerprint.removeprefix("SHA256:") + "=").hex()


def fingerprint_of_hex(digits: str) -> str:
    """The reverse of `hex_fingerprint`."""
    return "SHA256:" + base64.b64encode(bytes.fromhex(digits)).decode().rstrip("=")
