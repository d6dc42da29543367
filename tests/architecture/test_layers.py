"""The picture in the design, kept by machines: import contracts, the pure domain, the one seam, no Qt in the core."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import grimp
import pytest

ROOT = Path(__file__).parents[2]
DOMAIN = sorted((ROOT / "console" / "domain").rglob("*.py"))
CONSOLE = sorted((ROOT / "console").rglob("*.py"))
IMPURE = {
    "asyncio", "http", "multiprocessing", "os", "pathlib", "random", "secrets", "shutil", "signal", "socket", "sqlite3",
    "subprocess", "tempfile", "threading", "time", "urllib", "uuid",
}  # fmt: skip
POSIX_ONLY = {"fcntl", "grp", "msvcrt", "pwd", "resource", "termios", "tty", "winreg"}
CLOCKS_AND_DICE = {
    "time.time", "time.time_ns", "time.localtime", "datetime.now", "datetime.utcnow", "datetime.today", "date.today",
    "os.urandom", "os.getrandom", "os.fsync", "os.fdatasync",
}  # fmt: skip


def _imports(path: Path) -> set[str]:
    """Full names of the modules a file imports, at any depth of its code."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: imports are absolute here"
            found.add(node.module or "")
    return found


def _dotted(node: ast.expr) -> str:
    if isinstance(node, ast.Attribute):
        return f"{_dotted(node.value)}.{node.attr}"
    return node.id if isinstance(node, ast.Name) else ""


def _relative(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def test_imports_point_down() -> None:
    program = "import sys; from importlinter.cli import lint_imports; sys.exit(lint_imports(no_cache=True))"
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, check=False, capture_output=True, text=True, timeout=300
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "0 broken" in done.stdout


@pytest.mark.parametrize("path", DOMAIN, ids=_relative)
def test_the_domain_is_pure(path: Path) -> None:
    for name in _imports(path):
        top = name.split(".")[0]
        assert name.startswith("console.domain") or top in sys.stdlib_module_names, f"imports {name}"
        assert top not in IMPURE, f"imports {name}"


@pytest.mark.parametrize("path", CONSOLE, ids=_relative)
def test_time_chance_and_systems_come_from_the_runtime(path: Path) -> None:
    if _relative(path).startswith("console/runtime/"):
        return
    tree = ast.parse(path.read_text(encoding="utf-8"))
    used = {_dotted(node) for node in ast.walk(tree) if isinstance(node, ast.Attribute)}
    ends = {".".join(name.split(".")[-2:]) for name in used}
    assert not ends & CLOCKS_AND_DICE
    assert not {name.split(".")[0] for name in _imports(path)} & (POSIX_ONLY | {"random", "secrets", "uuid"})


def test_adapters_do_not_see_each_other() -> None:
    graph = grimp.build_graph("adapters", cache_dir=None)
    lent = (
        "contract", "access", "alike", "answers", "forms", "hand", "limits", "membership", "operations", "rights",
        "signing", "snapshots",
        "conformance", "simulator",
    )  # fmt: skip
    shared = {"adapters", *(f"adapters.{name}" for name in lent)}
    for module in graph.modules - shared:
        own = ".".join(module.split(".")[:2])
        if own in shared:  # a part of the kit
            continue
        for imported in graph.find_modules_directly_imported_by(module):
            mine = imported == own or imported.startswith(f"{own}.")
            assert mine or imported in shared, f"{module} imports {imported}"


CORE = """
import importlib, pathlib, sys
for package in ("console", "adapters"):
    for file in sorted(pathlib.Path(package).rglob("*.py")):
        parts = file.with_suffix("").parts
        if "ui" in parts or parts[-1] in ("__main__", "__init__"):
            continue
        importlib.import_module(".".join(parts))
print(*sorted({name.split(".")[0] for name in sys.modules}))
"""


def test_the_core_brings_no_qt() -> None:
    done = subprocess.run(
        [sys.executable, "-c", CORE], cwd=ROOT, check=False, capture_output=True, text=True, timeout=300
    )
    assert done.returncode == 0, done.stderr
    loaded = set(done.stdout.split())
    assert {"console", "adapters"} <= loaded
    assert not {name for name in loaded if name.startswith(("PySide", "PyQt", "shiboken"))}
