"""Lists at a provider that takes its users only whole.

In whatever order lists, blocks and lifts come, a user is blocked while a correction in force asks for it, and whoever
somebody else put there stays.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from adapters.simulator import Answer, Incoming, Simulator
from adapters.unleash.simulator import ADMIN_TOKEN, CLIENT_TOKEN, Flag, UnleashSite
from console.domain.errors import Problem
from console.outbox import list_piece
from console.services import corrections, incidents, list_progress, list_sent, lists, providers
from console.services.corrections import TargetWish
from console.services.session import Session
from tests.cli.test_redact import run as typed
from tests.kit.pair import found, pair_at
from tests.services.test_list_overlap import listed
from tests.services.test_lists import run, sign

BLOCK = TargetWish(provider="flags", surface="atlas", lever="user.block")
NOBODY = {"contextName": "userId", "operator": "NOT_IN", "values": ["nobody"]}


class Site(UnleashSite):
    """Three segments on the one flag. `race` is what another console does right after so many reads of one write."""

    def __init__(self, most_values: int = 100) -> None:
        made = {
            number: {"name": f"standdown-blocked{end}", "constraints": [{**NOBODY, "values": values}]}
            for number, end, values in ((1, "", ["nobody"]), (2, "-2", []), (3, "-3", []))
        }
        super().__init__([Flag("atlas", strategies=[[1, 2, 3]])], made, most_values=most_values)
        self.undo_after: list[int] = []
        self.before: dict[int, list[str]] = {}
        self.server: Simulator | None = None
        self.refuses = 0

    def handle(self, incoming: Incoming, enforce_lag_s: float):
        number = incoming.path.rpartition("/")[2]
        if incoming.method == "PUT" and self.refuses:
            self.refuses -= 1
            return Answer(status=400, body={"name": "BadDataError"})
        if incoming.method == "PUT" and number.isdigit():
            self.before[int(number)] = list(self.users(int(number)))
        answer = super().handle(incoming, enforce_lag_s)
        if incoming.method == "GET" and number.isdigit() and self.before and self.undo_after:
            self.undo_after[0] -= 1
            if self.undo_after[0] <= 0:  # as another writer that had read before ours was written
                self.undo_after.pop(0)
                for at, users in self.before.items():
                    self.users(at)[:] = [*users, *(["raced"] if "raced" not in users else [])]
                self.before.clear()
        return answer

    def users(self, number: int) -> list[str]:
        return self.state.segments[number]["constraints"][0]["values"]

    def blocked(self) -> set[str]:
        return {user for number in self.state.segments for user in self.users(number)} - {"nobody"}


@pytest.fixture(scope="module")
def organisation(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("founded")
    found(folder / "org", "real")
    return folder / "org"


@contextmanager
def ready(organisation: Path, folder: Path, site: Site) -> Iterator[tuple[Session, Session, str]]:
    with Simulator(site) as server, pair_at(organisation, folder) as (one, two):
        site.server = server
        settings = {"base_url": server.url, "environment": "development"}
        made, _ = providers.add(one, "unleash", "flags", settings, lambda _what: ADMIN_TOKEN)
        providers.adopt_surfaces(one, made.id)
        providers.add_canary(one, made.id, "atlas", CLIENT_TOKEN)
        yield one, two, str(incidents.declare(one, "a campaign", severity=1).entry.inc)


def proven(session: Session, sha: str) -> list[str]:
    """Whom the exact requests of a correction moved, each proven from the record alone."""
    found = list_sent.sent(session, sha)
    assert not [one.problem for one in found if one.problem]
    return [account for one in found for account in one.accounts]


def test_lists_and_blocks_hold_users_together_and_what_somebody_else_did_stands(organisation, tmp_path) -> None:
    site = Site(most_values=4)
    with ready(organisation, tmp_path / "org", site) as (one, two, inc):
        site.users(1).append("by-hand")

        def send(sha: str) -> set[str]:
            sign(one, two, sha)
            states = [row.state for row in run(one).rows if row.doc == sha]
            assert states in (["enforced"], ["recorded"], ["accepted"]), states
            return site.blocked() - {"by-hand"}

        first = lists.propose(one, inc, lists.match(one, BLOCK, listed("a", "b", "c", "by-hand")), "a campaign").sha
        single = corrections.propose(one, inc, [replace(BLOCK, selector="b")], "him too").sha
        assert send(first) == {"a", "b", "c"}
        assert send(single) == {"a", "b", "c"}, "so already: nothing is sent"
        second = lists.propose(one, inc, lists.match(one, BLOCK, listed("c", "d", "e")), "another campaign").sha
        assert send(second) == {"a", "b", "c", "d", "e"}
        assert [len(site.users(number)) for number in (1, 2, 3)] == [4, 3, 0], "one after the other, as they have room"
        site.users(2).append("later-by-hand")
        site.users(1).remove("nobody")

        back = lists.lift(one, first, "it is over")
        assert any("2 of 3 stay restricted" in note for note in back.plans[0].notes)
        assert send(back.sha) == {"b", "c", "d", "e", "later-by-hand"}
        last = corrections.lift(one, single, "he is cleared")
        assert send(last.sha) == {"c", "d", "e", "later-by-hand"}
        rest = lists.lift(one, second, "it is over too")
        assert send(rest.sha) == {"later-by-hand"}
        assert site.blocked() == {"by-hand", "later-by-hand"}
        moved = {sha: proven(one, sha) for sha in (first, single, second, back.sha, last.sha, rest.sha)}
        assert {sha: sorted(some) for sha, some in moved.items()} == {
            first: ["a", "b", "c"], single: [], second: ["d", "e"], back.sha: ["a"], last.sha: ["b"],
            rest.sha: ["c", "d", "e"],
        }  # fmt: skip


def test_what_another_console_wrote_over_is_found_and_sent_again(organisation, tmp_path) -> None:
    """Once before the piece is read back, once after it was accepted; and theirs is left where it is."""
    site = Site()
    site.undo_after = [1, 4]
    with ready(organisation, tmp_path / "org", site) as (one, two, inc):
        names = [f"user-{at:03}" for at in range(130)]
        sha = lists.propose(one, inc, lists.match(one, BLOCK, listed(*names)), "a campaign").sha
        sign(one, two, sha)
        (row,) = run(one).rows
        assert row.state == "enforced", row
        assert not site.undo_after, "both races happened"
        told = [str(one.disclosed.get("why")) for one in one.reader.entries(inc=inc, kinds=("dispatch.requeued",))]
        for why in ("it was written, and does not show", "somebody wrote the same set at the same moment"):
            assert any(why in text for text in told), (why, told)
        assert site.blocked() == {*names, "raced"}
        single = corrections.propose(one, inc, [replace(BLOCK, selector="him")], "him too").sha
        site.before.clear()
        site.undo_after = [1]
        sign(one, two, single)
        run(one)
        assert site.blocked() == {*names, "him", "raced"}
        assert proven(one, single) == ["him", "him"]
        (first, *_) = list_sent.sent(one, single)
        assert first.sentence.startswith("1 put into /api/admin/segments/")
        told = typed(one, "list", "sent", single)
        assert (told["ok"], told["sent"][0]["accounts"], told["sent"][0]["problem"]) == (True, ["him"], "")
        one.paths.blob(first.requests).unlink()
        assert "not here" in list_sent.sent(one, single)[0].sentence
        assert typed(one, "list", "sent", single, code=1)["ok"] is False


def test_two_that_never_rest_end_with_people(organisation, tmp_path, monkeypatch) -> None:
    for place in ("console.outbox.wholes.TRIES", "console.outbox.list_told.TRIES", "console.outbox.lists.PATIENT"):
        monkeypatch.setattr(place, 2)
    site = Site()
    site.undo_after = [1] * 200
    with ready(organisation, tmp_path / "org", site) as (one, two, inc):
        sha = lists.propose(one, inc, lists.match(one, BLOCK, listed("a", "b")), "a campaign").sha
        sign(one, two, sha)
        single = corrections.propose(one, inc, [replace(BLOCK, selector="him")], "him too").sha
        sign(one, two, single)
        rows = {row.doc: row for row in run(one).rows}
        assert rows[sha].state == "attention", rows
        assert rows[single].state == "attention", rows
        assert rows[single].attempt == 2


def test_who_finds_no_room_at_the_last_moment_is_told_by_name(organisation, tmp_path) -> None:
    site = Site(most_values=4)
    with ready(organisation, tmp_path / "org", site) as (one, two, inc):
        names = [f"user-{at}" for at in range(9)]
        matched = lists.match(one, BLOCK, listed(*names, "more-1", "more-2", "more-3"))
        assert len(matched.accounts) == 11
        assert "11 of 12 new ones fit" in matched.unknown[0][1]
        sha = lists.propose(one, inc, matched, "a campaign").sha
        sign(one, two, sha)
        site.users(2).extend(["theirs-1", "theirs-2"])
        (row,) = run(one).rows
        assert row.state == "enforced", row
        op = corrections.action_of(corrections.find_document(one, sha)).op
        (far,) = list_progress.progress(one, op)
        assert [why for _, why in far.failed] == ["no segment has room for it"] * 2
        assert list_progress.write_failures(one, op, tmp_path / "failed.csv") == 2
        assert site.blocked() >= {"theirs-1", "theirs-2"}
        assert len(site.blocked()) == 11
        freed = site.users(3).pop()
        late = corrections.propose(one, inc, [replace(BLOCK, selector="late")], "him too").sha
        sign(one, two, late)
        site.users(3).append(freed)
        assert [(row.state, row.detail) for row in run(one).rows if row.doc == late] == [
            ("stale", "It cannot be sent: no segment has room for it.")
        ]
        with pytest.raises(Problem, match="no room: 0 of 1"):
            corrections.propose(one, inc, [replace(BLOCK, selector="him")], "him too")


def test_what_would_be_sent_is_decided_in_the_same_breath_as_it_is_entered(organisation, tmp_path, monkeypatch) -> None:
    """A correction that is decided between the making of a write and its intent holds its user all the same."""
    site = Site()
    with ready(organisation, tmp_path / "org", site) as (one, two, inc):
        whole = lists.propose(one, inc, lists.match(one, BLOCK, listed("a", "b")), "a campaign").sha
        sign(one, two, whole)
        run(one)
        back = lists.lift(one, whole, "it is over")
        sign(one, two, back.sha)
        asked, true = [0], list_piece.not_held

        def not_held(tx, authority, row, accounts, found, members):
            asked[0] += 1
            left = true(tx, authority, row, accounts, found, members)
            return [account for account in left if account != "a"] if asked[0] == 2 else left

        monkeypatch.setattr("console.outbox.lists.not_held", not_held)
        run(one)
        assert site.blocked() == set()
        assert asked[0] > 2, "the piece was looked through again"


@pytest.mark.parametrize("how", ["put off", "lost", "refused"])
def test_writes_that_fail_are_settled_by_reading(organisation, tmp_path, monkeypatch, how) -> None:
    """Put off, lost or refused: nobody is taken for blocked who is not, and nobody is forgotten."""
    site = Site()
    come = iter([False, False])

    @asynccontextmanager
    async def turn(_self, _plane, _planned):
        yield next(come, True)

    with ready(organisation, tmp_path / "org", site) as (one, two, inc):
        whole = lists.propose(one, inc, lists.match(one, BLOCK, listed("a", "b")), "a campaign").sha
        single = corrections.propose(one, inc, [replace(BLOCK, selector="him")], "him too").sha
        for sha in (whole, single):
            sign(one, two, sha)
        monkeypatch.setattr("console.outbox.wholes.Wholes.turn", turn)
        if how == "put off":
            site.server.switch("throttle", on="writes", times=2)
            site.server.switch("broken", on="reads", times=2)
        elif how == "lost":
            site.server.switch("broken", on="writes", times=2)
        site.refuses = 2 if how == "refused" else 0
        states = {row.doc: row.state for row in run(one).rows}
        assert next(come, None) is None, "a turn that does not come is waited for anew"
        op = corrections.action_of(corrections.find_document(one, whole)).op
        (far,) = list_progress.progress(one, op)
        failed = {account for account, _ in far.failed}
        assert site.blocked() == ({"a", "b"} - failed) | ({"him"} if states[single] == "enforced" else set()), states
        assert bool(failed) is (how == "refused"), far
