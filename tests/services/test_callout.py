"""The call-out end to end: hooks on real sockets, order and waits, who has heard, opened, signed; a server."""

from __future__ import annotations

import json
import os
import socketserver
import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from console.app import main
from console.domain.callout import Call
from console.domain.errors import WrongUse
from console.domain.kinds import KINDS
from console.exports.check import check_bundle
from console.journal.verify import verify_profile
from console.outbox.authorise import authorise
from console.services import approvals, callout, callout_settings, corrections, exporting, incidents
from console.services.callout_settings import EVERYONE
from console.services.corrections import TargetWish
from console.services.hooks import Hook, HookFailed, page
from console.services.live import LivePace
from console.services.session import Session, nobody_asked
from console.services.standing import corrections as corrections_of
from console.services.watching import Watching
from tests.kit.pair import connect_manual, founded, pair, passphrase, sync

__all__ = ["founded", "pair"]
CALL = Call(
    key="signature:abc", why="signature", organisation="o-1", incident="INC-1", severity=2, words="alpha bravo",
    asked=("p-a",), since_ms=0, until_ms=None,
)  # fmt: skip


@pytest.fixture
def receiver() -> Iterator[tuple[str, list]]:
    got: list[tuple[str, dict[str, str], dict]] = []

    class Taking(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["content-length"])))
            got.append((self.path, dict(self.headers), body))
            self.send_response(500 if self.path == "/broken" else 302 if self.path == "/away" else 202)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Taking)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    yield f"http://127.0.0.1:{server.server_address[1]}", got
    server.shutdown()
    server.server_close()
    thread.join(timeout=60)


@pytest.mark.parametrize(("kind", "look"), [
    ("webhook", lambda heads, body: heads["Authorization"] == "Bearer s3cret" and body["words"] == "alpha bravo"),
    ("pagerduty", lambda _h, body: body["routing_key"] == "s3cret" and body["event_action"] == "trigger"
     and body["payload"]["severity"] == "error" and body["payload"]["source"] and body["dedup_key"] == CALL.key),
    ("opsgenie", lambda heads, body: heads["Authorization"] == "GenieKey s3cret" and body["priority"] == "P2"
     and len(body["message"]) <= 130 and body["alias"] == CALL.key),
])  # fmt: skip
def test_each_receiver_gets_the_shape_it_wants(receiver, kind, look) -> None:
    url, got = receiver
    page(Hook(name="h", kind=kind, address=f"{url}/x"), CALL, "one\ntwo", "s3cret", drill=False)
    assert look(got[0][1], got[0][2])


def test_chat_rooms_get_text_at_their_secret_address(receiver) -> None:
    url, got = receiver
    page(Hook(name="s", kind="slack"), CALL, "one\ntwo", f"{url}/slack", drill=True)
    page(Hook(name="t", kind="teams"), CALL, "one\ntwo", f"{url}/teams", drill=True)
    assert got[0][2] == {"text": "one\ntwo"}
    assert got[1][2]["attachments"][0]["content"]["body"][0]["text"] == "one\ntwo"


def test_no_name_is_a_link_or_a_call_in_a_chat_room(receiver) -> None:
    """What people call themselves stands in the text of a page."""
    url, got = receiver
    page(Hook(name="s", kind="slack"), CALL, "Asked: <https://evil.test|sign> <!channel>", f"{url}/slack", drill=True)
    page(Hook(name="t", kind="teams"), CALL, "Asked: [sign](https://evil.test)", f"{url}/teams", drill=True)
    assert got[0][2] == {"text": "Asked: &lt;https://evil.test|sign&gt; &lt;!channel&gt;"}
    shown = got[1][2]["attachments"][0]["content"]["body"][0]["text"]
    assert shown == r"Asked: \[sign\]\(https://evil.test\)"


@pytest.mark.parametrize(("hook", "drill"), [
    (Hook(name="h", kind="webhook", address="http://192.0.2.1/x"), False),
    (Hook(name="h", kind="webhook", address="https://example.org/x"), True),
    (Hook(name="h", kind="webhook", address="ftp://127.0.0.1/x"), False),
    (Hook(name="h", kind="command", address="true"), True),
    (Hook(name="h", kind="command", address="false"), False),
    (Hook(name="h", kind="command", address="/no/such/program"), False),
    (Hook(name="h", kind="smtp", address="mail.example.org:25", to="a@x", sender="b@x"), True),
    (Hook(name="h", kind="webhook", address="http://127.0.0.1:1/x"), False),
])  # fmt: skip
def test_what_a_hook_may_not_or_cannot_do_is_a_clause_without_a_secret(hook: Hook, drill: bool) -> None:
    with pytest.raises(HookFailed) as told:
        page(hook, CALL, "text", "s3cret", drill=drill)
    assert "s3cret" not in f"{told.value}{told.value.why}"


