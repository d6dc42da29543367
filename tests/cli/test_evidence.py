"""Files for named people and files held elsewhere, as a person types it; every command of `evidence`."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.test_duties import Line
from tests.kit.traces import traces

SECRET = "Quetzalcoatl-witness-7731"


@pytest.fixture
def line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Line:
    made = Line(tmp_path / "p", monkeypatch)
    made("incident", "declare", "F-7 helps with exploits", "--severity", "1")
    return made


def test_a_file_for_named_people_is_kept_encrypted_listed_opened_and_saved(line: Line, tmp_path: Path) -> None:
    file, out = tmp_path / "statement-of-the-witness.txt", tmp_path / "out"
    file.write_text(SECRET, encoding="utf-8")
    out.mkdir()
    told = line.json("evidence", "add", str(file), "--need-to-know", "Commander", "--text", "a statement")
    assert (told["class"], told["to_names"], told["mine"]) == ("need-to-know", ["Commander"], True)
    assert traces(SECRET, line.root) == []
    assert traces(file.name, line.root) == []
    (listed,) = line.json("evidence", "list")["files"]
    assert (listed["entry"], listed["sha256"], listed["strange"]) == (told["entry"], told["sha256"], "")
    assert "for Commander; you can open it" in line("evidence", "list")
    path = Path(line.json("evidence", "open", told["entry"], "--to", str(out))["path"])
    assert (path.name, path.read_text(encoding="utf-8")) == (file.name, SECRET)
    line("evidence", "open", told["entry"][:12], "--to", str(out), code=2)  # it is there already
    line("evidence", "open", told["entry"], "--to", str(out / "kept.age"), "--encrypted")
    assert (out / "kept.age").read_bytes().startswith(b"age-encryption.org/v1\n")
    line("evidence", "also-to", told["entry"], "Commander", code=2)  # it is for them already
    line("evidence", "add", str(file), "--need-to-know", "Nobody", code=2)


def test_an_open_file_and_a_held_one(line: Line, tmp_path: Path) -> None:
    file = tmp_path / "weights.bin"
    file.write_bytes(b"0" * 1000)
    told = line.json("evidence", "held", str(file), "--holder", "Infrastructure lead", "--place", "safe 2")
    assert (told["class"], told["here"], told["size"], told["holder"]) == ("held", False, 1000, "Infrastructure lead")
    line("evidence", "open", told["entry"], "--to", str(tmp_path / "x"), code=2)
    kept = line.json("evidence", "add", str(file))
    line("evidence", "open", kept["entry"], "--to", str(tmp_path / "y"))
    assert (tmp_path / "y").read_bytes() == file.read_bytes()
    lines = line("evidence", "list")
    assert "held by Infrastructure lead, safe 2" in lines
    assert "open         weights.bin, 1,000 bytes" in lines
