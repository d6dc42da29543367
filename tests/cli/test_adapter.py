"""`standdown adapter` as people type it."""

from __future__ import annotations

import json
import os
import re
import sys

import pytest

from adapters.http.simulator import ADMIN, CALLER, HttpSite
from adapters.simulator import Simulator
from console.app import main


@pytest.fixture
def run(capsys):
    def ran(*words: str, secrets: tuple[str, ...] = ()):
        reading, writing = os.pipe()
        os.write(writing, "".join(f"{one}\n" for one in secrets).encode())
        os.close(writing)
        status = main([*words, "--secret-fd", str(reading)])
        os.close(reading)
        told = capsys.readouterr()
        return status, told.out, told.err

    return ran


@pytest.fixture
def file(tmp_path, run):
    with Simulator(HttpSite("bans")) as server:
        path = tmp_path / "bans.yaml"
        path.write_text(run("adapter", "example", "bans")[1].replace("https://bans.example", server.url))
        yield path


def test_a_file_goes_from_example_to_kept(run, file):
    status, out, _ = run("adapter", "try", str(file), "--check-only")
    assert status == 0
    assert re.fullmatch(r"bans\.yaml declares http_bans, version 1, at http://127\.0\.0\.1:\d+: account\.ban\.\n", out)
    status, out, _ = run("adapter", "try", str(file), "--selector", "account.ban=u-1", "--json", secrets=(ADMIN,))
    told = json.loads(out)
    assert (status, told["report"]["answers"]) == (0, True)
    assert told["plans"][0]["plan"]["requests"][0]["path"] == "/bans/u-1"
    words = ("adapter", "try", str(file), "--selector", "account.ban=u-1", "--pull", "--caller")
    status, out, _ = run(*words, secrets=(ADMIN, CALLER))
    assert status == 0
    assert re.search(r"^(\d+) of \1 demands of the contract are met\.$", out, re.MULTILINE)
    assert run("adapter", "add", str(file))[0] == 0
    status, out, _ = run("adapter", "list", "--json")
    assert {one["name"]: one["kind"] for one in json.loads(out)["adapters"]}["http_bans"] == "declared"
    assert run("adapter", "remove", "http_bans")[0] == 0


def test_faults_and_wrong_use_have_their_exit_codes_and_lines(run, file):
    wrong = file.with_name("wrong.yaml")
    wrong.write_text(file.read_text().replace("category: user", "category: ban").replace("s: 5", "s: soon"))
    status, out, err = run("adapter", "try", str(wrong))
    assert (status, out) == (2, "")
    assert [line.split(",")[0] for line in err.splitlines()[1:3]] == ["  line 14", "  line 16"]
    assert run("adapter", "try", "nowhere.yaml")[0] == 2
    assert run("adapter", "try", str(file), "--pull")[0] == 2
    assert run("adapter", "try", str(file), "--selector", "x", secrets=(ADMIN,))[0] == 2
    assert run("adapter", "try", str(file), secrets=("wrong",))[0] == 4
    file.write_text(file.read_text().replace("is: account_banned", "is: closed"))
    words = ("adapter", "try", str(file), "--selector", "account.ban=u-1", "--pull", "--caller", "--json")
    status, out, _ = run(*words, secrets=(ADMIN, CALLER))
    assert status == 1
    assert [one["name"] for one in json.loads(out)["tried"] if not one["ok"]] == ["test_probe"]


def test_a_new_package_says_where_it_is(run, tmp_path):
    status, out, _ = run("adapter", "new", "our_gateway", "--folder", str(tmp_path / "new"), "--json")
    assert status == 0
    assert len(json.loads(out)["files"]) == 6
    assert run("adapter", "new", "our_gateway", "--folder", str(tmp_path / "new"))[0] == 2
    _, told, _ = run("adapter", "new", "our_gateway", "--folder", str(tmp_path / "again"))
    for what in ("-m pytest", f"-m pip install {tmp_path / 'again'}"):
        assert f"{sys.executable} {what}" in told, "the Python that has the kit, and no other"
