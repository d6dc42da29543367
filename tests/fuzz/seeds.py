"""What fuzzing begins with: the bytes of every golden vector, at every door that they are for."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from pathlib import Path

from tests.fuzz.doors import DOORS

VECTORS = Path(__file__).parents[1] / "vectors"


def seeds() -> Iterator[bytes]:
    """Each vector's bytes for each door, its signatures and keys too."""
    for path in sorted((VECTORS / "forms").glob("*/*.json")):
        vector = json.loads(path.read_text(encoding="utf-8"))
        told = [vector["bytes"].encode()] if "bytes" in vector else []
        told += [base64.b64decode(vector[name]) for name in ("bytes64", "sig") if name in vector]
        for one in vector.get("signatures", []):
            told += [base64.b64decode(one["sig"]), one["key"].encode()]
        told += [one.encode() for one in vector.get("disclosures", [])]
        for data in told:
            if len(data) < 4096:
                yield from (bytes([door]) + data for door in range(len(DOORS)))
