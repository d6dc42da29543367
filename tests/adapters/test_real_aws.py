"""AWS's own library and moto as referees of the simulator and the adapter, in an environment of their own.

What is tried stands in `aws_referee.py`. Neither library can be locked among the others (decision 0135), so its tests
run in a child, which this one holds to account: all of them, none skipped.
"""

from __future__ import annotations

import os
import re
import subprocess

import pytest

from tests.kit.beside import ROOT, python_beside

pytestmark = [pytest.mark.real, pytest.mark.timeout(900)]
AT_LEAST = 18
WITHIN_S = 240


def test_awss_own_library_and_moto_agree_with_the_simulator_and_the_adapter():
    python = python_beside("aws")
    asked = ["-m", "pytest", "-m", "real", "-q", "-p", "no:cacheprovider", "tests/adapters/aws_referee.py"]
    done = subprocess.run(
        [str(python), *asked], cwd=ROOT, env=dict(os.environ), check=False, stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT, text=True, timeout=WITHIN_S,
    )  # fmt: skip
    passed = re.search(r"^(\d+) passed in ", done.stdout, re.MULTILINE)  # nothing beside: no skip, no warning
    assert done.returncode == 0, done.stdout[-6000:]
    assert passed, done.stdout[-6000:]
    assert int(passed[1]) >= AT_LEAST, done.stdout[-2000:]
