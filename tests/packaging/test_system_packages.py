"""`.ci/packages` on a system that is made up: what is installed is found, what is missing is named."""

from __future__ import annotations

import os
import re
import subprocess
from pathlib import Path

import pytest

SCRIPT = Path(__file__).parents[2] / ".ci" / "packages"
NEEDED = re.findall(
    r"[a-z0-9][a-z0-9.+-]+", SCRIPT.read_text(encoding="utf-8").partition("needed=(")[2].partition(")")[0]
)
# Far more than a pipe holds, after the line that matters: whoever stops reading there breaks the writer's pipe
REST = "installed nothing-of-use, something-else\n" * 20_000


def _system(folder: Path, *, installed: list[str], provided: list[str]) -> dict[str, str]:
    """An environment whose dpkg-query answers for these packages; there is no apt-get in it."""
    (folder / "all").write_text(f"installed {', '.join(f'{name} (= 2)' for name in provided)}\n{REST}")
    (folder / "names").write_text("\n".join(installed) + "\n")
    fake = folder / "dpkg-query"
    fake.write_text(
        "#!/bin/sh\n"  # dpkg-query -W -f FORMAT [NAME]
        f'[ -n "$4" ] || exec cat {folder}/all\n'
        f'if grep -Fx -- "$4" {folder}/names >/dev/null; then echo installed; else echo not-installed; exit 1; fi\n'
    )
    fake.chmod(0o755)
    for tool in ("bash", "cat", "env", "grep", "id", "sh", "tr"):
        (folder / tool).symlink_to(f"/bin/{tool}" if Path(f"/bin/{tool}").exists() else f"/usr/bin/{tool}")
    return {**os.environ, "PATH": str(folder)}


def _run(environment: dict[str, str]) -> subprocess.CompletedProcess[str]:
    command = [f"{environment['PATH']}/bash", str(SCRIPT)]
    return subprocess.run(command, check=False, capture_output=True, text=True, env=environment, timeout=300)


def test_the_list_is_read_here_as_the_script_reads_it() -> None:
    assert {"dbus", "xvfb", "libglib2.0-0", "libx11-xcb1"} <= set(NEEDED)


@pytest.mark.skipif(os.name == "nt", reason="a shell script about Debian's packages")
def test_what_another_package_provides_is_found_however_long_the_list_is(tmp_path: Path) -> None:
    renamed = ["libglib2.0-0", "libegl1"]
    done = _run(_system(tmp_path, installed=[n for n in NEEDED if n not in renamed], provided=renamed))
    assert (done.stdout, done.returncode) == (f"All {len(NEEDED)} system packages are here.\n", 0)


@pytest.mark.skipif(os.name == "nt", reason="a shell script about Debian's packages")
def test_what_is_missing_is_counted_and_named(tmp_path: Path) -> None:
    done = _run(_system(tmp_path, installed=[n for n in NEEDED if n not in {"xvfb", "dbus"}], provided=[]))
    assert f"2 of {len(NEEDED)} system packages are MISSING: dbus xvfb\n" in done.stdout
    assert done.returncode == 0  # nothing could have been installed here
