"""Where providers' secrets stay locked nothing is taken up, nothing is sent and nothing is lost: it is said at once."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Iterator
from dataclasses import replace

import pytest

from adapters.practice.simulator import Estate
from console.app import main
from console.cli.frame import Call
from console.cli.outbox import _typed_again
from console.domain.errors import WrongUse
from console.keys.faults import WrongPassphrase
from console.keys.vault import FileVault
from console.outbox.item import Row
from console.providers.instance import Instance
from console.services import approvals, corrections, dispatch, incidents, providers, secrets
from console.services.corrections import TargetWish
from console.services.live import OUTBOX, Live
from console.services.provider_secrets import SecretsLocked, waiting_for
from console.services.session import Session
from console.services.watching import Watching, open_secrets_file
from tests.kit.pair import connect, founded, pair, passphrase, sync
from tests.kit.scene import QUICK
from tests.services.test_live import QUICK as LIVE
from tests.services.test_live import Heard

__all__ = ["founded", "pair"]
RIGHT, WRONG = b"the passphrase of the secrets", b"not that passphrase"
PACE = replace(QUICK, usage_ms=100, spread_ms=100)
BLOCK = TargetWish(provider="gateway-east", surface="", lever="key.block", selector="key-research")


@pytest.fixture
def opens(monkeypatch) -> list[bytes]:
    """What is typed for the secrets file, the first of it first; the last one stays."""
    typed = [RIGHT]

    def asks(what, *, new=False):
        assert what == "the secrets file"
        return typed.pop(0) if len(typed) > 1 else typed[0]

    def opened(session):
        vault = FileVault(session.paths.secrets, asks, session.entropy, scrypt_n=2)
        return secrets._Kept(vault)

    monkeypatch.setattr(secrets, "_open", opened)
    return typed


@pytest.fixture
def estate() -> Iterator[Estate]:
    with Estate(gateway_lag_s=0.0) as running:
        yield running


@pytest.fixture
def decided(pair, opens, estate) -> Session:
    """A console with a block that both signed; its secrets are locked since."""
    one, _ = pair
    connect(one, estate, "gateway")
    inc = str(incidents.declare(one, "t", 1).entry.inc)
    made = corrections.propose(one, inc, [BLOCK], "Because")
    for session, who in zip(pair, ("commander", "approver"), strict=True):
        sync(*pair)
        held = corrections.find_document(session, made.sha)
        approvals.decide(session, held, "approve", lambda who=who: passphrase(who, "your approver key"))
    sync(*pair)
    one._once.clear()  # as when the program is started anew
    return one


def states(session: Session) -> list[tuple[str, int]]:
    return [(row.state, row.attempt) for row in dispatch.rows(session)]


def run(session: Session):
    return dispatch.run_outbox(session, deadline_ms=session.clock.boot_ms() + 60_000, pace=PACE)


def is_blocked(estate: Estate) -> bool:
    return bool(estate.sites["gateway-east"].state["key-research"].blocked.recorded)


def test_a_wrong_passphrase_takes_nothing_up_loses_nothing_and_is_said_at_once(decided, opens, estate, capsys):
    opens[:] = [WRONG]
    with pytest.raises(SecretsLocked):
        dispatch.run_outbox(decided, "forever", pace=PACE)
    assert states(decided) == []
    settled = run(decided)  # nothing was on its way here yet: the decision comes, and its target is left alone
    assert states(decided) == [("queued", 0)]
    assert [one for one in settled.people if "does not open the secrets file" in one]
    entries = len(decided.reader.entries())
    with pytest.raises(SecretsLocked, match="does not open the secrets file") as caught:
        run(decided)
    assert "gateway-east" in caught.value.next_step
    decided._once.clear()
    assert main(["--profile", str(decided.paths.root), "--json", "outbox", "run", "--for", "60", "--fast"]) == 3
    told = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert (told["ok"], told["what"]) == (False, caught.value.what)
    assert dispatch.run_outbox(decided, without_secrets=True, pace=PACE).people == settled.people
    assert states(decided) == [("queued", 0)]
    assert len(decided.reader.entries()) == entries
    assert not is_blocked(estate)
    opens[:] = [RIGHT]
    assert [row.state for row in run(decided).rows] == ["unmeasurable"]  # sent, recorded; nobody counts here
    assert is_blocked(estate)


def test_the_window_says_so_too_and_sends_when_it_is_unlocked(decided, opens, estate):
    opens[:] = [WRONG]
    heard = Heard()
    live = Live(decided, heard, pace=LIVE, outbox_pace=PACE)
    live.start()
    try:
        heard.until(lambda: "does not open the secrets file" in heard.connectivity.locked and heard.latest[OUTBOX])
        assert heard.link("gateway-east").state == "broken"
        assert {(row.state, row.attempt) for row in heard.latest[OUTBOX]} == {("queued", 0)}
        opens[:] = [RIGHT]
        live.reload_providers().result(30)
        heard.until(lambda: {row.state for row in heard.latest[OUTBOX]} == {"unmeasurable"})
        assert is_blocked(estate)
    finally:
        live.stop()


def row(instance="g-east", state="queued", **more) -> Row:
    return Row(
        doc="d", target=0, op="a", inc="i", instance=instance, direction="contain", state=state, attempt=0, since_ms=0,
        decided_ms=0, **{"by_hand": False, **more},
    )  # fmt: skip


@pytest.mark.parametrize(
    ("one", "names"),
    [(row(), ("east",)), (row(state="recorded"), ("east",)), (row("g-west"), ()), (row(by_hand=True), ()),
     (row(state="enforced"), ()), (row("g-gone"), ())],
)  # fmt: skip
def test_only_what_is_on_its_way_at_a_provider_with_secrets_waits_for_them(one, names):
    places = [
        Instance(id=f"g-{name}", adapter="practice", name=name, settings={}, probe_credentials={})
        for name in ("east", "west")
    ]
    assert waiting_for({"g-east": ("admin",), "g-west": ()}, places, [one]) == names


@pytest.mark.parametrize("wrong", [0, 1, 2, 3])
def test_whoever_mistypes_at_a_terminal_is_asked_three_times(wrong, capsys, monkeypatch):
    call, asked = Call(), []
    monkeypatch.setattr(sys.stdin, "isatty", lambda: True, raising=False)

    def work():
        asked.append(dict(call._known))
        call._known["the secrets file"] = b"typed"
        if len(asked) <= wrong:
            raise SecretsLocked("wrong", ["gateway-east"]) from WrongPassphrase("secrets file")
        return "settled"

    if wrong < 3:
        assert _typed_again(call, work) == "settled"
    else:
        with pytest.raises(SecretsLocked):
            _typed_again(call, work)
    assert asked == [{}] * min(wrong + 1, 3)
    assert capsys.readouterr().err.count("does not open the secrets file") == min(wrong, 2)


@pytest.mark.parametrize(("cause", "fd"), [(WrongPassphrase("secrets file"), 3), (WrongUse("It is needed."), None)])
def test_nobody_is_asked_again_where_nobody_types_or_nothing_was_mistyped(cause, fd, monkeypatch):
    call, asked = Call(passphrase_fd=fd), []
    monkeypatch.setattr(sys.stdin, "isatty", lambda: True, raising=False)

    def work():
        asked.append(1)
        raise SecretsLocked("wrong", ["gateway-east"]) from cause

    with pytest.raises(SecretsLocked):
        _typed_again(call, work)
    assert asked == [1]


def test_the_practice_tokens_are_read_again_where_another_process_changed_them(tmp_path):
    path = tmp_path / "tokens.json"
    here, beside = secrets.DrillSecrets(path), secrets.DrillSecrets(path)
    assert here.get("a") is None
    for round_ in range(3):
        beside.put("a", f"practice-{round_}")
        assert here.get("a") == f"practice-{round_}"
    here.put("b", "practice-b")
    assert (beside.get("a"), beside.get("b")) == ("practice-2", "practice-b")
    beside.forget("a")
    assert here.get("a") is None
    path.unlink()
    assert here.get("b") is None


# -- `standdown watch` -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("again", [True, False], ids=["typed again", "nobody is there"])
def test_watch_opens_the_secrets_file_at_its_start_or_does_not_begin(decided, opens, again: bool) -> None:
    """A service that sees nothing of its providers would be taken for one that watches."""
    opens[:] = [WRONG, RIGHT]
    asked: list[str] = []

    def ask(what: str, *, new: bool = False) -> bytes:
        asked.append(what)
        return b"it is offered, and this vault asks for itself"

    if not again:
        with pytest.raises(WrongPassphrase):
            open_secrets_file(decided, ask, lambda: False)
        return
    open_secrets_file(decided, ask, lambda: True)
    assert asked == ["the secrets file"] * 2
    (gateway, *_) = providers.instances_of(decided).all()
    assert secrets.open_secrets(decided).get(gateway.secret("admin"))


def test_watch_where_nothing_can_be_asked_says_what_it_does_not_see(decided, opens) -> None:
    opens[:] = [WRONG]
    said: list[dict] = []
    with Watching(decided, lambda fact, _line: said.append(fact), pace=LIVE, outbox_pace=PACE):
        ends = time.monotonic() + 60
        while not any(one["what"] == "secrets" for one in said) and time.monotonic() < ends:
            time.sleep(0.02)
    (told,) = [one for one in said if one["what"] == "secrets"]
    assert told["state"] == "locked"
    assert told["text"]
