"""That the armoured signature beside a file of a bundle holds for its bytes.

Standard library and console.domain only: `verify.py` carries this very source.
"""

from __future__ import annotations

from console.domain.errors import Problem
from console.exports import names
from console.exports.evidence import Evidence, Seal, Wrong


def prove(evidence: Evidence, seal: Seal, path: str, line: str, namespace: str) -> None:
    """The armoured signature beside `path` holds for its bytes."""
    beside = names.signature(path)
    if beside not in evidence.files:
        raise Wrong(path, "its signature is missing")
    prove_with(evidence, seal, path, beside, (line, namespace))


def prove_with(evidence: Evidence, seal: Seal, path: str, beside: str, key: tuple[str, str]) -> None:
    """As `prove`, with the signature in file `beside`; `key` is a public line and the namespace."""
    try:
        seal.verify(key[0], key[1], evidence.files[path], evidence.files[beside].decode("ascii", "replace"))
    except Problem as fault:
        raise Wrong(beside, fault.what.rstrip(".")) from None
    evidence.signatures += 1
