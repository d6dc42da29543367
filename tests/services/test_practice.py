"""A practice as the window opens it: it runs, something is to be decided, and the colleague really signs."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from console.domain.errors import Problem, WrongUse
from console.services import approvals, corrections, dispatch, incidents, organisation, providers, setup, standing
from console.services.corrections import TargetWish
from console.services.drill import PACE
from console.services.practice import Practice, passphrase
from console.services.readiness import organisation_facts
from console.services.record import start_record
from console.services.session import APPROVER, Session


@pytest.fixture(scope="module")
def begun(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Practice]:
    folder = tmp_path_factory.mktemp("practice")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_STATE_HOME", str(folder / "state"))
        made = Practice(folder / "p", reads_for_ms=0)
        made.begin(lambda _line: None)
    yield made
    made.stop()


@pytest.fixture
def person(begun: Practice) -> Iterator[Session]:
    with Session.open(begun.paths, passphrase) as opened:
        yield opened


def sign(session: Session, sha: str) -> None:
    approvals.decide(session, corrections.find_document(session, sha), "approve", lambda: session.ask(APPROVER))


def texts(session: Session, inc: str) -> str:
    return " / ".join(str(one.disclosed.get("text", "")) for one in incidents.timeline(session, inc))


def test_a_proposal_of_the_colleague_waits_for_this_person_and_nothing_has_moved(
    begun: Practice, person: Session
) -> None:
    (waiting,) = approvals.waiting(person)
    assert waiting.proposer != person.me
    assert waiting.verdict.gravity == "high"
    assert waiting.verdict.can_sign == (person.me,)
    assert not waiting.verdict.met
    assert organisation_facts(person)["missing"] == []
    assert "Every passphrase in this drill is: practise" in texts(person, begun.inc)


def test_everything_in_it_is_a_drill(begun: Practice, person: Session) -> None:
    assert person.org.startswith("d-")
    assert setup.practice_hint(begun.paths).endswith("practise")
    assert not setup.unfinished(begun.paths)
    assert person.settings.world == "drill"
    assert {one.adapter for one in providers.instances_of(person).all()} == {"practice"}
    with pytest.raises(WrongUse, match="practice tokens only"):
        providers.add(
            person, "practice", "other", {"base_url": "http://127.0.0.1:1", "part": "cloud"}, lambda _what: "sk-real"
        )


def test_the_colleague_sends_what_both_signed_signs_what_the_person_proposes_and_sums_up(
    begun: Practice, person: Session
) -> None:
    colleague = begun.colleague
    (waiting,) = approvals.waiting(person)
    colleague.step(1)
    assert dispatch.rows(colleague.session) == [], "one signature moved something"
    sign(person, waiting.sha)
    dispatch.sync_all(person)
    for at in range(2, 12):
        colleague.step(at)
        if all(row.final for row in dispatch.rows(colleague.session)):
            break
    dispatch.sync_all(person)
    (sent,) = standing.corrections(person)
    assert {one.state for one in sent.targets} == {"enforced"}

    wish = TargetWish(provider="model-server", surface="atlas-large", lever="model.unload", selector="atlas-large")
    made = corrections.propose(person, begun.inc, [wish], "It answers beside the gateways")
    sign(person, made.sha)
    dispatch.sync_all(person)
    colleague.step(20)
    colleague.step(21)
    dispatch.run_outbox(person, deadline_ms=20_000, pace=PACE)
    dispatch.sync_all(person)
    assert {one.state for one in standing.corrections(person)[-1].targets} == {"enforced"}
    colleague.step(80)
    colleague.step(81)
    dispatch.sync_all(person)
    told = texts(person, begun.inc)
    assert told.count("DRILL SUMMARY") == 1
    assert "3 more working exploits" in told, "what was due was not told"
    assert "not measured" not in told, "what was not due was told"


def test_the_colleague_acts_beside_a_window_and_ends_when_told(tmp_path: Path) -> None:
    made = Practice(tmp_path / "p")
    lines: list[str] = []
    made.begin(lines.append)
    made.go()
    made.stop()
    made.stop()
    assert len(lines) > 2


def test_a_practice_that_cannot_begin_leaves_nothing_running(tmp_path: Path) -> None:
    (tmp_path / "commander").mkdir()
    start_record(Practice(tmp_path).paths, passphrase, name="Commander", world="drill")
    made = Practice(tmp_path)
    with pytest.raises(WrongUse, match="profile"):
        made.begin(lambda _line: None)
    with pytest.raises(Problem, match="not begun"):
        _ = made.colleague


def test_only_practice_keys_are_quick_to_open(tmp_path: Path) -> None:
    rounds: dict[str, int] = {}
    for world in ("drill", "real"):
        paths = Practice(tmp_path / world).paths
        paths.root.parent.mkdir()
        start_record(paths, passphrase, name="Commander", world=world)
        with Session.open(paths, passphrase) as session:
            (tmp_path / world / "share").mkdir()
            organisation.prepare_founding(session, tmp_path / world / "share", paths.root / "envelopes")
        rounds[world] = rounds_of(paths.key("approver"))
    assert rounds["drill"] < 8
    assert rounds["real"] == 64


def rounds_of(path: Path) -> int:
    """The bcrypt rounds an OpenSSH key file names."""
    import base64
    import struct

    body = base64.b64decode("".join(path.read_text().splitlines()[1:-1]))
    at = len(b"openssh-key-v1\0")
    for _ in ("cipher", "kdf"):
        (size,) = struct.unpack(">I", body[at : at + 4])
        at += 4 + size
    (size,) = struct.unpack(">I", body[at : at + 4])
    return int(struct.unpack(">I", body[at + size : at + size + 4])[0])


# -- the note of a first run -------------------------------------------------------------------------------------------


def test_a_note_survives_and_junk_is_an_empty_one(tmp_path: Path) -> None:
    paths = Practice(tmp_path).paths
    assert setup.read_note(paths) == setup.Note()
    setup.write_note(paths, setup.Note("join", "/srv/share", "/media/stick"))
    assert setup.read_note(paths) == setup.Note("join", "/srv/share", "/media/stick")
    assert setup.unfinished(paths)
    setup.set_down(paths)
    assert not setup.unfinished(paths)
    assert setup.read_note(paths).envelopes == "/media/stick"
    for junk in (b"\xff", b"[]", b'{"door": "window", "folder": 7}', b""):
        (paths.root / "setup.json").write_bytes(junk)
        assert setup.read_note(paths) == setup.Note()


def test_envelopes_are_found_where_they_were_put_and_deleted_once_printed(tmp_path: Path) -> None:
    paths = Practice(tmp_path).paths
    stick = tmp_path / "stick"
    stick.mkdir()
    setup.write_note(paths, setup.Note("found", "", str(stick)))
    for name in setup.SHEETS:
        (stick / name).write_text("sheet")
    (stick / "holiday.txt").write_text("mine")
    assert len(setup.envelopes_left(paths)) == 2
    assert setup.delete_envelopes(paths) == 2
    assert setup.envelopes_left(paths) == ()
    assert (stick / "holiday.txt").exists()


def test_a_second_person_gets_a_profile_of_their_own(tmp_path: Path) -> None:
    paths = Practice(tmp_path).paths
    start_record(paths, passphrase, name="Commander")
    other = setup.second_profile(paths)
    assert other.root.parent == paths.root.parent
    assert not other.settings.exists()
    setup.choose_house(paths, "use")
    with Session.open(paths, passphrase) as session:
        assert session.settings.house == "use"
