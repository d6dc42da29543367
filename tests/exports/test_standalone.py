"""`verify.py` names what made the readable files, so that another version's wording is not called a lie."""

from __future__ import annotations

import shutil

from console.exports import standalone


def _made_by(package, monkeypatch) -> bytes:
    monkeypatch.setattr(standalone, "_PACKAGE", package)
    return standalone.verify_py.__wrapped__()


def test_it_changes_with_the_words_of_the_readable_files_and_with_nothing_else(tmp_path, monkeypatch):
    copy = tmp_path / "console"
    for part in ("domain", "exports"):
        shutil.copytree(standalone._PACKAGE / part, copy / part, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copytree(standalone._PACKAGE.parent / "resources" / "templates", tmp_path / "resources" / "templates")
    before = _made_by(copy, monkeypatch)
    assert before == standalone.verify_py()
    bundle = copy / "exports" / "bundle.py"  # gathers, words nothing
    bundle.write_text(bundle.read_text() + "# gathers otherwise\n")
    assert _made_by(copy, monkeypatch) == before
    words = copy / "exports" / "words.py"
    words.write_text(words.read_text() + "# words otherwise\n")
    assert _made_by(copy, monkeypatch) != before
