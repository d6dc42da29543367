from __future__ import annotations

import copy

import pytest
from hypothesis import given
from hypothesis import strategies as st

from console.domain import ids, kinds, profile, shape
from console.domain.actions import (
    CATEGORIES,
    CREDENTIALS,
    REACHES,
    REVERSALS,
    Action,
    ApprovalRecord,
    document_json,
    missing_disclosures,
    parse_document,
)
from console.domain.errors import BadForm, Problem, UnknownField
from console.domain.forms import Enrolment, Entry, Policy, Roster, default_policy, feed_preimage
from tests.domain import made
from tests.domain.made import INC, NOW, OP, ORG, POLICY, ROSTER, ident, sha

NUMBERS = st.integers(0, profile.MAX_INT)
ENTRY = {
    "_sd": [], "author": made.COMMANDER, "boot": "a" * 32, "console": made.CONSOLES[0], "feed": sha("f"),
    "hlc": [NOW, 0], "inc": INC, "iprev": None, "iseq": 0, "key": "SHA256:" + "a" * 43, "kind": "note", "mono": 1,
    "org": ORG, "prev": None, "pub": {}, "refs": [], "roster": [3, sha("r")], "seq": 0, "subj": None, "v": 1,
}  # fmt: skip
ENROL = {
    "type": "enrol.v1", "org": ORG, "genesis": sha("g"), "person": ROSTER.as_json()["persons"][0],
    "console": ROSTER.as_json()["consoles"][0], "created": NOW, "nonce": "b" * 32,
}  # fmt: skip
SMALL = {
    "redaction.v1": {"inc": None, "items": [{"entry": sha("e"), "digests": [made.digest("d")]}],
                     "reason_sd": made.digest("r"), "approve_by": NOW},
    "closing.v1": {"inc": INC, "frontier": [[sha("f"), 3, sha("h")]], "approve_by": NOW},
    "rehearsal.v1": {"person": made.APPROVER, "role": "approver"},
    "ratification.v1": {"doc": sha("d"), "op": OP},
    "extension.v1": {"doc": sha("d"), "op": OP, "execute_by": NOW},
}  # fmt: skip
DOCUMENTS = {
    name: {"type": name, "org": ORG, "roster": [3, sha("r")], "created": NOW, **more} for name, more in SMALL.items()
}
FORMS = {
    "entry": (Entry, ENTRY),
    "roster": (Roster, ROSTER.as_json()),
    "policy": (Policy, POLICY.as_json()),
    "enrol": (Enrolment, ENROL),
    "action": (Action, made.action().as_json()),
    "approval": (ApprovalRecord, made.record().as_json()),
}


@pytest.mark.parametrize("name", FORMS)
def test_what_is_read_is_written_the_same(name):
    form, value = FORMS[name]
    assert form.parse(value).as_json() == value
    assert form.parse(form.parse(value).as_json()) == form.parse(value)


@pytest.mark.parametrize("name", DOCUMENTS)
def test_the_other_documents_are_read_and_written_the_same(name):
    assert document_json(parse_document(DOCUMENTS[name])) == DOCUMENTS[name]


def test_a_redaction_may_name_a_document():
    value = copy.deepcopy(DOCUMENTS["redaction.v1"])
    value["items"] = [{"doc": sha("e"), "digests": [made.digest("d")]}]
    assert document_json(parse_document(value)) == value


ALL = {**{name: (form.parse, value) for name, (form, value) in FORMS.items()},
       **{name: (parse_document, value) for name, value in DOCUMENTS.items()}}  # fmt: skip
EVERY_FIELD = [(name, field) for name, (_, value) in ALL.items() for field in value]


@pytest.mark.parametrize(("name", "field"), EVERY_FIELD)
def test_no_field_may_be_missing_or_of_another_shape(name, field):
    parse, value = ALL[name]
    with pytest.raises(BadForm):
        parse({key: item for key, item in value.items() if key != field})
    for wrong in ({"x": 1}, -1, "\x00", [["x"]], 1.5, None, [], True):
        changed = value | {field: wrong}
        try:
            read = parse(changed)
        except BadForm:
            continue
        written = document_json(read) if name in DOCUMENTS else read.as_json()
        assert written == changed  # whatever is accepted has one form