def test_a_redirect_or_a_fault_is_no_success(receiver) -> None:
    url, _ = receiver
    for path in ("/broken", "/away"):
        with pytest.raises(HookFailed, match="it answered"):
            page(Hook(name="h", kind="webhook", address=url + path), CALL, "text", "", drill=False)


def test_a_command_gets_the_text_and_no_shell(tmp_path: Path) -> None:
    out = tmp_path / "out"
    page(Hook(name="h", kind="command", address=f"tee '{out}'"), CALL, "one\ntwo", None, drill=False)
    assert out.read_text() == "one\ntwo"


def test_a_mail_is_sent_through_a_mail_server() -> None:
    got: list[str] = []

    class Mail(socketserver.StreamRequestHandler):
        def handle(self) -> None:
            self.wfile.write(b"220 here\r\n")
            data = False
            while line := self.rfile.readline().decode():
                got.append(line.rstrip())
                if data:
                    data = line != ".\r\n"
                    if not data:
                        self.wfile.write(b"250 taken\r\n")
                elif line.upper().startswith("DATA"):
                    data = True
                    self.wfile.write(b"354 go\r\n")
                elif line.upper().startswith("QUIT"):
                    self.wfile.write(b"221 bye\r\n")
                    return
                else:
                    self.wfile.write(b"250 ok\r\n")

    with socketserver.TCPServer(("127.0.0.1", 0), Mail) as server:
        thread = threading.Thread(target=server.handle_request)
        thread.start()
        hook = Hook(name="m", kind="smtp", address=f"127.0.0.1:{server.server_address[1]}", to="a@x", sender="b@x")
        page(hook, CALL, "SEV-2: asked\nmore", None, drill=True)
        thread.join(timeout=60)
    assert "Subject: SEV-2: asked" in got
    assert "To: a@x" in got


def proposed(one: Session) -> tuple[str, str]:
    connect_manual(one, "F-7")
    inc = incidents.declare(one, "it lies", severity=1).entry.inc
    assert inc is not None
    params = {"instruction": "stop the secret model", "who": "support"}
    wish = TargetWish(provider="vendor", surface="", lever="manual.ask", params=params)
    other = replace(wish, params={**params, "instruction": "and the other"})
    made = corrections.propose(one, inc, [wish, other], "a reason that nobody outside may read")
    return inc, made.sha


def test_paged_acknowledged_opened_signed(pair, receiver) -> None:
    one, two = pair
    url, got = receiver
    _, sha = proposed(one)
    callout_settings.add_hook(one, Hook(name="pager", kind="webhook", address=f"{url}/two"), two.me, "")
    callout_settings.add_hook(one, Hook(name="room", kind="slack", address=f"{url}/room"), EVERYONE, "")
    callout_settings.set_order(one, (two.me, one.me), 60_000)
    (page_,) = callout.turn(one)
    assert (page_.person, page_.hook, page_.ok) == (two.me, "pager", True)
    assert callout.turn(one) == ()  # waited for
    text = got[0][2]["text"]
    assert text.startswith("DRILL - SEV-1")
    assert not [word for word in ("secret model", "nobody outside", "vendor", "support", "F-7") if word in str(got)]
    (standing,) = callout.called(one)
    assert (standing.state_of(two.me), standing.state_of(one.me)) == ("paged", None)

    sync(one, two)
    callout.acknowledge(two, sha[:16])
    sync(one, two)
    (standing,) = callout.called(one)
    assert standing.state_of(two.me) == "acknowledged"
    two.writer()
    assert callout.note_opened(two, sha) is not None
    assert callout.note_opened(two, sha) is None  # once
    sync(one, two)
    (standing,) = callout.called(one)
    assert standing.state_of(two.me) == "opened"
    held = corrections.find_document(two, sha)
    approvals.decide(two, held, "approve", lambda: passphrase("approver", "your approver key"))
    sync(one, two)
    (standing,) = callout.called(one)
    assert standing.state_of(two.me) == "signed"
    with pytest.raises(WrongUse):
        callout.acknowledge(one, "ffffffffffff")


