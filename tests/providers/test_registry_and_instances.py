from __future__ import annotations

import asyncio
import shutil
import sys
from importlib.metadata import EntryPoint
from pathlib import Path
from types import ModuleType

import pytest

import adapters.http
from console.domain.errors import Problem, WrongUse
from console.providers.instance import BadProvidersFile, BadSettings, Instances, NoSuchInstance, WrongWorld
from console.providers.plane import Planes
from console.providers.poller import Look, Reachability, look
from console.providers.registry import Broken, Registry, UnknownAdapter, Usable, make_adapter
from console.runtime import platform
from console.runtime.clock import SystemClock
from tests.kit.entropy import SeededEntropy
from tests.kit.plainadapter import PlainAdapter
from tests.kit.plainserver import PlainEstate

EXAMPLES = Path(adapters.http.__file__).with_name("examples")


class NoSecrets:
    def get(self, _name):
        return "s"


def registry(**more):
    return Registry({"practice": Usable(PlainAdapter.manifest, PlainAdapter), **more})


def test_one_that_fails_to_import_stops_nothing_else(monkeypatch):
    module = ModuleType("stranger")
    module.Good = type("Good", (PlainAdapter,), {})
    monkeypatch.setitem(sys.modules, "stranger", module)
    points = [
        EntryPoint("practice", "stranger:Good", "standdown.adapters"),
        EntryPoint("gone", "no_such_module_here:X", "standdown.adapters"),
        EntryPoint("odd", "stranger:Good", "standdown.adapters"),
    ]
    found = Registry.load(built_in=("no_such_adapter",), extra=points)
    assert found.usable("practice").make is module.Good
    assert {one.name for one in found.broken()} == {"gone", "odd", "no_such_adapter"}
    assert "practice" in found.look_up("odd").reason
    with pytest.raises(UnknownAdapter, match="cannot be used"):
        found.usable("gone")
    with pytest.raises(UnknownAdapter, match="no adapter"):
        found.usable("never")


def test_an_installed_adapter_cannot_replace_another(monkeypatch):
    module = ModuleType("stranger")
    module.Good = PlainAdapter
    monkeypatch.setitem(sys.modules, "stranger", module)
    point = EntryPoint("practice", "stranger:Good", "standdown.adapters")
    found = Registry.load(built_in=(), extra=[point, point])
    assert len(found.broken()) == 1


@pytest.fixture
def instances(tmp_path):
    return Instances(tmp_path, registry(), "drill", SeededEntropy(1))


def test_an_instance_is_kept_without_secrets(instances, tmp_path):
    made = instances.add("practice", "gateway", {"url": "http://127.0.0.1:1"})
    instances.set_probe_credential("gateway", "k", "probe-k")
    again = Instances(tmp_path, registry(), "drill", SeededEntropy(2))
    assert again.get(made.id).probe_credentials == {"k": "probe-k"}
    assert platform.is_private(tmp_path / "providers.json")
    assert again.set_probe_credential(made.id, "k", None).probe_credentials == {}
    assert again.remove("gateway").id == made.id
    assert again.all() == ()


def test_bad_settings_name_the_field_and_hide_the_value(instances):
    with pytest.raises(BadSettings) as told:
        instances.add("practice", "g", {"url": ["hidden"], "more": "hidden"})
    assert "url" in str(told.value)
    assert "more" in str(told.value)
    assert "hidden" not in str(told.value)
    with pytest.raises(BadSettings, match="url"):
        instances.add("practice", "g", {})


def test_worlds_do_not_mix(tmp_path):
    real = Instances(tmp_path, registry(), "real", SeededEntropy(1))
    with pytest.raises(WrongWorld):
        real.add("practice", "g", {"url": "http://127.0.0.1:1"})
    drill = Instances(tmp_path, registry(litellm=Usable(PlainAdapter.manifest, PlainAdapter)), "drill", SeededEntropy())
    with pytest.raises(WrongWorld):
        drill.add("litellm", "g", {"url": "http://127.0.0.1:1"})


def test_names_ids_and_strangers(instances):
    instances.add("practice", "g", {"url": "http://127.0.0.1:1"})
    for name in ("g", "", " ", "x" * 121, "a\nb"):
        with pytest.raises(WrongUse):
            instances.add("practice", name, {"url": "http://127.0.0.1:1"})
    with pytest.raises(WrongUse):
        instances.add("practice", "h", {"url": "http://127.0.0.1:1"}, id="nonsense")
    with pytest.raises(NoSuchInstance):
        instances.get("h")
    with pytest.raises(UnknownAdapter):
        instances.add("never", "h", {})


def test_an_unreadable_file_is_one_clear_sentence(instances, tmp_path):
    for raw in (b"{", b"[]", b'{"version":2,"instances":[]}', b'{"version":1,"instances":[{"id":1}]}'):
        (tmp_path / "providers.json").write_bytes(raw)
        with pytest.raises(BadProvidersFile):
            instances.all()


def test_two_processes_do_not_write_over_each_other(instances, tmp_path):
    with platform.FileLock.try_take(tmp_path / "providers.lock"), pytest.raises(Problem, match="Another process"):
        instances.add("practice", "g", {"url": "http://127.0.0.1:1"})


