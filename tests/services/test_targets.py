"""Rows about corrections name their target; what no shared place has yet is known, also after a start."""

from __future__ import annotations

import json

from adapters.practice.simulator import Estate
from console.services import corrections, dispatch, incidents, synced
from console.services.corrections import TargetWish
from console.services.targets import LATE, Targets
from tests.kit.pair import connect, founded, pair

__all__ = ["founded", "pair"]
WEST = TargetWish(provider="gateway-west", surface="", lever="key.block", selector="key-partner")
EAST = TargetWish(provider="gateway-east", surface="", lever="key.block", selector="key-research")
CANARY = TargetWish(provider="gateway-east", surface="", lever="key.block", selector="key-canary", canary=True)
FIRST = "Block a key: Research assistant at gateway-east"


def stored(session, kind: str):
    return list(session.reader.entries(kinds=(kind,)))


def test_a_step_names_its_target_and_a_proposal_its_first_and_how_many_more(pair) -> None:
    one, _ = pair
    with Estate() as estate:
        connect(one, estate, "gateway")
        inc = str(incidents.declare(one, "t", 2).entry.inc)
        made = corrections.propose(one, inc, [EAST, CANARY, WEST], "Because")
    from console.journal.values import Draft

    device, ref = one.device(), one.ref
    steps = [Draft("dispatch.stale", inc, made.op, {"doc": made.sha, "target": at}) for at in (0, 1, 2, 9)]
    one.store.write(lambda tx: [tx.append(device, draft, roster=ref) for draft in steps])
    targets = Targets(one)
    assert [targets.of(each) for each in stored(one, "dispatch.stale")] == [
        FIRST,
        "Block a key: Canary at gateway-east (canary)",
        "Block a key: Partner integration at gateway-west",
        f"{FIRST} and 1 more",
    ]
    (proposed,) = stored(one, "correction.proposed")
    note = incidents.write(one, "note", "words", inc=inc)
    assert targets.by_id([proposed.id, note.id]) == {proposed.id: f"{FIRST} and 1 more"}
    assert targets.by_id([]) == {}


def test_providers_surfaces_and_what_was_seen_there_are_told_by_name(pair) -> None:
    from console.journal.values import Draft

    one, _ = pair
    with Estate() as estate:
        connect(one, estate, "gateway")
    provider, surface = stored(one, "provider.added")[0], stored(one, "surface.added")[0]
    about = {"instance": str(surface.entry.pub["instance"]), "surface": str(surface.entry.pub["surface"]), "count": 1}
    seen = [("read-back", "in-effect"), ("probe", "passed"), ("probe", "refused")]
    looks = [Draft("reading.observed", None, None, {**about, "what": what, "verdict": verdict}, {"name": "key-1"})
             for what, verdict in seen]  # fmt: skip
    device, ref = one.device(), one.ref
    made = one.store.write(lambda tx: [tx.append(device, draft, roster=ref) for draft in looks])
    told = Targets(one).by_id([provider.id, surface.id, *(each.id for each in made)])
    name = str(provider.disclosed["name"])
    assert told[provider.id] == f"{name} ({provider.entry.pub['adapter']})"
    assert told[surface.id] == name, "the gateway's one surface has its name: it is said once"
    assert [told[each.id] for each in made] == [
        f"key-1 at {name}: the provider's record says that it stands",
        f"key-1 at {name}: tried as that caller: it PASSED",
        f"key-1 at {name}: tried as that caller: refused",
    ]


def test_a_cancel_says_whether_it_had_been_decided_before(pair) -> None:
    one, _ = pair
    with Estate() as estate:
        connect(one, estate, "gateway")
        inc = str(incidents.declare(one, "t", 2).entry.inc)
        made = corrections.propose(one, inc, [EAST], "Because")
    from console.journal.values import Draft

    corrections.cancel(one, made.sha, "in time")
    (cancel,) = stored(one, "correction.cancelled")
    targets = Targets(one)
    assert targets.of(cancel) == targets.by_id([cancel.id])[cancel.id] == FIRST
    seen = [[cancel.feed, cancel.seq - 1, "0" * 64]]
    pub = {
        "doc": made.sha, "records": [], "roster": list(one.ref), "policy": one.roster.roster.policy,
        "now": one.clock.wall_ms(), "clock": "trusted", "seen": seen, "verdict": "approved",
    }  # fmt: skip
    one.store.write(lambda tx: tx.append(one.device(), Draft("dispatch.authorised", inc, made.op, pub), roster=one.ref))
    assert targets.of(cancel) == targets.by_id([cancel.id])[cancel.id] == f"{FIRST} ({LATE})"


def test_a_document_that_is_not_here_yet_is_asked_for_again(pair) -> None:
    one, _ = pair
    with Estate() as estate:
        connect(one, estate, "gateway")
        inc = str(incidents.declare(one, "t", 2).entry.inc)
        corrections.propose(one, inc, [EAST], "Because")
    targets = Targets(one)
    (proposed,) = stored(one, "correction.proposed")
    read, targets._session = targets._session, _Empty(one)
    assert targets.of(proposed) == ""
    targets._session = read
    assert targets.of(proposed) == FIRST


class _Empty:
    """A session of another profile, where the document never arrived."""

    def __init__(self, session) -> None:
        self.reader = self

    def snapshot(self):
        import contextlib
        import sqlite3

        made = sqlite3.connect(":memory:")
        made.execute("CREATE TABLE document (sha256, raw, type, op, carried_by, received_ms)")
        return contextlib.closing(made)


def test_own_entries_are_only_here_until_a_whole_meeting_and_that_is_kept(pair) -> None:
    one, two = pair
    dispatch.sync_all(one)
    upto = synced.SyncedUpto(one)
    before = upto()
    assert before == synced.own_heads(one), "everything was met"
    written = incidents.write(one, "note", "words", inc=None)
    assert upto()[written.entry.feed] == written.entry.seq - 1, "only here"
    dispatch.sync_all(one)
    assert upto()[written.entry.feed] == written.entry.seq
    assert synced.SyncedUpto(one)() == synced.own_heads(one), "another start knows it too"
    dispatch.sync_all(two)
    assert written.entry.feed not in synced.SyncedUpto(two)(), "nothing is claimed of another's feed"


def test_losing_the_file_says_too_little_and_a_record_without_places_says_nothing(pair) -> None:
    from dataclasses import replace

    one, _ = pair
    dispatch.sync_all(one)
    upto = synced.SyncedUpto(one)
    path = one.paths.root / synced.FILE_NAME
    assert json.loads(path.read_text()) == synced.own_heads(one)
    path.write_text("no json")
    assert set(upto().values()) == {-1}
    synced.keep(one, {"feed": 3})
    synced.keep(one, {"feed": 2})
    assert json.loads(path.read_text()) == {"feed": 3}, "it never goes back"
    one.change_settings(replace(one.settings, places=()))
    assert upto() == {}
