"""Writes tests/vectors/sealed/: files encrypted to the vectors' writer keys, by stock `age` and by our library.

python -m tests.vectors.generate_sealed      encryption is random: new files are written, and new vectors name them
"""

from __future__ import annotations

import subprocess
from pathlib import Path

from console.keys import canon
from console.keys.sealed import seal
from tests.vectors.generate import KEYS

HERE = Path(__file__).parent / "sealed"
READERS = ("writer-a", "writer-b")
RAW = b"line one of the transcript\nline two\n"


def about() -> bytes:
    told = {"name": "transcript.txt", "sha256": canon.sha256_hex(RAW), "size": len(RAW), "pad": ""}
    return canon.encode(told | {"pad": "." * (-len(canon.encode(told)) % 256)})


def main() -> None:
    HERE.mkdir(exist_ok=True)
    keys = [KEYS[name].public for name in READERS]
    for name, raw in (("transcript", RAW), ("about", about())):
        (HERE / f"{name}.age").write_bytes(seal(raw, keys))
    asked = [word for key in keys for word in ("-r", key.line)]
    done = subprocess.run(["age", "-e", *asked], input=RAW, capture_output=True, check=True, timeout=30)
    (HERE / "by-age.age").write_bytes(done.stdout)


if __name__ == "__main__":
    main()
