"""Google's own client as referee of the adapter and the simulator, in an environment of its own.

What is tried stands in `google_referee.py`, the kit's own class too; it runs in a child, which this test holds to
account: all of it, and none skipped but those of the kit that it names with their reasons.
"""

from __future__ import annotations

import os
import re
import subprocess

import pytest

from tests.kit.beside import ROOT, python_beside

pytestmark = [pytest.mark.real, pytest.mark.timeout(900)]
AT_LEAST = 167
LEFT_OUT = 2 * 3  # two tests of the kit, for each of three levers
WITHIN_S = 300


def test_googles_own_client_agrees_with_the_adapter_and_the_simulator():
    python = python_beside("google")
    asked = ["-m", "pytest", "-m", "real", "-q", "-p", "no:cacheprovider", "tests/adapters/google_referee.py"]
    done = subprocess.run(
        [str(python), *asked], cwd=ROOT, env=dict(os.environ), check=False, stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT, text=True, timeout=WITHIN_S,
    )  # fmt: skip
    passed = re.search(rf"^(\d+) passed, {LEFT_OUT} skipped in ", done.stdout, re.MULTILINE)  # no other, no warning
    assert done.returncode == 0, done.stdout[-6000:]
    assert passed, done.stdout[-6000:]
    assert int(passed[1]) >= AT_LEAST, done.stdout[-2000:]