def test_every_console_and_the_bundle_see_who_was_paged_and_no_page_is_believed(pair, receiver, tmp_path) -> None:
    one, two = pair
    url, _ = receiver
    inc, _sha = proposed(one)
    callout_settings.add_hook(one, Hook(name="pager", kind="webhook", address=f"{url}/two"), two.me, "")
    callout_settings.add_hook(one, Hook(name="broken", kind="webhook", address=f"{url}/broken"), two.me, "")
    callout_settings.set_order(one, (two.me, one.me), 60_000)
    assert [page_.ok for page_ in callout.turn(one)] == [True, False]
    (here,) = callout.called(one)
    assert [(p.hook, p.ok) for p in here.pages] == [("pager", True), ("broken", False)]  # each once, kept twice
    sync(one, two)
    (there,) = callout.called(two)
    assert there.state_of(two.me) == "paged"
    assert [(p.hook, p.ok, p.detail) for p in there.pages] == [
        ("pager", True, "it answered 202"), ("broken", False, "it answered 500"),
    ]  # fmt: skip
    lines = [one_.disclosed["text"] for one_ in two.reader.entries(inc, kinds=("call.paged",))]
    assert lines[0].startswith("Approver was called by pager (it answered 202).")
    assert "NOT taken: it answered 500" in lines[1]
    exporting.export(two, inc, tmp_path / "b")
    check_bundle(tmp_path / "b")
    assert "Approver was called by pager" in (tmp_path / "b" / "timeline.csv").read_text()
    # another console's word keeps nobody from being paged here
    callout_settings.add_hook(two, Hook(name="mine", kind="webhook", address=f"{url}/mine"), two.me, "")
    callout_settings.set_order(two, (two.me, one.me), 60_000)
    assert [page_.hook for page_ in callout.turn(two)] == ["mine"]


def test_a_version_that_does_not_know_pages_keeps_them_and_does_nothing_about_them(pair, receiver, monkeypatch) -> None:
    one, two = pair
    url, _ = receiver
    inc, _sha = proposed(one)
    callout_settings.add_hook(one, Hook(name="pager", kind="webhook", address=f"{url}/two"), two.me, "")
    callout_settings.set_order(one, (two.me, one.me), 60_000)
    callout.turn(one)
    monkeypatch.delitem(KINDS, "call.paged")
    sync(one, two)
    (paged,) = two.reader.entries(inc, kinds=("call.paged",))
    assert paged.standing == "good"
    assert paged.entry.subj is None
    (standing,) = corrections_of(two)
    assert standing.state == "proposed"
    assert verify_profile(two.store).ok


def test_the_next_one_is_paged_when_nobody_answers(pair, receiver, monkeypatch) -> None:
    one, two = pair
    url, got = receiver
    proposed(one)
    callout_settings.add_hook(one, Hook(name="room", kind="slack", address=f"{url}/room"), EVERYONE, "")
    callout_settings.set_order(one, (two.me, one.me), 60_000)
    assert [p.person for p in callout.turn(one)] == [two.me]
    later = one.clock.wall_ms() + 61_000
    monkeypatch.setattr(type(one.clock), "wall_ms", lambda _self: later)
    assert [p.person for p in callout.turn(one)] == [one.me]
    assert len(got) == 2


def test_hooks_are_kept_checked_and_removed(pair) -> None:
    one, two = pair
    for wrong in (
        Hook(name="a/b", kind="webhook", address="http://127.0.0.1/"), Hook(name="x", kind="webhook"),
        Hook(name="x", kind="smtp", address="127.0.0.1:25"), Hook(name="", kind="command", address="true"),
    ):  # fmt: skip
        with pytest.raises(WrongUse):
            callout_settings.add_hook(one, wrong, EVERYONE, "")
    with pytest.raises(WrongUse, match="practice tokens only"):
        callout_settings.add_hook(one, Hook(name="pd", kind="pagerduty"), two.me, "a real routing key")
    assert callout_settings.read(one).hooks == ()
    callout_settings.add_hook(one, Hook(name="x", kind="webhook", address="http://127.0.0.1/"), two.me, "practice-1")
    with pytest.raises(WrongUse, match="already"):
        callout_settings.add_hook(one, Hook(name="x", kind="command", address="true"), EVERYONE, "")
    for order, wait in ((("p-nobody",), None), ((), 1)):
        with pytest.raises(WrongUse):
            callout_settings.set_order(one, order, wait)
    callout_settings.remove_hook(one, "x")
    assert callout_settings.read(one).ladder.hooks == {}


