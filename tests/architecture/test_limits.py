"""No wait without an end: a child process, a thread or an event that never comes fails a test, and hangs no console."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SOURCES = sorted(p for top in ("console", "adapters", "tests", "packaging") for p in (ROOT / top).rglob("*.py"))
CHILDREN = ("run", "check_output", "check_call", "call")
WAITS = ("wait", "join", "communicate")
MAYBE = re.compile(r"subprocess\.|\.(?:wait|join)\(\)|\.communicate\(")


def _is_limited(call: ast.Call) -> bool:
    return any(word.arg in ("timeout", "timeout_s", None) for word in call.keywords)


def _limited_elsewhere(tree: ast.AST) -> set[int]:
    """What is awaited (a loop has its own limits), and what asyncio is given to limit or to cancel."""
    found = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Await)}
    for node in ast.walk(tree):
        match node:
            case ast.Call(func=ast.Attribute(value=ast.Name(id="asyncio")), args=args):
                found |= set(map(id, args))
            case _:
                pass
    return found


def _endless(tree: ast.AST) -> list[int]:
    """Lines that wait without a limit: children of `subprocess`, and what waits for an end or an event by itself."""
    limited = _limited_elsewhere(tree)
    ours = {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)}
    found: list[int] = []
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Attribute) or id(node) in limited:
            continue
        name, of = node.func.attr, node.func.value
        child = name in CHILDREN and isinstance(of, ast.Name) and of.id == "subprocess"
        waits = name in WAITS and name not in ours and (not node.args or name == "communicate")
        if (child or waits) and not _is_limited(node):
            found.append(node.lineno)
    return found


def _faults(source: str) -> list[int]:
    lines = source.splitlines()
    return [at for at in _endless(ast.parse(source)) if "without end:" not in lines[at - 1]]


def test_every_wait_has_an_end() -> None:
    found: list[str] = []
    for path in SOURCES:
        source = path.read_text(encoding="utf-8")
        if MAYBE.search(source):
            found += [f"{path.relative_to(ROOT)}:{line}" for line in _faults(source)]
    assert not found, f"these wait without a limit; say timeout=, or why they end ('without end:'): {found}"


@pytest.mark.parametrize(
    ("source", "faults"),
    [
        ("subprocess.run(['x'])", 1),
        ("subprocess.run(['x'], timeout=5)", 0),
        ("subprocess.check_output(['x'])", 1),
        ("thread.join()", 1),
        ("thread.join(5)", 0),
        ("', '.join(words)", 0),
        ("child.communicate(b'x')", 1),
        ("child.communicate(timeout=5)", 0),
        ("event.wait()  # without end: it was set before", 0),
        ("async def f():\n    await event.wait()", 0),
        ("asyncio.wait_for(child.communicate(), 5)", 0),
    ],
)
def test_the_rule_sees_what_it_is_for(source: str, faults: int) -> None:
    assert len(_faults(source)) == faults
