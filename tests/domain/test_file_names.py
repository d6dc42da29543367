"""What somebody calls a file becomes a visible file in the folder that was chosen, and nothing else."""

from __future__ import annotations

from pathlib import PurePosixPath, PureWindowsPath

import pytest
from hypothesis import given
from hypothesis import strategies as st

from console.domain.file_names import file_name


@pytest.mark.parametrize(
    ("told", "name"),
    [
        ("log of the gateway.txt", "log of the gateway.txt"),
        ("Протокол 3.pdf", "Протокол 3.pdf"),
        (".bash_profile", "bash_profile"),
        ("...hidden", "hidden"),
        ("../../etc/passwd", "passwd"),
        ("..\\..\\startup\\run.bat", "run.bat"),
        ("C:\\autoexec.bat", "autoexec.bat"),
        ("notes.txt:stream", "notes.txt_stream"),
        ("two\nlines\tand a tab.txt", "two lines and a tab.txt"),
        ("seen\u202efdp.exe", "seen(U+202E)fdp.exe"),
        ("zero\0byte", "zero(U+0000)byte"),
        ("con", "_con"),
        ("COM1.log.txt", "_COM1.log.txt"),
        ("con .txt", "_con .txt"),
        ("console.txt", "console.txt"),
        ("ends in dots. . .", "ends in dots"),
        ("..", "evidence"),
        ("", "evidence"),
        ("a/", "evidence"),
        ("\ud800", "(U+D800)"),
        ("é" * 300 + ".json", "é" * 97 + ".json"),
        ("x" * 300, "x" * 200),
    ],
)
def test_a_name_is_what_is_left_of_it(told: str, name: str) -> None:
    assert file_name(told) == name


@given(st.text(st.characters(), max_size=400))
def test_it_leads_nowhere_on_any_system(told: str) -> None:
    name = file_name(told)
    assert name
    assert not name.startswith(".")
    assert "\0" not in name
    assert len(name.encode()) <= 201
    assert PurePosixPath(name).name == name
    assert PureWindowsPath(name).name == name
    assert not PureWindowsPath(name).is_reserved()
    assert file_name(name) == name