def run(capsys, paths, *words: str, secrets: str = "", typed: str = "") -> tuple[int, dict]:
    ends = []
    for text in (secrets, typed):
        read, write = os.pipe()
        os.write(write, text.encode())
        os.close(write)
        ends.append(read)
    code = main(
        ["--profile", str(paths.root), "--json", "--secret-fd", str(ends[0]), "--passphrase-fd", str(ends[1]), *words]
    )
    for end in ends:
        os.close(end)
    out = capsys.readouterr().out.strip()
    return code, json.loads(out.splitlines()[-1]) if out else {}


def test_on_the_command_line(pair, receiver, capsys) -> None:
    one, two = pair
    url, got = receiver
    _, sha = proposed(one)
    add = ("callout", "add-hook", "pager", "--kind", "webhook", "--for", "Approver", "--address", f"{url}/x")
    assert run(capsys, one.paths, *add, secrets="\n")[0] == 0
    assert run(capsys, one.paths, "callout", "order", "Approver", "--wait", "2")[1]["wait_ms"] == 120_000
    code, told = run(capsys, one.paths, "doctor", "--page-test")
    assert (code, told["pages"][0]["ok"]) == (0, True)
    assert "test of the call-out" in got[0][2]["text"]
    callout.turn(one)
    code, told = run(capsys, one.paths, "callout", "show")
    assert told["calls"][0]["document"] == sha
    assert [row["state"] for row in told["calls"][0]["people"] if row["person"] == two.me] == ["paged"]
    typed = f"{passphrase('commander', 'your writer key').decode()}\n"
    assert run(capsys, one.paths, "callout", "acknowledge", sha[:12], typed=typed)[0] == 0
    assert run(capsys, one.paths, "callout", "hooks")[1]["hooks"][0]["for"] == ["Approver"]
    assert run(capsys, one.paths, "callout", "remove-hook", "pager")[0] == 0
    assert run(capsys, one.paths, "doctor", "--page-test")[0] == 2


def test_a_server_watches_and_pages_without_any_key(pair, receiver) -> None:
    one, _ = pair
    url, got = receiver
    proposed(one)
    callout_settings.add_hook(one, Hook(name="room", kind="slack", address=f"{url}/room"), EVERYONE, "")
    said: list[str] = []
    with Session.open(one.paths, nobody_asked) as session:
        pace = LivePace(poll_ms=200, calm_ms=200, tick_s=0.05, lock_s=0.05, sync_ms=200, call_s=0.05)
        with Watching(session, lambda _fact, line: said.append(line), pace=pace):
            ends = time.monotonic() + 40
            while not (got and any("dispatches" in line for line in said)) and time.monotonic() < ends:
                time.sleep(0.05)
        assert not session.unlocked
    assert got[0][0] == "/room"
    assert any("This process dispatches." in line for line in said)


def test_an_undo_by_one_person_is_told_to_everybody_else_who_answers_for_it(pair, receiver) -> None:
    """Protocol 6: within the window any one signer may revert, once, loudly."""
    one, two = pair
    url, got = receiver
    _, sha = proposed(one)
    sync(one, two)
    for session, who in ((one, "commander"), (two, "approver")):
        held = corrections.find_document(session, sha)
        approvals.decide(session, held, "approve", lambda who=who: passphrase(who, "your approver key"))
        sync(one, two)
    feed = one.device()
    assert one.store.write(lambda tx: authorise(tx, feed, sha)).outcome == "authorised"
    undo = corrections.undo(one, sha, "A mistake.").sha
    held = corrections.find_document(one, undo)
    approvals.decide(one, held, "approve", lambda: passphrase("commander", "your approver key"))
    assert one.store.write(lambda tx: authorise(tx, feed, undo)).outcome == "authorised"
    (call,) = [found for found in callout.calls(one) if found.why == "undo"]
    assert (call.asked, call.everyone, call.doc) == ((two.me,), True, undo)
    callout_settings.add_hook(one, Hook(name="room", kind="slack", address=f"{url}/room"), EVERYONE, "")
    callout.turn(one)
    assert any("One signer alone undid" in body["text"] for _, _, body in got)
