"""A security key in software, behind OpenSSH's own interface for them, compiled where there is a compiler."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

PIN = b"4711"
_HERE = Path(__file__).parent


@pytest.fixture(scope="session")
def device_library(tmp_path_factory: pytest.TempPathFactory) -> Path:
    compiler = shutil.which("cc") or shutil.which("gcc")
    if compiler is None:
        pytest.skip("no C compiler: the security key in software cannot be built")
    made = tmp_path_factory.mktemp("device") / "sk.so"
    subprocess.run(
        [compiler, "-shared", "-fPIC", "-o", made, _HERE / "sk.c"], check=True, capture_output=True, timeout=300
    )
    return made


@pytest.fixture
def security_key(device_library: Path, monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    """Plugged in; `TEST_DEVICE_AWAY` pulls it out."""
    monkeypatch.setenv("SSH_SK_PROVIDER", str(device_library))
    monkeypatch.setenv("TEST_DEVICE", f"'{sys.executable}' -I '{_HERE / 'answer.py'}'")
    return monkeypatch
