"""The locks hold every dependency, hashed, and say nothing about where they were made."""

from __future__ import annotations

import re
import tomllib
from importlib import metadata
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
RUNTIME = PROJECT["project"]["dependencies"]
DECLARED = {"runtime": RUNTIME, "dev": [*RUNTIME, *PROJECT["dependency-groups"]["dev"]]}
PIN = re.compile(r"(?P<name>[a-z0-9-]+)==(?P<version>[^\s;]+)(?: ; (?P<marker>[^\\]+?))? \\")
HASH = re.compile(r"    --hash=sha256:[0-9a-f]{64}(?: \\)?")


def _text(lock: str) -> str:
    return (ROOT / "packaging" / "locks" / f"{lock}.txt").read_text(encoding="utf-8")


def _pins(lock: str) -> dict[str, str]:
    return {found["name"]: found["version"] for line in _text(lock).splitlines() if (found := PIN.fullmatch(line))}


@pytest.mark.parametrize("lock", ["runtime", "dev", "aws", "google"])
def test_a_lock_is_pins_and_hashes_and_nothing_else(lock: str) -> None:
    hashed: set[str] = set()
    current = ""
    for line in _text(lock).splitlines():
        if not line or line.startswith("#"):
            continue
        if found := PIN.fullmatch(line):
            current = found["name"]
        else:
            assert HASH.fullmatch(line), line
            hashed.add(current)
    assert hashed == set(_pins(lock))


@pytest.mark.parametrize("lock", ["runtime", "dev", "aws", "google"])
def test_no_address_is_written_down(lock: str) -> None:
    assert not re.search(r"://|--index|--extra|--find|--trusted| @ ", _text(lock))


def test_the_tests_run_with_what_people_run() -> None:
    assert _pins("runtime").items() <= _pins("dev").items()


@pytest.mark.parametrize("lock", ["runtime", "dev"])
def test_everything_needed_is_locked(lock: str) -> None:
    pins, seen, waiting = _pins(lock), set(), [Requirement(text) for text in DECLARED[lock]]
    while waiting:
        wanted = waiting.pop()
        name = canonicalize_name(wanted.name)
        assert name in pins, f"{name} is not in {lock}.txt"
        assert wanted.specifier.contains(pins[name], prereleases=True), f"{wanted} against {pins[name]}"
        if (name, frozenset(wanted.extras)) in seen:
            continue
        seen.add((name, frozenset(wanted.extras)))
        for text in metadata.requires(name) or ():
            needed = Requirement(text)
            if any(needed.marker is None or needed.marker.evaluate({"extra": e}) for e in (*wanted.extras, "")):
                waiting.append(needed)
    assert {name for name, _ in seen} <= set(pins)
