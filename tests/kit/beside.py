"""An interpreter beside the checkout's own, with libraries that cannot be locked together with the others.

It sees everything of the checkout's environment after its own. It is made once for a lock file, from locked and hashed
wheels, and never changes the checkout's environment.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import shutil
import subprocess
import sys
import sysconfig
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
INSTALLS_WITHIN_S = 600
_OUTSIDE = dict(os.environ)  # the caller's own home and package index: tests get a home of their own


def python_beside(name: str) -> Path:
    """The interpreter of `.venv.NAME`, with what `packaging/locks/NAME.txt` locks; installed where it is not there.

    Raises:
        subprocess.SubprocessError: where it could not be installed in time.
    """
    lock, folder = ROOT / "packaging" / "locks" / f"{name}.txt", ROOT / f".venv.{name}"
    python, stamp = folder / "bin" / "python", folder / "standdown.stamp"
    wanted = hashlib.sha256(lock.read_bytes() + sys.version.encode() + sys.prefix.encode()).hexdigest()
    with (ROOT / ".venv.lock").open("w", encoding="utf-8") as waiting:
        fcntl.flock(waiting, fcntl.LOCK_EX)  # ends with its holder, whose every step has a limit
        if python.exists() and stamp.exists() and stamp.read_text(encoding="utf-8") == wanted:
            return python
        shutil.rmtree(folder, ignore_errors=True)
        _run([sys.executable, "-m", "venv", str(folder)])
        exact = ["--require-hashes", "--no-deps", "--only-binary", ":all:", "-r", str(lock)]
        _run([str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", *exact])
        paths = sysconfig.get_paths(vars={"base": str(folder), "platbase": str(folder)})
        (Path(paths["purelib"]) / "checkout.pth").write_text(f"{sysconfig.get_path('purelib')}\n", encoding="utf-8")
        stamp.write_text(wanted, encoding="utf-8")
    return python


def _run(command: list[str]) -> None:
    environment = {**_OUTSIDE, "PIP_USER": "0"}
    done = subprocess.run(
        command, check=False, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
        timeout=INSTALLS_WITHIN_S,
    )  # fmt: skip
    if done.returncode:
        raise subprocess.CalledProcessError(done.returncode, command[:4], output=done.stdout[-4000:])
