"""What can slow a leaked credential first: itself, or what it belongs to; never what cannot be given back."""

from __future__ import annotations

from dataclasses import replace

import pytest

from adapters.openai_admin.levers import LEVERS as OPENAI
from console.domain.errors import WrongUse
from console.services.levers import mild_first
from console.viewmodels.lists import Place
from console.viewmodels.rotation import Revoking, Slowing, Typed, _item, _slowing, first_value

LINES = tuple(one for one in mild_first(OPENAI) if not one.wide)
PLACE = Place("g-1", "t-1", "atlas at openai", LINES, ())
ACCOUNT = tuple(_slowing(LINES, "account", "project.rpm"))
REVOKING = Revoking(PLACE, "Delete a service account", "account.delete", ACCOUNT)


def test_the_milder_sibling_first_and_whom_it_selects_is_said() -> None:
    first = ACCOUNT[0]
    assert (first.lever, first.selects) == ("project.rpm", "project")
    assert [param.name for param in first.asks] == ["model", "rpm"]
    assert [first_value(param) for param in first.asks] == ["", "1"]
    offered = {one.lever for one in ACCOUNT}
    assert "project.tpm" in offered
    assert not offered & {"account.delete", "key.delete", "member.remove"}, "not exactly reversible"


def typed(**changes) -> Typed:
    made = Typed(REVOKING, " svc_1 ", "svc_2", ACCOUNT[0], " proj_1 ", {"model": "atlas", "rpm": " 1 "})
    return replace(made, **changes)


def test_what_is_typed_becomes_the_rotation_that_the_command_makes() -> None:
    item = _item(typed())
    assert (item.old, item.new, item.revoke) == ("svc_1", "svc_2", "account.delete")
    assert (item.sibling, item.slow_at, item.params) == ("project.rpm", "proj_1", (("model", "atlas"), ("rpm", "1")))
    none = _item(typed(by=None))
    assert (none.sibling, none.slow_at, none.params) == ("", "", ())
    own = Slowing("key.rpm", "Slow a key", "", ACCOUNT[0].asks[1:])
    assert _item(typed(by=own)).slow_at == "", "the credential itself"


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"at": " "}, "which project"),
        ({"values": {"model": "", "rpm": "1"}}, "Model"),
        ({"values": {"model": "atlas", "rpm": "half"}}, "whole number"),
    ],
)
def test_nothing_is_kept_where_whom_or_how_much_is_not_said(changes, why: str) -> None:
    with pytest.raises(WrongUse, match=why):
        _item(typed(**changes))
