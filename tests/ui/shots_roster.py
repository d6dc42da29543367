"""Pictures of everything about roster, keys and the console's own record, on real profiles: see `tests.ui.shots`."""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Protocol

from PySide6.QtWidgets import QWidget

from console.journal.values import Draft
from console.keys import keyfile, signer, sshsig
from console.keys.words import words_of
from console.runtime.paths import ProfilePaths
from console.services import dispatch, members, organisation, roster
from console.services.readiness import organisation_facts
from console.services.record import start_record
from console.services.session import Session, nobody_asked
from console.sync.folder import FolderPlace
from console.sync.people import put_roster
from console.ui.firstrun import FirstRun
from console.ui.machine_time import ConfirmTimeSheet
from console.ui.organisation import OrganisationDialog
from console.ui.roster import RosterDialog
from console.ui.roster_envelopes import EnvelopesSheet
from console.ui.roster_keys import RenewSheet
from console.ui.roster_letters import AdoptSheet, LetterSheet
from console.ui.roster_members import AdmitSheet, LostSheet, MemberSheet
from console.ui.roster_restored import RestoredSheet
from console.ui.roster_settling import SettleSheet
from console.ui.theme import Look
from console.viewmodels.organisation import members as view_members
from console.viewmodels.organisation import waiting_views
from console.viewmodels.roster_split import split_views
from tests.kit.pair import Asks, found, passphrase, sync
from tests.kit.resting import rest
from tests.kit.rooms import room_of

_LAID_OUT_MS = 700


class Shots(Protocol):
    """Takes the pictures."""

    look: Look

    def both(self, widget: QWidget, name: str) -> None:
        """The widget as it is now, in every look."""


def pictures(shots: Shots, root: Path) -> None:
    """An organisation of two, a third who asks, and what may happen to them."""
    found(root)
    share = root / "share"
    with ExitStack() as stack:
        one, two = (_opened(stack, root / who, who) for who in ("commander", "approver"))
        third, words = _asking(stack, one, root / "third")
        outcome = members.admit(one, words, name="Scribe", roles=("approver", "scribe"), reason="Takes the notes")
        sync(one, two)
        _waiting(shots, two, outcome.sha)
        roster.sign(two, outcome.sha)
        sync(one, two, third)
        third.append(Draft("note", disclosures={"text": "from a laptop that is about to be stolen"}))
        sync(third, one, two)
        _people(shots, one, root)
        _restored(shots, root)
        _split(shots, one, two, third, share)


def beginnings(shots: Shots, root: Path) -> None:
    """Where somebody begins or joins: a key of the agent, a security key, a member's further device."""
    first = FirstRun(ProfilePaths(root), shots.look, lambda _paths, _done: None)  # type: ignore[arg-type,return-value]  # opens nothing here
    with _shown(shots, "first-alone-agent", first):
        first._alone(found=False)
        first.page.passphrase.use_agent.click()
        _until(lambda: "being asked" not in first.page.passphrase.agent.told.text())
    first = FirstRun(ProfilePaths(root), shots.look, lambda _paths, _done: None)  # type: ignore[arg-type,return-value]  # as above
    with _shown(shots, "first-join-keys", first):
        first._keys()
    first = FirstRun(ProfilePaths(root), shots.look, lambda _paths, _done: None)  # type: ignore[arg-type,return-value]  # as above
    with _shown(shots, "first-join-member", first):
        first._keys()
        first.page.member.is_member.click()
        first.page.approver.use_device.click()


def inviting(shots: Shots, root: Path) -> None:
    """Founding in the main window, with words to read out and envelopes that still lie as files."""
    (root / "share").mkdir(parents=True)
    start_record(ProfilePaths(root / "one"), Asks("one"), name="Commander")
    with ExitStack() as stack:
        one = _opened(stack, root / "one", "one")
        organisation.prepare_founding(one, root / "share", one.paths.root / "envelopes")
        with room_of(one, shots.look) as room:
            dialog = OrganisationDialog(room)
            with _shown(shots, "found-inviting", dialog):
                _until(lambda: dialog.founding.stage == "inviting")


def _opened(stack: ExitStack, folder: Path, who: str) -> Session:
    return stack.enter_context(Session.open(ProfilePaths(folder), Asks(who)))


def _asking(stack: ExitStack, beside: Session, folder: Path) -> tuple[Session, str]:
    asked = organisation.join(
        ProfilePaths(folder), Asks("scribe"), folder=Path(beside.settings.places[0]), name="Scribe",
        words=words_of(organisation.genesis_of(beside)), envelopes=folder / "sheets",
    )  # fmt: skip
    return _opened(stack, folder, "scribe"), asked.words


@contextmanager
def _shown(shots: Shots, name: str, widget: QWidget, wait_ms: int = _LAID_OUT_MS) -> Iterator[None]:
    """Take its picture at the end, and close it."""
    widget.show()
    rest(wait_ms)
    yield
    rest(wait_ms)
    shots.both(widget, name)
    widget.close()
    rest(50)


def _until(condition: Callable[[], object], within_s: float = 60.0) -> None:
    ends = time.monotonic() + within_s
    while not condition() and time.monotonic() < ends:
        rest(50)


