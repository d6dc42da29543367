"""A commander and an approver, founded for practice with real keys on real files; the estate beside them on request."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from console.providers.instance import World
from console.runtime.paths import ProfilePaths
from console.services import dispatch, organisation, providers
from console.services.record import start_record
from console.services.session import Session

PEOPLE = ("commander", "approver")


def passphrase(who: str, what: str) -> bytes:
    return f"a passphrase of the {who} for {what}".encode()


class Asks:
    """Answers for one person, and remembers what was asked."""

    def __init__(self, who: str) -> None:
        self.who = who
        self.asked: list[str] = []

    def __call__(self, what: str, *, new: bool = False) -> bytes:
        self.asked.append(what)
        return passphrase(self.who, what)


def found(folder: Path, world: World = "drill") -> None:
    """Both profiles, founded, rehearsed and in sync; for practice, or for real servers."""
    share = folder / "share"
    share.mkdir(parents=True)
    one, two = (ProfilePaths(folder / who) for who in PEOPLE)
    start_record(one, Asks("commander"), name="Commander", world=world)
    with ExitStack() as stack:
        first = stack.enter_context(Session.open(one, Asks("commander")))
        words = organisation.prepare_founding(first, share, folder / "e1").genesis_words
        joined = organisation.join(
            two, Asks("approver"), folder=share, words=words, name="Approver", envelopes=folder / "e2"
        )
        organisation.admit(first, joined.words)
        second = stack.enter_context(Session.open(two, Asks("approver")))
        organisation.sign_roster(second)
        dispatch.sync_all(first)
        organisation.rehearse(first)
        organisation.rehearse(second)
        sync(first, second)


def sync(*sessions: Session) -> None:
    for session in (*sessions, sessions[0]):
        dispatch.sync_all(session)


@contextmanager
def pair_at(founded: Path, folder: Path) -> Iterator[tuple[Session, Session]]:
    """A copy of what `found` made, opened; paths in the settings moved along."""
    shutil.copytree(founded, folder, dirs_exist_ok=True)
    with ExitStack() as stack:
        opened: list[Session] = []
        for who in PEOPLE:
            session = stack.enter_context(Session.open(ProfilePaths(folder / who), Asks(who)))
            session.change_settings(replace(session.settings, places=(str(folder / "share"),)))
            opened.append(session)
        yield opened[0], opened[1]


def connect(session: Session, estate, *parts: str) -> None:
    """Every part of the estate as a provider of this session, with its surfaces."""
    for known in estate.instances():
        if not parts or known["settings"]["part"] in parts:
            made, _ = providers.add(
                session,
                "practice",
                known["name"],
                known["settings"],
                lambda _what, known=known: known["secrets"]["admin"],
            )
            providers.adopt_surfaces(session, made.id)


def connect_manual(session: Session, model: str, name: str = "vendor") -> None:
    surfaces = [{"key": "at-vendor", "name": "the model at the vendor", "model": model}]
    providers.add(session, "manual", name, {"who": "support desk", "surfaces": surfaces}, lambda _what: "")
    providers.adopt_surfaces(session, name)


@pytest.fixture(scope="session")
def founded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("founded")
    with pytest.MonkeyPatch.context() as patch:
        for name in ("data", "state", "config", "cache", "run"):
            (folder / "home" / name).mkdir(parents=True, mode=0o700)
        patch.setenv("HOME", str(folder / "home"))
        patch.setenv("XDG_STATE_HOME", str(folder / "home" / "state"))
        patch.setenv("XDG_DATA_HOME", str(folder / "home" / "data"))
        found(folder / "org")
    return folder / "org"


@pytest.fixture
def pair(founded: Path, tmp_path: Path) -> Iterator[tuple[Session, Session]]:
    with pair_at(founded, tmp_path / "org") as opened:
        yield opened