@pytest.mark.parametrize("name", sorted(set(ALL) - {"entry"}))
def test_an_unknown_field_is_a_newer_version_and_not_approvable(name):
    parse, value = ALL[name]
    with pytest.raises(UnknownField):
        parse(value | {"later": 1})
    with pytest.raises(BadForm):
        parse([])


def test_an_entry_of_a_newer_version_is_tolerated():
    assert Entry.parse(ENTRY | {"later": 1, "v": 2}).v == 2


REFUSED = {
    "entry seq without prev": (Entry.parse, ENTRY | {"seq": 1}),
    "entry prev at seq 0": (Entry.parse, ENTRY | {"prev": sha("x")}),
    "entry iseq without iprev": (Entry.parse, ENTRY | {"iseq": 1}),
    "entry hlc": (Entry.parse, ENTRY | {"hlc": [1]}),
    "entry pub": (Entry.parse, ENTRY | {"pub": []}),
    "entry digests unsorted": (Entry.parse, ENTRY | {"_sd": [made.digest("a")] * 2}),
    "entry person for console": (Entry.parse, ENTRY | {"console": made.COMMANDER}),
    "roster threshold 1": (Roster.parse, ROSTER.as_json() | {"threshold": 1}),
    "roster threshold null": (Roster.parse, ROSTER.as_json() | {"threshold": None}),
    "roster prev null": (Roster.parse, ROSTER.as_json() | {"prev": None}),
    "roster heads": (Roster.parse, ROSTER.as_json() | {"adopts": [[sha("f"), 1, sha("a")], [sha("f"), 2, sha("b")]]}),
    "action order": (Action.parse, made.action(approve_by=NOW - 1).as_json()),
    "action too long": (Action.parse, made.action(execute_by=NOW + 25 * made.HOUR).as_json()),
    "action unreachable too long": (Action.parse, made.action(execute_by_unreachable=NOW + 25 * made.HOUR).as_json()),
    "restore unreachable": (Action.parse, made.action(direction="restore", execute_by_unreachable=NOW).as_json()),
    "restore break-glass": (Action.parse, made.action(direction="restore", break_glass=True).as_json()),
    "containment undoes": (Action.parse, made.action(undoes=sha("x")).as_json()),
    "revision 2 of nothing": (Action.parse, made.action(rev=2).as_json()),
    "revision 0": (Action.parse, made.action(rev=0).as_json()),
    "revision 1 supersedes": (Action.parse, made.action(supersedes=sha("x")).as_json()),
    "severity 5": (Action.parse, made.action(severity=5).as_json()),
    "no target": (Action.parse, made.action().as_json() | {"targets": []}),
    "201 targets": (Action.parse, made.action(*[made.target()] * 201).as_json()),
    "approval op": (ApprovalRecord.parse, made.record(op=None).as_json()),
    "rehearsal with op": (ApprovalRecord.parse, made.record(doc_type="rehearsal.v1").as_json()),
}


@pytest.mark.parametrize("name", REFUSED)
def test_every_refusal_names_the_place(name):
    parse, value = REFUSED[name]
    with pytest.raises(BadForm) as caught:
        parse(value)
    assert caught.value.where
    assert caught.value.next_step


def test_a_policy_below_the_floor_cannot_be_written_down():
    for name, persons in (("normal", 0), ("high", 1), ("critical", 1)):
        value = copy.deepcopy(POLICY.as_json())
        value["levels"][name]["persons"] = persons
        with pytest.raises(BadForm, match="at least"):
            Policy.parse(value)


def test_documents_of_unknown_types_are_refused():
    for value in ({"type": "weapon.v1"}, {}, [], None):
        with pytest.raises(BadForm):
            parse_document(value)
    with pytest.raises(BadForm):
        document_json(parse_document(DOCUMENTS["rehearsal.v1"] | {"role": "x"}).__class__(
            org=ORG, person=1.5, role="x", roster=(1, sha("r")), created=NOW))  # fmt: skip


TARGETS = st.builds(
    made.target,
    st.integers(0, 5),
    category=st.sampled_from(CATEGORIES),
    reach=st.sampled_from(REACHES),
    reversal=st.sampled_from(REVERSALS),
    selectors=NUMBERS,
    all_surfaces=st.booleans(),
    canary=st.booleans(),
    credential=st.sampled_from([None, *CREDENTIALS]),
    listed=st.none() | NUMBERS,
    assignee=st.sampled_from([None, made.APPROVER]),
)


