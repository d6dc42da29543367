"""A secret longer than a terminal's line: cut there, so it is refused; by a descriptor it comes whole."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pexpect
import pytest

from console.cli.frame import Call

LONG = "k" * 4364  # a private key of 4,096 bits as PEM, in base64
ASK = "from console.cli.frame import Call; print('given', len(Call().secret('The key')))"


@pytest.mark.skipif(sys.platform != "linux", reason="terminals elsewhere keep less of a line and say so")
@pytest.mark.parametrize(("typed", "answer"), [("k" * 4094, "given 4094"), (LONG, "cuts a line at 4,095 characters")])
def test_what_a_terminal_cut_is_refused(typed: str, answer: str) -> None:
    child = pexpect.spawn(sys.executable, ["-c", ASK], encoding="utf-8", timeout=60, dimensions=(24, 200))
    try:
        child.expect("The key: ")
        child.sendline(typed)
        child.expect(answer)
        child.expect(pexpect.EOF)
    finally:
        child.close(force=True)


def test_a_descriptor_hands_it_over_whole(tmp_path: Path) -> None:
    (tmp_path / "key").write_text(f"{LONG}\n", encoding="utf-8")
    fd = os.open(tmp_path / "key", os.O_RDONLY)
    try:
        assert Call(secret_fd=fd).secret("The key") == LONG
    finally:
        os.close(fd)
