"""Adapters of one's own: a file that is tried, kept and let go; a package that is begun and passes as it stands."""

from __future__ import annotations

import importlib
import os
import subprocess
import sys
from pathlib import Path

import pytest

from adapters.http.simulator import ADMIN, CALLER, HttpSite
from adapters.simulator import Simulator
from console.domain.errors import WrongUse
from console.services import adapters, providers, skeleton
from console.services.adapters import Asked

ROOT = Path(__file__).parents[2]
ON = Asked(lever="account.ban", selector="u-1")


@pytest.fixture
def server():
    with Simulator(HttpSite("bans")) as simulator:
        yield simulator


@pytest.fixture
def file(tmp_path, server):
    path = tmp_path / "our-bans.yaml"
    path.write_text(adapters.example("bans").replace("https://bans.example", server.url), encoding="utf-8")
    return path


# -- a file ------------------------------------------------------------------------------------------------------------


def test_trying_shows_the_exact_requests_and_only_reads(file, server):
    tried = adapters.try_file(file, {}, {"admin": ADMIN}, [ON, Asked(lever="account.ban", selector="nobody")])
    told = "\n".join(tried.lines)
    assert "banned: false now, true then" in told
    assert 'would send: PUT /bans/u-1 {"reason":"correction"}' in told
    assert "and to revert: DELETE /bans/u-1" in told
    assert "account.ban on nobody:\n  CANNOT be planned: the provider has no account called nobody" in told
    assert {one.method for one in server.requests()} == {"GET"}
    assert "user-agent" in server.requests()[0].headers, "behind the console's own guard"


def test_a_credential_that_may_not_is_said(file):
    tried = adapters.try_file(file, {}, {"admin": "wrong"}, [ON])
    assert (tried.report.answers, tried.report.fault, tried.plans) == (False, "the provider answered 401", ())


def test_the_kit_runs_without_a_test_runner(file, server):
    found = list(adapters.pull(file, {}, {"admin": ADMIN, "caller": CALLER}, ON, caller="caller"))
    assert len(found) > 15
    assert [one for one in found if not one.ok] == []
    assert server.site.state.bans == {}, "put back as it was"


def test_the_kit_finds_a_probe_in_the_wrong_words(file):
    file.write_text(file.read_text().replace("is: account_banned", "is: closed"))
    found = adapters.pull(file, {}, {"admin": ADMIN, "caller": CALLER}, ON, caller="caller")
    assert [one.name for one in found if not one.ok] == ["test_probe"]


def test_the_kit_pulls_nowhere_but_on_this_computer(file):
    file.write_text(adapters.example("bans"))
    with pytest.raises(WrongUse, match="against this computer only"):
        list(adapters.pull(file, {}, {"admin": ADMIN}, ON, caller=None))
    with pytest.raises(WrongUse, match="no lever"):
        list(adapters.pull(file, {}, {}, Asked(lever="no.such", selector="x"), caller=None))


def test_a_kept_file_is_offered_everywhere_and_let_go_again(file):
    kept = adapters.keep(file)
    assert (kept.name, kept.kind, kept.unproven) == ("http_bans", "declared", ("account.ban",))
    assert "http_bans" in {one["name"] for one in providers.adapters()}, "the window and `provider add` offer it"
    assert adapters.keep(file).name == "http_bans", "the same file again is no fault"
    file.write_text(file.read_text().replace("title: Ban service", "title: Bans"))
    with pytest.raises(WrongUse, match="declares http_bans already"):
        adapters.keep(file)
    assert adapters.keep(file, replace=True).title == "Bans"
    adapters.forget("bans")
    assert "http_bans" not in {one.name for one in adapters.known()}
    for gone in ("http_bans", "../bans", "a/b"):
        with pytest.raises(WrongUse):
            adapters.forget(gone)


def test_every_example_can_be_had_by_name():
    for name in ("flags", "firewall", "gateway", "bans"):
        assert "standdown: http/1" in adapters.example(name)
        assert len(adapters.example(name).splitlines()) < 40, "a file that is read at one look"
    with pytest.raises(WrongUse, match=r"There are: bans, firewall, flags, gateway\."):
        adapters.example("none")


# -- a package ---------------------------------------------------------------------------------------------------------


@pytest.fixture
def package(tmp_path):
    folder = tmp_path / "our-gateway"
    skeleton.make("our_gateway", folder)
    return folder


def test_a_new_package_passes_the_kit_as_it_stands(package):
    path = os.pathsep.join((str(package), str(ROOT)))
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-W", "error", str(package)]
    done = subprocess.run(
        command,
        cwd=package,
        check=False,
        capture_output=True,
        text=True,
        env={**os.environ, "PYTHONPATH": path},
        timeout=300,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "passed" in done.stdout


def test_a_new_package_is_proven_at_a_server_of_ones_own(package):
    """The same class, at an address that is given: here a simulator with other credentials."""
    sys.path.insert(0, str(package))
    try:
        site = importlib.import_module("standdown_our_gateway.simulator")
    finally:
        sys.path.remove(str(package))
    with pytest.MonkeyPatch.context() as patch, Simulator(site.Site()) as server:
        patch.setattr(site, "ADMIN", "another-admin")
        patch.setattr(site, "CALLER", "another-caller")
        path = os.pathsep.join((str(package), str(ROOT)))
        given = {"SERVER": server.url, "ADMIN": "another-admin", "CALLER": "another-caller", "PYTHONPATH": path}
        done = subprocess.run(
            [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", str(package)], cwd=package, check=False,
            capture_output=True, text=True, env={**os.environ, **given}, timeout=300,
        )  # fmt: skip
        assert done.returncode == 0, done.stdout + done.stderr
        assert any(one.bearer == "another-caller" for one in server.requests())


def test_a_new_package_is_short(package):
    """What a stranger reads and changes in the first hour; what is common to adapters stands in the kit's modules."""
    lines = {path.name: len(path.read_text(encoding="utf-8").splitlines()) for path in package.rglob("*.py")}
    assert lines["adapter.py"] <= 90
    assert sum(lines.values()) <= 175


def test_a_new_package_installs_through_its_entry_point(package, tmp_path):
    into = tmp_path / "site"
    build = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(tmp_path / "wheel")]
    subprocess.run(build, cwd=package, check=True, capture_output=True, timeout=300)
    (wheel,) = (tmp_path / "wheel").iterdir()
    install = [
        sys.executable,
        "-m",
        "pip",
        "install",
        "-q",
        "--no-index",
        "--no-deps",
        "--target",
        str(into),
        str(wheel),
    ]
    subprocess.run(install, check=True, capture_output=True, timeout=300)
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join((str(into), str(ROOT)))}
    done = subprocess.run(
        [sys.executable, "-m", "console", "adapter", "list"],
        check=True,
        capture_output=True,
        text=True,
        env=environment,
        timeout=300,
    )
    (line,) = (one for one in done.stdout.splitlines() if one.startswith("our_gateway "))
    assert "installed" in line
    assert "contract 1: key.block; unproven: key.block" in line


@pytest.mark.parametrize("name", ["", "A", "Our", "1a", "a-b", "http_x", "a__b", "a_", "litellm", "x" * 40])
def test_a_name_an_adapter_cannot_have_makes_nothing(name, tmp_path):
    with pytest.raises(WrongUse):
        skeleton.make(name, tmp_path / "new")
    assert not (tmp_path / "new").exists()


def test_a_folder_with_something_in_it_is_left_alone(tmp_path):
    (tmp_path / "mine").write_text("mine")
    with pytest.raises(WrongUse, match="something at"):
        skeleton.make("our_gateway", tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["mine"]