def test_a_broken_instance_stops_no_other(instances, tmp_path):
    good = instances.add("practice", "g", {"url": "http://127.0.0.1:1"})
    far = instances.add("practice", "far", {"url": "http://192.0.2.1"})
    planes = Planes.open(instances, NoSecrets(), SystemClock())
    assert [plane.instance.id for plane in planes.all()] == [good.id]
    assert "machine only" in planes.why_not(far.id)
    assert planes.get(far.id) is None
    assert "not connected" in planes.why_not("g-x")
    lost = Instances(tmp_path, registry(practice=Broken("practice", "ImportError: x")), "drill", SeededEntropy(1))
    assert len(Planes.open(lost, NoSecrets(), SystemClock()).broken()) == 2
    asyncio.run(planes.aclose())


def test_a_look_is_a_fact_whatever_happens(instances):
    async def story():
        async with PlainEstate() as estate:
            made = instances.add("practice", "g", {"url": estate.url})
            planes = Planes.open(instances, NoSecrets(), SystemClock())
            plane = planes.get(made.id)
            seen = [await look(plane)]
            estate.status = 500
            seen.append(await look(plane))
            estate.status = 429
            seen.append(await look(plane))
            estate.status, estate.body = 200, b"x" * (2 << 20)
            seen.append(await look(plane))
            await estate.stop()
            seen.append(await look(plane))
            await planes.aclose()
            return seen

    found = asyncio.run(story())
    assert [one.reachable for one in found] == [True, False, True, True, False]
    assert found[0].status.surfaces[0].state == "serving"
    assert all(one.fault for one in found[1:])


def seen(at_ms, reachable):
    return Look(instance="g", at_ms=at_ms, reachable=reachable, status=None, fault=None if reachable else "gone")


def test_transitions_are_told_once_and_dated_from_the_first_look():
    watch = Reachability()
    assert watch.observe(seen(1, reachable=True)) is None
    assert watch.answering_since_ms("g") == 1
    assert watch.observe(seen(2, reachable=False)) is None
    lost = watch.observe(seen(3, reachable=False))
    assert (lost.became, lost.since_ms) == ("unreachable", 2)
    assert watch.observe(seen(4, reachable=False)) is None
    assert watch.is_down("g")
    back = watch.observe(seen(5, reachable=True))
    assert (back.became, back.since_ms) == ("reachable", 5)
    assert watch.observe(seen(6, reachable=True)) is None
    assert watch.answering_since_ms("g") == 5


# -- adapters declared in files ----------------------------------------------------------------------------------------


@pytest.fixture
def folder(tmp_path):
    made = tmp_path / "adapters"
    made.mkdir()
    shutil.copy(EXAMPLES / "bans.yaml", made)
    return made


def test_a_file_in_the_folder_is_an_adapter_like_any_other(folder):
    found = Registry.load(built_in=(), extra=[], folder=folder)
    assert found.names() == ("http_bans",)
    usable = found.usable("http_bans")
    assert (usable.kind, usable.manifest.levers[0].name) == ("declared", "account.ban")
    assert make_adapter(usable, {}).base_url() == "https://bans.example"
    assert Registry.load(built_in=(), extra=[], folder=folder).usable("http_bans").make is usable.make, "read once"


def test_a_file_that_changed_is_read_anew(folder):
    before = Registry.load(built_in=(), extra=[], folder=folder).usable("http_bans")
    path = folder / "bans.yaml"
    path.write_text(path.read_text().replace("title: Ban service", "title: The ban service"))
    after = Registry.load(built_in=(), extra=[], folder=folder).usable("http_bans")
    assert (before.manifest.title, after.manifest.title) == ("Ban service", "The ban service")


def test_a_file_with_a_fault_is_shown_as_broken_with_its_line_and_stops_no_other(folder):
    bad = (folder / "bans.yaml").read_text().replace("category: user", "category: ban")
    (folder / "worse.yaml").write_text(bad)
    (folder / "notes.txt").write_text("no adapter")
    found = Registry.load(built_in=(), extra=[], folder=folder)
    (broken,) = found.broken()
    assert (broken.name, broken.kind) == ("http_worse", "declared")
    assert "line 14, levers.account.ban.category" in broken.reason
    assert found.usable("http_bans")


def test_a_file_under_another_name_and_a_package_under_a_files_name_are_broken(folder, monkeypatch):
    (folder / "bans.yaml").rename(folder / "litellm.yaml")
    module = ModuleType("stranger")
    module.Good = PlainAdapter
    monkeypatch.setitem(sys.modules, "stranger", module)
    point = EntryPoint("http_bans", "stranger:Good", "standdown.adapters")
    found = Registry.load(built_in=(), extra=[point], folder=folder)
    assert {one.name for one in found.broken()} == {"http_litellm", "http_bans (stranger:Good)"}


def test_a_declared_adapter_is_no_part_of_a_drill(folder, tmp_path):
    known = Registry.load(built_in=(), extra=[], folder=folder)
    with pytest.raises(WrongWorld):
        Instances(tmp_path, known, "drill", SeededEntropy(1)).add("http_bans", "bans", {})
    assert Instances(tmp_path, known, "real", SeededEntropy(1)).add("http_bans", "bans", {}).adapter == "http_bans"
