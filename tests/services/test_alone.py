"""A list of one account, which one person may sign alone: sent where it is what it says, and else not."""

from __future__ import annotations

from dataclasses import replace

import pytest

from adapters.practice import adapter
from adapters.practice.simulator import Estate
from console.domain.lists import read_list
from console.services import approvals, corrections, lists
from console.services.session import Session
from tests.kit.pair import founded, pair, passphrase
from tests.services.test_lists import WISH, blocked, crowd, estate, ready, run

__all__ = ["estate", "founded", "pair", "ready"]


def sign_alone(session: Session, sha: str) -> None:
    held = corrections.find_document(session, sha)
    approvals.decide(session, held, "approve", lambda: passphrase("commander", "your approver key"))


def otherwise(monkeypatch: pytest.MonkeyPatch) -> None:
    """From now on this console's adapter writes something else than what was signed."""
    real = adapter._write
    monkeypatch.setattr(
        adapter, "_write", lambda lever, item, fields: replace(real(lever, item, fields), body='{"v":2}')
    )


@pytest.mark.parametrize("differs", [False, True])
def test_it_is_planned_anew_by_the_account_that_it_names(ready, estate: Estate, monkeypatch, differs) -> None:
    one, _, inc = ready
    (name,) = crowd(estate, 1)
    made = lists.propose(one, inc, lists.match(one, WISH, read_list(name.encode(), "l.txt")), "a campaign")
    assert (made.action.gravity, made.action.targets[0].listed) == ("normal", 1)
    if differs:
        otherwise(monkeypatch)
    sign_alone(one, made.sha)
    (row,) = run(one).rows
    if differs:
        assert (row.state, blocked(estate)) == ("attention", set())
        told = f"One person alone signed it, and of the account {name} this console would plan it otherwise: "
        assert told in row.detail
    else:
        assert blocked(estate) == {name}
