"""How much of the rules, the journal, the keys and the outbox their tests run, branch by branch. Fails under 100 %.

`python -m tests.covered [PYTEST OPTION ...]`. What child processes run counts, too, unless they are killed. What is
left is named by its lines; `12->15` is a way from line 12 that no test went. See resources/decisions/0171.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
PARTS = ("domain", "journal", "keys", "outbox")
# what proves these parts: their own folders, and those that use them from outside. The window and the adapters do not.
TESTS = (
    *PARTS, "vectors", "upgrade", "fuzz", "crash", "sync", "exports", "services", "viewmodels",
)  # fmt: skip
LEFT_OUT = ("powercut.py",)  # an instrument that needs root and loop devices; where they are its own test runs it
WITHIN_S = 7200
_SETTINGS = """
[run]
branch = true
parallel = true
source_pkgs =
    {packages}
patch =
    subprocess
    _exit
disable_warnings =
    module-not-imported
    no-data-collected
"""


def main(options: list[str]) -> int:
    """Run the tests, put together what every process saw, tell it; 0 where nothing is left."""
    with tempfile.TemporaryDirectory(prefix="covered-") as place:
        settings = Path(place, "coverage.ini")
        packages = "\n    ".join(f"console.{part}" for part in PARTS)
        settings.write_text(_SETTINGS.format(packages=packages), encoding="utf-8")
        environment = {**os.environ, "COVERAGE_FILE": str(Path(place, "data")), "QT_QPA_PLATFORM": "offscreen"}

        def coverage(verb: str, *words: str) -> int:
            command = [sys.executable, "-m", "coverage", verb, f"--rcfile={settings}", *words]
            return subprocess.run(command, check=False, cwd=ROOT, env=environment, timeout=WITHIN_S).returncode

        chosen = options or ["-n", "2", "--dist", "loadfile", *(f"tests/{name}" for name in TESTS)]
        tests = coverage("run", "-m", "pytest", "-q", *chosen)
        coverage("combine", "--quiet")
        omit = f"--omit={','.join(f'*/{name}' for name in LEFT_OUT)}"
        files = [f"*/console/{part}/*" for part in PARTS]
        left = coverage(
            "report", "--show-missing", "--skip-covered", "--ignore-errors", "--precision=2", "--fail-under=100", omit,
            f"--include={','.join(files)}",
        )  # fmt: skip
        for part, those in zip(PARTS, files, strict=True):
            sys.stdout.write(f"{part}: ")
            sys.stdout.flush()
            coverage("report", "--format=total", "--precision=2", "--ignore-errors", omit, f"--include={those}")
    if tests:
        sys.stdout.write("Tests failed: what they did not get to was not counted. Run them without this first.\n")
    return left


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