def _waiting(shots: Shots, two: Session, sha: str) -> None:
    with room_of(two, shots.look) as room:
        dialog = OrganisationDialog(room)
        dialog.resize(940, 1500)
        with _shown(shots, "roster-organisation", dialog, 4_000):
            dialog.tabs.setCurrentIndex(0)
        [view] = [one for one in waiting_views(two) if one.sha == sha]
        signing = RosterDialog(room, view, None)
        with _shown(shots, "roster-sign", signing, 1_500):
            pass
        sealed = (Path(two.settings.places[0]).parent / "e2" / "recovery-envelope-1.txt").read_text()
        signing = RosterDialog(room, view, None)
        with _shown(shots, "roster-sign-recovery", signing, 1_500):
            signing.use_recovery.click()
            signing.recovery.typed.setPlainText(sealed)


def _people(shots: Shots, one: Session, root: Path) -> None:
    people = view_members(organisation_facts(one))
    other = next(each for each in people if not each.me)
    lone = ProfilePaths(root / "lone")
    start_record(lone, Asks("lone"), name="Night shift", world="drill")
    with room_of(one, shots.look) as room:
        admit = AdmitSheet(room, None, people)  # type: ignore[arg-type]  # over no window, for a picture
        with _shown(shots, "roster-admit", admit):
            pass
        admit = AdmitSheet(room, None, people)  # type: ignore[arg-type]  # as above
        with _shown(shots, "roster-admit-lost", admit):
            admit.what.setCurrentIndex(2)
        member = MemberSheet(room, None, other)  # type: ignore[arg-type]  # as above
        with _shown(shots, "roster-member", member):
            pass
        lost = LostSheet(room, None, people)  # type: ignore[arg-type]  # as above
        with _shown(shots, "roster-lost", lost):
            lost.since.setText("-1m")
            _until(lambda: "revoked" in lost.does.text())
        for name, use, kind in (
            ("file", "writer", 0),
            ("agent", "writer", 1),
            ("security-key", "approver", 1),
            ("envelopes", "recovery", 0),
        ):
            renew = RenewSheet(room, None, admin=True, use=use)  # type: ignore[arg-type]  # as above
            with _shown(shots, f"keys-renew-{name}", renew):
                renew.kind.setCurrentIndex(kind)
        with _shown(shots, "keys-letter", LetterSheet(room, None)):  # type: ignore[arg-type]  # as above
            pass
        adopt = AdoptSheet(room, None)  # type: ignore[arg-type]  # as above
        with _shown(shots, "roster-adopt", adopt):
            adopt.folder.edit.setText(str(lone.root))
            adopt.look_button.click()
            _until(adopt.found.isVisible)
        (one.paths.root / "envelopes").mkdir(mode=0o700)
        for sheet in (root / "e1").iterdir():
            shutil.copy(sheet, one.paths.root / "envelopes")
        envelopes = EnvelopesSheet(room, None)
        with _shown(shots, "keys-envelopes", envelopes):
            _until(lambda: envelopes.cards)
        with _shown(shots, "keys-record-sound", RestoredSheet(room, None)):
            pass
        with _shown(shots, "keys-time", ConfirmTimeSheet(room, None)):
            pass


def _restored(shots: Shots, root: Path) -> None:
    """A backup was put back: real, since practice keeps no mark."""
    paths, share = ProfilePaths(root / "restored"), root / "restored-share"
    share.mkdir()
    start_record(paths, Asks("lone"), name="Commander")
    with Session.open(paths, Asks("lone")) as session:
        session.change_settings(replace(session.settings, places=(str(share),)))
        session.append(Draft("note", disclosures={"text": "before the backup"}))
        dispatch.sync_all(session)
    shutil.copytree(paths.root, root / "backup")
    with Session.open(paths, Asks("lone")) as session:
        for at in range(3):
            session.append(Draft("note", disclosures={"text": f"after it, {at}"}))
        dispatch.sync_all(session)
    shutil.rmtree(paths.root)
    shutil.copytree(root / "backup", paths.root)
    with Session.open(paths, nobody_asked) as session, room_of(session, shots.look) as room:
        sheet = RestoredSheet(room, None)
        with _shown(shots, "keys-record-restored", sheet):
            _until(sheet.go.isVisible)
        sheet = RestoredSheet(room, None)
        with _shown(shots, "keys-record-recovered", sheet):
            _until(sheet.go.isVisible)
            sheet.go.click()
            _until(lambda: not sheet.go.isVisible())


def _split(shots: Shots, one: Session, two: Session, third: Session, share: Path) -> None:
    first = members.change_roles(one, "Scribe", ("admin", "approver"), "To have a third admin")
    other = members.change_roles(two, "Scribe", ("approver", "observer"), "Only watches from now on")
    raws = {waits.sha: waits.raw for waits in roster.waiting(two)}
    for session, who, sha in ((two, "approver", first.sha), (one, "commander", other.sha)):
        key = keyfile.read_saved(session.paths.key("approver"), "approver")
        blob = signer.sign_once(key, sshsig.roster_ns(one.org), raws[sha], passphrase(who, "your approver key"))
        put_roster(FolderPlace(share), 3, raws[sha], {key.public.fingerprint: blob})
    sync(one, two, third)
    with room_of(one, shots.look) as room:
        dialog = OrganisationDialog(room)
        dialog.resize(940, 900)
        with _shown(shots, "roster-split", dialog, 4_000):
            dialog.tabs.setCurrentIndex(0)
        with _shown(shots, "roster-settle", SettleSheet(room, None, split_views(one)[0])):  # type: ignore[arg-type]  # as above
            pass
