from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from console.runtime.faults import RuntimeProblem
from console.runtime.settings import ProfileSettings, read_settings, write_settings

ORDINARY = ProfileSettings(
    org="o-" + "0" * 26,
    world="real",
    person="p-" + "1" * 26,
    console="c-" + "2" * 26,
    name="Night shift",
    genesis="ab" * 32,
    places=("/srv/shared", "C:\\shared"),
)

TEXT = st.text(st.characters(exclude_categories=["Cs"]), min_size=1)


def test_what_is_written_reads_back(tmp_path: Path) -> None:
    path = tmp_path / "profile.toml"
    write_settings(path, ORDINARY)
    assert read_settings(path) == ORDINARY
    assert path.stat().st_mode & 0o777 == 0o600


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=200)
@given(name=TEXT, places=st.lists(TEXT, max_size=4), world=st.sampled_from(["real", "drill"]))
def test_any_text_survives(tmp_path: Path, name: str, places: list[str], world: str) -> None:
    path = tmp_path / "profile.toml"
    wanted = ProfileSettings(org="o", world=world, person="p", console="c", name=name, places=tuple(places))
    write_settings(path, wanted)
    assert read_settings(path) == wanted


@pytest.mark.parametrize("name", ['"', "\\", "a\nb", "\x00", "\x7f", '"""', "x # y", "ü\U0001f6d1", "\r\n", "\u2028"])
def test_awkward_names(tmp_path: Path, name: str) -> None:
    path = tmp_path / "profile.toml"
    write_settings(path, ProfileSettings(org="o", world="real", person="p", console="c", name=name))
    assert read_settings(path).name == name


def test_what_would_not_read_back_is_not_written(tmp_path: Path) -> None:
    path = tmp_path / "profile.toml"
    write_settings(path, ORDINARY)
    with pytest.raises(RuntimeProblem, match="name is missing"):
        write_settings(path, ProfileSettings(org="o", world="real", person="p", console="c", name=""))
    assert read_settings(path) == ORDINARY


@pytest.mark.parametrize("house", ["make", "use", "both", None])
def test_the_house_is_kept_and_may_be_unsaid(tmp_path: Path, house: str | None) -> None:
    path = tmp_path / "profile.toml"
    write_settings(path, replace(ORDINARY, house=house))
    assert read_settings(path).house == house
    assert ("house" in path.read_text()) == (house is not None)


def test_no_profile_says_how_to_start_one(tmp_path: Path) -> None:
    with pytest.raises(RuntimeProblem) as caught:
        read_settings(tmp_path / "profile.toml")
    assert str(tmp_path) in caught.value.what
    assert "standdown record" in caught.value.next_step


GOOD = 'version = 1\norg = "o"\nworld = "real"\nperson = "p"\nconsole = "c"\nname = "n"\n'


@pytest.mark.parametrize(
    ("text", "why"),
    [
        (b"version = 1\norg = ", "Invalid value"),
        (b"\xff\xfe", "utf-8"),
        (b"", "version None"),
        (GOOD.replace("1", "2").encode(), "version 2"),
        (GOOD.replace("1", "true").encode(), "version True"),
        (GOOD.replace('"real"', '"practice"').encode(), "neither"),
        (GOOD.replace('"o"', "7").encode(), "org is missing"),
        (GOOD.replace('person = "p"\n', "").encode(), "person is missing"),
        ((GOOD + "genesis = 5\n").encode(), "genesis"),
        ((GOOD + f'genesis = "{"AB" * 32}"\n').encode(), "genesis"),
        ((GOOD + 'places = "one"\n').encode(), "places"),
        ((GOOD + 'places = ["one", 2]\n').encode(), "places"),
        ((GOOD + 'token = "x"\n').encode(), "does not know: token"),
        ((GOOD + 'house = "ours"\n').encode(), "house"),
    ],
)
def test_bad_files_are_named_with_their_reason(tmp_path: Path, text: bytes, why: str) -> None:
    path = tmp_path / "profile.toml"
    path.write_bytes(text)
    with pytest.raises(RuntimeProblem) as caught:
        read_settings(path)
    assert str(path) in caught.value.what
    assert why in caught.value.what
    assert "journal beside it is untouched" in caught.value.next_step


def test_an_unreadable_file_is_named(tmp_path: Path) -> None:
    (tmp_path / "profile.toml").mkdir()
    with pytest.raises(RuntimeProblem, match="cannot be used"):
        read_settings(tmp_path / "profile.toml")
