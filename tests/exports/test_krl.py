from __future__ import annotations

import subprocess

from console.exports.krl import make_krl
from tests.journal.world import Key


def test_ssh_keygen_reads_the_list(tmp_path):
    bad, good = Key("bad"), Key("good")
    (tmp_path / "krl").write_bytes(make_krl([bad.public], 5000))
    assert make_krl([bad.public, bad.public], 5000) == make_krl([bad.public], 5000)
    for key, revoked in ((bad, True), (good, False)):
        (tmp_path / "key.pub").write_text(f"{key.public.line}\n")
        done = subprocess.run(
            ["ssh-keygen", "-Q", "-f", "krl", "key.pub"],
            cwd=tmp_path,
            capture_output=True,
            text=True,
            check=False,
            timeout=300,
        )
        assert ("REVOKED" in done.stdout) is revoked, done.stdout + done.stderr
        assert (done.returncode != 0) is revoked


def test_an_empty_list_is_a_list(tmp_path):
    (tmp_path / "krl").write_bytes(make_krl([], 0))
    (tmp_path / "key.pub").write_text(f"{Key('x').public.line}\n")
    done = subprocess.run(
        ["ssh-keygen", "-Q", "-f", "krl", "key.pub"], cwd=tmp_path, capture_output=True, check=False, timeout=300
    )
    assert done.returncode == 0
