"""Text from colleagues and providers is never taken for markup: Qt would load pictures it names, from anywhere."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

UI = sorted((Path(__file__).parents[2] / "console" / "ui").rglob("*.py"))
TESTS = Path(__file__).parents[1] / "ui"
MARKUP = ("setHtml", "insertHtml", "appendHtml", "QTextBrowser", "setMarkdown")


def _is_plain(node: ast.expr) -> bool:
    """Words of our own, or what `plain_tooltip` made harmless."""
    match node:
        case ast.Constant():
            return True
        case ast.IfExp():
            return _is_plain(node.body) and _is_plain(node.orelse)
        case ast.Call(func=ast.Name(id="plain_tooltip")):
            return True
        case _:
            return False


def _calls(path: Path, *names: str) -> list[ast.Call]:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    return [
        node for node in ast.walk(tree)
        if isinstance(node, ast.Call) and getattr(node.func, "attr", getattr(node.func, "id", "")) in names
    ]  # fmt: skip


@pytest.mark.parametrize("path", UI, ids=lambda path: path.name)
def test_tooltips_are_our_own_words_or_made_harmless(path: Path) -> None:
    odd = [call.lineno for call in _calls(path, "setToolTip") if not all(map(_is_plain, call.args))]
    assert not odd, f"{path.name}: lines {odd} show text that Qt may take for markup; use plain_tooltip"


def test_every_label_says_that_its_text_is_plain() -> None:
    for path in UI:
        source = path.read_text(encoding="utf-8")
        labels = [call for call in _calls(path, "QLabel", "QMessageBox") if not all(map(_is_plain, call.args))]
        assert not labels or "setTextFormat(Qt.TextFormat.PlainText)" in source, f"{path.name} guesses the format"
        assert not _calls(path, *MARKUP), f"{path.name} shows markup"


def test_a_tooltip_of_a_row_is_made_harmless() -> None:
    asked = [path for path in UI if "ToolTipRole" in path.read_text(encoding="utf-8")]
    assert len(asked) >= 2
    for path in asked:
        assert "plain_tooltip(" in path.read_text(encoding="utf-8"), path.name


def test_no_screen_or_style_is_asked_of_a_widget() -> None:
    odd = [
        f"{path.name}:{call.lineno}"
        for path in (*UI, *TESTS.glob("*.py"))
        for call in _calls(path, "screen", "style")
        if not call.args and "app" not in ast.unparse(call.func).lower()
    ]
    assert not odd, f"{odd}: it may be destroyed with the widget; see console/ui/screens.py"
