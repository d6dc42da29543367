"""Beginning and joining with keys that live elsewhere: in the ssh-agent, on a security key, as a member already."""

from __future__ import annotations

from pathlib import Path

import pytest
from PySide6.QtCore import Qt

from console.journal.values import Draft
from console.keys import keyfile
from console.keys.words import words_of
from console.runtime.paths import ProfilePaths
from console.services import members, organisation, roster
from console.services.asking import requests_to_join
from console.services.session import Session, nobody_asked
from console.sync.folder import FolderPlace
from console.ui.doors import AlonePage, HearPage, JoinPage
from console.viewmodels.keys import agent_keys, why_not_member
from tests.keys.device import PIN, device_library, security_key
from tests.keys.test_agent import add, running
from tests.kit.pair import sync
from tests.ui.test_firstrun import WITHIN_MS, Shown, at, choose, fill, opened, page, shown, unlock

__all__ = ["device_library", "opened", "running", "security_key", "shown"]


def test_a_record_begins_with_a_key_of_the_agent(running, opened, shown: Shown, tmp_path: Path, qtbot) -> None:
    add(tmp_path, "duty@desk")
    window = opened(tmp_path / "p")
    choose(window, "alone")
    asked = page(window, AlonePage, qtbot)
    asked.name.edit.setText("Duty officer")
    assert not asked.go.isEnabled()
    qtbot.keyClick(asked.passphrase.use_agent, Qt.Key.Key_Space)
    qtbot.waitUntil(lambda: asked.passphrase.agent.keys.count() == 1, timeout=WITHIN_MS)
    assert asked.passphrase.agent.keys.currentText().startswith("duty@desk")
    asked.go.click()
    qtbot.waitUntil(lambda: bool(shown.windows), timeout=WITHIN_MS)
    session = shown.sessions[0]
    assert keyfile.is_held(keyfile.read_saved(session.paths.key("writer"), "writer"))
    session.append(Draft("note", disclosures={"text": "no passphrase was asked for"}))


def test_without_an_agent_the_page_says_so(opened, tmp_path: Path, monkeypatch, qtbot) -> None:
    monkeypatch.delenv("SSH_AUTH_SOCK", raising=False)
    assert "There is no ssh-agent" in str(agent_keys())
    window = opened(tmp_path / "p")
    choose(window, "alone")
    asked = page(window, AlonePage, qtbot)
    asked.name.edit.setText("Duty officer")
    asked.passphrase.use_agent.click()
    qtbot.waitUntil(lambda: "There is no ssh-agent" in asked.passphrase.agent.told.text(), timeout=WITHIN_MS)
    assert not asked.go.isEnabled()
    asked.passphrase.use_agent.click()
    fill(asked.passphrase.passphrase, "long enough")
    assert asked.go.isEnabled()


def test_a_member_joins_with_a_new_machine_whose_approver_key_is_a_security_key(
    security_key, pair, opened, tmp_path: Path, qtbot
) -> None:
    one, two = pair
    window = opened(tmp_path / "new")
    choose(window, "join")
    hearing = page(window, HearPage, qtbot)
    hearing.folder.edit.setText(one.settings.places[0])
    hearing.heard.edit.setText(words_of(organisation.genesis_of(one)))
    hearing.go.click()
    keys = page(window, JoinPage, qtbot)
    keys.name.edit.setText("Approver")
    fill(keys.writer.passphrase, "second writes")
    keys.approver.use_device.click()
    keys.approver.pin.edit.setText(PIN.decode())
    keys.member.is_member.click()
    assert not keys.go.isEnabled()
    keys.member.ident.edit.setText("somebody")
    assert "p-" in keys.member.ident.hint()
    keys.member.ident.edit.setText(two.me)
    assert keys.go.isEnabled()
    keys.go.click()
    asking = at(window, "asking", qtbot)
    qtbot.waitUntil(lambda: len(asking.card.words().split()) == 8, timeout=WITHIN_MS)
    outcome = members.admit(one, asking.card.words(), device=True)
    sync(one, two)
    assert roster.sign(two, outcome.sha).in_force
    sync(one, two)
    at(window, "ready", qtbot)  # they have rehearsed, with their other key
    with Session.open(ProfilePaths(tmp_path / "new"), nobody_asked) as session:
        assert session.me == two.me
        assert keyfile.read_saved(session.paths.key("approver"), "approver").public.hardware


def test_a_newcomer_with_a_security_key_rehearses_by_its_pin(security_key, pair, opened, tmp_path: Path, qtbot) -> None:
    one, two = pair
    window = opened(tmp_path / "new")
    choose(window, "join")
    hearing = page(window, HearPage, qtbot)
    hearing.folder.edit.setText(one.settings.places[0])
    hearing.heard.edit.setText(words_of(organisation.genesis_of(one)))
    hearing.go.click()
    keys = page(window, JoinPage, qtbot)
    keys.name.edit.setText("Scribe")
    fill(keys.writer.passphrase, "third writes")
    keys.approver.use_device.click()
    keys.approver.pin.edit.setText("0815")
    keys.go.click()
    qtbot.waitUntil(keys.trouble.isVisible, timeout=WITHIN_MS)
    assert "The PIN does not open" in keys.trouble.accessibleName()
    found, _ = requests_to_join(FolderPlace(Path(one.settings.places[0])), one.org, organisation.genesis_of(one))
    keys.approver.pin.edit.setText(PIN.decode())
    keys.go.click()
    asking = at(window, "asking", qtbot)
    qtbot.waitUntil(lambda: len(asking.card.words().split()) == 8, timeout=WITHIN_MS)
    after, _ = requests_to_join(FolderPlace(Path(one.settings.places[0])), one.org, organisation.genesis_of(one))
    assert len(after) == len(found) + 1, "what the wrong PIN stopped asked for nothing"
    outcome = members.admit(one, asking.card.words(), name="Scribe", roles=("approver", "scribe"))
    sync(one, two)
    assert roster.sign(two, outcome.sha).in_force
    sync(one, two)
    at(window, "rehearsing", qtbot).go.click()
    unlock(qtbot, PIN.decode())
    at(window, "ready", qtbot)


@pytest.mark.parametrize(
    ("typed", "good"), [("", False), ("p-", False), (f"p-{'0' * 26}", True), (f"p-{'i' * 26}", False), ("c-0", False)]
)
def test_an_id_of_a_person_is_known_by_its_form(typed: str, good: bool) -> None:
    assert (why_not_member(typed) == "") == good
