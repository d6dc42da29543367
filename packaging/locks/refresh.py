"""Write the lock files anew from pyproject.toml: exact versions and hashes, no index address.

Run it with a Python that has pip-tools. It never installs anything.
"""

from __future__ import annotations

import re
import subprocess
import sys
import tempfile
import tomllib
from pathlib import Path

HERE = Path(__file__).resolve().parent
PROJECT = HERE.parent.parent / "pyproject.toml"
# the Secret Service client exists for Linux only; everything else installs everywhere
LINUX_ONLY = re.compile(r"^((?:secretstorage|jeepney)==\S+) ", re.MULTILINE)
OPTIONS = (
    "--quiet", "--allow-unsafe", "--generate-hashes", "--strip-extras", "--no-emit-index-url",
    "--no-emit-trusted-host", "--no-emit-find-links", "--no-header", "--no-annotate",
)  # fmt: skip


def main() -> int:
    """Compile runtime.txt, dev.txt and what lies beside; exit status of the first that fails."""
    project = tomllib.loads(PROJECT.read_text(encoding="utf-8"))
    runtime = project["project"]["dependencies"]
    groups = project["dependency-groups"]
    wanted = {"runtime": runtime, "dev": runtime + groups["dev"]} | {name: groups[name] for name in ("aws", "google")}
    for name, lines in wanted.items():
        out = HERE / f"{name}.txt"
        with tempfile.TemporaryDirectory() as folder:
            source = Path(folder) / f"{name}.in"
            source.write_text("\n".join(lines) + "\n", encoding="utf-8")
            command = [sys.executable, "-m", "piptools", "compile", *OPTIONS, "--output-file", str(out), str(source)]
            done = subprocess.run(command, check=False, timeout=3600)
        if done.returncode:
            return done.returncode
        marked = LINUX_ONLY.sub(r'\1 ; sys_platform == "linux" ', out.read_text(encoding="utf-8"))
        out.write_text(marked, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