@given(st.lists(TARGETS, min_size=1, max_size=5), st.integers(1, 4), st.none() | st.integers(0, 10**6), st.booleans())
def test_actions_read_and_write_the_same(targets, severity, undo, glass):
    made_action = made.action(*targets, severity=severity, undo_within_s=undo, break_glass=glass)
    assert parse_document(document_json(made_action)) == made_action
    assert all(one.by_hand == one.adapter.startswith("manual/") for one in made_action.targets)


@given(st.integers(0, 2**128 - 1), st.sampled_from("odpciagt"))
def test_ids(number, prefix):
    name = ident(prefix, number)
    assert ids.require_id(name, prefix) == name
    other = "o" if prefix != "o" else "d"
    with pytest.raises(BadForm):
        ids.require_id(name, other)
    assert not ids.is_id(name + "\n", prefix)


def test_labels_grow_on_a_clash():
    assert ids.incident_label("i-" + "0" * 22 + "ab12", 2026) == "INC-2026-ab12"
    assert ids.incident_label("i-" + "0" * 22 + "ab12", 2026, ["i-" + "1" * 22 + "ab12"]) == "INC-2026-0ab12"
    assert not ids.is_nonce("x")


JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-profile.MAX_INT, profile.MAX_INT)
    | st.text("aé\n\t\u200d\u05d0", max_size=5),
    lambda inner: (
        st.lists(inner, max_size=2) | st.dictionaries(st.text("abc", min_size=1, max_size=3), inner, max_size=2)
    ),
    max_leaves=5,
)


@given(JSON)
def test_the_profile_allows_what_it_should(value):
    depth = 0
    level = [value]
    while any(isinstance(item, list | dict) for item in level):
        depth += 1
        level = [x for i in level if isinstance(i, list | dict) for x in (i.values() if isinstance(i, dict) else i)]
    if depth <= profile.MAX_DEPTH:
        profile.check_value(value)
    else:
        with pytest.raises(BadForm):
            profile.check_value(value)


@pytest.mark.parametrize(
    "value",
    [1.5, 2**53, -(2**53), "\r", "\x00", "\x7f", "\u2028", "\u202e", "\u2066", "e\u0301", "\ud800", {"": 1}, {"é": 1},
     {"a" * 65: 1}, {1: 1}, (1,), b"x", [[[[[[[1]]]]]]], {"a": {"b": [1.5]}}],
)  # fmt: skip
def test_the_profile_refuses(value):
    with pytest.raises(BadForm):
        profile.check_value(value)


def test_kinds():
    assert kinds.check_kind("weather", {"anything": 1}) is None
    assert kinds.check_kind("note", {"tlp": "red", "of": [sha("x")]}, ("text",)) is kinds.KINDS["note"]
    for kind, pub, names in (
        ("note", {"surprise": 1}, ()), ("note", {"tlp": "pink"}, ()), ("note", {}, ("speech",)),
        ("severity.changed", {}, ()), ("severity.changed", {"severity": 5}, ()), ("role.assigned", {}, ()),
    ):  # fmt: skip
        with pytest.raises(BadForm):
            kinds.check_kind(kind, pub, names)
    assert kinds.check_kind("incident.declared", {"severity": 2, "serious": True}) is not None


def test_no_time_and_no_length_of_time_goes_beyond_what_a_calendar_shows():
    ten_years = 10 * 366 * 86_400_000
    assert shape.length(ten_years, "x") == ten_years
    for check in (shape.length, shape.moment):
        with pytest.raises(BadForm):
            check(10**15, "x")
    with pytest.raises(BadForm, match="under ten years"):
        shape.length(ten_years + 1, "x")


@pytest.mark.parametrize("value", [None, 7, "x", ["pub"]])
def test_what_should_be_an_object_and_is_none_is_refused(value):
    with pytest.raises(BadForm, match="expected an object"):
        shape.check_known(value, "pub", {"x": shape.whole})


def test_small_things():
    assert missing_disclosures({"name": 1}) == ("selector", "params", "pre", "requests", "revert")
    assert default_policy(ORG, 0).levels["critical"].distinct_consoles
    assert feed_preimage("o", "k", "n") == b"feed.v1\no\nk\nn"
    assert Problem("so.").next_step == ""
    assert str(Problem("so.", "Do.")) == "so. Do."
