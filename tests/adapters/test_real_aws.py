"""AWS's own library and moto as referees of the simulator and the adapter, in an environment of their own.

What is tried stands in `aws_referee.py`, and the kit's own class against moto in `aws_moto.py`. Neither library can be
locked among the others (decision 0135), so their tests run in a child, which this one holds to account: all of them,
and none skipped but those of the kit that `aws_moto.LEFT_OUT` names with its reasons.
"""

from __future__ import annotations

import os
import re
import subprocess

import pytest

from tests.kit.beside import ROOT, python_beside

pytestmark = [pytest.mark.real, pytest.mark.timeout(900)]
AT_LEAST = 117
LEFT_OUT = 2 * 5  # two tests of the kit, for each of five levers
WITHIN_S = 300


def test_awss_own_library_and_moto_agree_with_the_simulator_and_the_adapter():
    python = python_beside("aws")
    files = [f"tests/adapters/{name}.py" for name in ("aws_referee", "aws_moto")]
    asked = ["-m", "pytest", "-m", "real", "-q", "-p", "no:cacheprovider", *files]
    done = subprocess.run(
        [str(python), *asked], cwd=ROOT, env=dict(os.environ), check=False, stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT, text=True, timeout=WITHIN_S,
    )  # fmt: skip
    passed = re.search(rf"^(\d+) passed, {LEFT_OUT} skipped in ", done.stdout, re.MULTILINE)  # no other, no warning
    assert done.returncode == 0, done.stdout[-6000:]
    assert passed, done.stdout[-6000:]
    assert int(passed[1]) >= AT_LEAST, done.stdout[-2000:]
