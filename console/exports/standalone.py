"""Makes `verify.py`: one file that carries the very source of the rules, so that the auditor runs what the console ran.

Everything it carries uses the standard library only; that is proven here by following the imports.
"""

from __future__ import annotations

import ast
import functools
import hashlib
from collections.abc import Iterable
from pathlib import Path
from typing import Final

_ROOTS: Final = ("console.exports.proof", "console.exports.rulings")
# what the readable files are made of: another version's may word them otherwise from the same evidence
_READABLE: Final = ("console.exports.timeline", "console.exports.readme")
_PACKAGE: Final = Path(__file__).resolve().parents[1]
_TEMPLATE: Final = Path("resources") / "templates" / "verify_main.py"
_HOLE: Final = "SOURCES = {}  # filled in when the bundle is written\n"


@functools.cache
def verify_py() -> bytes:
    """The stand-alone verifier of this version."""
    sources = _closure(_ROOTS)
    readable = hashlib.sha256(repr(sorted(_closure(_READABLE).items())).encode()).hexdigest()
    lines = [f"    {name!r}: {source!r},\n" for name, source in sorted(sources.items())]
    template = next(
        path for root in (_PACKAGE, _PACKAGE.parent) if (path := root / _TEMPLATE).is_file()
    ).read_text(encoding="utf-8")  # fmt: skip
    before, after = template.split(_HOLE)
    made = f"READABLE = {readable!r}  # the sources that made the readable files beside this\n"
    return (before + made + "SOURCES = {\n" + "".join(lines) + "}\n" + after).encode()


def _closure(roots: Iterable[str]) -> dict[str, str]:
    """Module name to source, for the roots and all they import of ours; packages have empty sources."""
    found = {"console": "", "console.domain": "", "console.exports": ""}
    waiting = list(roots)
    while waiting:
        name = waiting.pop()
        if name in found:
            continue
        path = _PACKAGE.parent / Path(*name.split("."))
        source = "" if path.is_dir() else path.with_suffix(".py").read_text(encoding="utf-8")
        found[name] = source
        waiting += _imports(ast.parse(source))
    return found


def _imports(tree: ast.AST) -> list[str]:
    names: list[str] = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module is not None:
            packages = ("console.domain", "console.exports")
            names += (
                [f"{node.module}.{alias.name}" for alias in node.names] if node.module in packages else [node.module]
            )
    return [name for name in names if name.startswith("console.")]
