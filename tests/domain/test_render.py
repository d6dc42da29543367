from __future__ import annotations

from dataclasses import replace

import pytest

from console.domain.actions import Closing, Extension, Ratification, Redaction, RedactionItem, Rehearsal, document_json
from console.domain.deceit import shown, warnings_about
from console.domain.errors import BadForm, UnknownField
from console.domain.reasons import Reason, read_reason, with_parts
from console.domain.render import NotAllHere, approval_text
from console.domain.sheet import odd_texts, read_sheet, scope_of
from tests.domain import made
from tests.domain.made import FACTS, NOW, ORG, action, high, target

REQUEST = {
    "method": "POST", "path": "/key/block", "body": '{"key":"sk-..."}\nsecond', "encoding": "text",
    "content_type": "application/json", "effect": "write",
}  # fmt: skip
VALUES = {
    "name": "team key", "selector": "hash-1", "params": {"values": {}, "wanted": {"blocked": "true"}, "notes": []},
    "pre": {"fields": {"blocked": "false"}, "read_ms": NOW}, "requests": [REQUEST], "revert": [],
}  # fmt: skip
NAMES = {made.ident("t", 1): "chat", made.ident("g", 1): "gateway"}


def text(document=None, values=VALUES, **more):
    document = document or action()
    disclosed = [values] * len(getattr(document, "targets", ()))
    more.setdefault("reason", "F-7 answers with other people's data")
    value = more.pop("value", None) or document_json(document)
    return approval_text(value, more.pop("disclosed", disclosed), more.pop("names", NAMES), **more)


def joined(lines, kind=None):
    return "\n".join(line.text for line in lines if kind in (None, line.kind))


def test_a_signer_reads_what_where_how_many_why_what_if_not_who_and_until_when():
    found = joined(text(digest_words=("amber", "otter"), if_not="It goes on leaking", facts=FACTS))
    for words in (
        "Take away (contain): 1 target(s) on 1 surface(s), 1 selected", "F-7 answers", "It goes on leaking",
        "our customers only", "chat (t-", "gateway (g-", "Approve by: 2025-11-23", "any one signer may undo it",
        "Gravity as computed here: normal", "amber otter", "As it is now fields blocked: false", "be reverted exactly",
        "Parameters wanted blocked: true", "To revert: nothing", "Look at it again by: not set",
    ):  # fmt: skip
        assert words in found


def test_the_exact_requests_are_shown_whole():
    lines = [line.text for line in text() if line.kind == "request"]
    assert lines == ["POST /key/block", "[application/json, text, write]", '{"key":"sk-..."}', "second"]


def test_warnings_for_what_is_grave():
    document = high(
        targets=(
            target(1, selectors=0, reversal="none", all_surfaces=True, credential="in-use", listed=9, canary=False),
            target(2, canary=True, assignee=made.APPROVER),
        ),
        undo_within_s=None, break_glass=True, execute_by_unreachable=NOW + 1, review_by=2**47,
        gravity="normal",
    )  # fmt: skip
    lines = text(document, reason="too short", facts=FACTS)
    found = joined(lines, "warning")
    for words in (
        "CANNOT BE REVERTED", "all our customers on this surface", "all surfaces", "BREAK-GLASS", "shorter than 20",
        "lower than it must be",
    ):  # fmt: skip
        assert words in found
    assert "reaching all our customers on it, 1 of them canaries" in joined(lines)
    assert "By hand, asked of" in joined(lines)
    assert "Look at it again by: 6429-10-17" in joined(lines)
    assert "BREAK-GLASS" in joined(text(high(break_glass=True)))
    assert "Undoes" in joined(text(high(direction="restore", undoes=made.sha("x"), undo_within_s=None)))
    assert "own approval" in joined(text(action(undo_within_s=None)))
    assert "To be lifted when: fixed" in joined(text(action(lift_criteria_sd=made.digest("l")), lift_criteria="fixed"))
    lift = action(lift_criteria_sd=made.digest("l"), direction="restore")
    assert "Criteria of the lift: fixed" in joined(text(lift, lift_criteria="fixed"))


@pytest.mark.parametrize("name", VALUES)
def test_a_missing_value_cannot_be_approved(name):
    with pytest.raises(NotAllHere, match=name):
        text(values={key: value for key, value in VALUES.items() if key != name})


def test_whatever_is_not_all_here_is_refused():
    for more in (
        {"reason": None}, {"disclosed": []}, {"document": action(target(sd=()))},
        {"document": action(lift_criteria_sd=made.digest("l"))},
    ):  # fmt: skip
        with pytest.raises(NotAllHere):
            text(**more)


def test_whatever_this_version_does_not_know_is_refused():
    value = action().as_json()
    for more in (
        {"value": value | {"surprise": 1}}, {"value": value | {"direction": "sideways"}},
        {"values": VALUES | {"surprise": 1}}, {"values": VALUES | {"requests": "x"}},
        {"values": VALUES | {"requests": [REQUEST | {"headers": {}}]}}, {"values": VALUES | {"revert": [3]}},
    ):  # fmt: skip
        with pytest.raises(UnknownField):
            text(**more)
    with pytest.raises(BadForm):
        text(value=value | {"created": "now"})


def test_deceiving_text_is_marked_and_nothing_invisible_is_shown():
    lines = text(values=VALUES | {"name": "p\u0430ypal\u200b", "selector": {"base64": "AA=="}}, names={})
    assert "different scripts" in joined(lines, "warning")
    assert "<U+200B>" in joined(lines)
    assert "\u200b" not in joined(lines)
    assert "not named here" in joined(lines)


DECEIT = {
    "p\u0430ypal": "different scripts",
    "\u0440\u0430\u0443\u043e": "looks like 'payo'",
    "a\u200bb": "invisible",
    "a\u202eb": "direction",
    "a\u00a0b": "spaces",
    "\u05e9\u05dc": "right to left",
    "\uff46\uff55\uff4c\uff4c": "special form",
}


@pytest.mark.parametrize("sample", DECEIT)
def test_text_that_could_look_like_other_text(sample):
    assert DECEIT[sample] in " ".join(warnings_about(sample))


@pytest.mark.parametrize("sample", ["plain", "café", "Привет", "日本のキー", "한국", "naïve 9"])
def test_plain_text_of_any_language_is_not_suspected(sample):
    assert warnings_about(sample) == ()
    assert shown(sample) == sample


def test_the_other_documents_say_what_they_are():
    ref = (3, made.ROSTER_SHA)
    item = RedactionItem(entry=None, doc=made.sha("d"), digests=(made.digest("v"),))
    redaction = Redaction(
        org=ORG, inc=None, items=(item,), reason_sd=made.digest("r"), roster=ref, created=NOW, approve_by=NOW
    )
    frontier = ((made.FEEDS[0], 7, made.sha("head")),)
    common = {"org": ORG, "roster": ref, "created": NOW}
    for document, words in (
        (redaction, "Delete 1 value(s)"),
        (Closing(inc=made.INC, frontier=frontier, approve_by=NOW, **common), "up to 7"),
        (Rehearsal(person=made.APPROVER, role="approver", **common), "can never be an action"),
        (Extension(doc=made.sha("d"), op=made.OP, execute_by=NOW, **common), "More time"),
        (Ratification(doc=made.sha("d"), op=made.OP, **common), "break-glass"),
    ):
        assert words in joined(text(document))
    with pytest.raises(NotAllHere):
        text(redaction, reason=None)
    assert replace(item, doc=None, entry=made.sha("e")).entry in joined(
        text(replace(redaction, items=(replace(item, doc=None, entry=made.sha("e")),)))
    )


# -- the sheet, from which terminal and window are made ----------------------------------------------------------------


def sheet(values=VALUES, document=None, reason="It leaks", **more):
    document = document or action()
    return read_sheet(document, [values] * len(document.targets), reason, more.pop("criteria", None), FACTS)


def with_params(**params):
    return VALUES | {"params": VALUES["params"] | params}


def test_old_stands_beside_new_and_nothing_of_the_values_is_lost():
    values = with_params(values={"rpm": "5"}, affected=12, notes=["careful"], odd={"deep": [1]})
    one = sheet(values | {"pre": {"fields": {"blocked": "false", "rpm": "9"}, "read_ms": NOW, "also": "x"}}).targets[0]
    assert [(c.field, c.old, c.new) for c in one.changes] == [("blocked", "false", "true"), ("rpm", "9", None)]
    assert (one.read_ms, one.affected, one.notes, one.asked) == (NOW, 12, ("careful",), (("rpm", "5"),))
    assert one.more == (("odd deep 1", "1"), ("as it is also", "x"))
    assert [request.head for request in one.requests] == ["POST /key/block"]


def test_a_state_in_a_form_nobody_knows_is_shown_whole():
    one = sheet(VALUES | {"pre": "blocked for years"}).targets[0]
    assert ("as it is", "blocked for years") in one.more


def test_provider_values_in_their_second_spelling_are_read_the_same():
    pairs = with_params(wanted=[[{"base64": "w6k="}, "1"]], values=[["a b", {"base64": "AA=="}]])
    one = sheet(pairs).targets[0]
    assert one.changes[-1].field == "é"
    assert one.asked == (("a b", "\0"),)


@pytest.mark.parametrize(
    "params",
    [{"values": "x"}, {"wanted": [["a"]]}, {"wanted": [["a", "1"], ["a", "2"]]}, {"notes": "x"}, {"affected": "x"}],
)
def test_values_of_no_form_are_refused_rather_than_left_out(params):
    with pytest.raises(UnknownField):
        sheet(with_params(**params))


def test_a_spare_value_is_refused_for_one_name_could_stand_for_two():
    with pytest.raises(NotAllHere, match="undisclosed"):
        sheet(document=action(target(sd=made.digests("x", 7))))


def test_odd_text_is_found_wherever_it_stands():
    values = with_params(values={"instruction": "p\u0430ypal"}, notes=["a\u200bb"]) | {"selector": "\uff46"}
    places = " ".join(word for word, _ in odd_texts(sheet(values, reason="\u05e9")))
    for place in ("instruction of target 1", "notes of target 1", "selector of target 1", "reason"):
        assert place in places
    assert odd_texts(sheet()) == ()


def test_a_reason_keeps_what_was_left_out_and_what_if_not():
    text = with_parts(" It leaks.\nMuch. ", ["Atlas (t-1):\n no lever"], "It goes\non")
    assert read_reason(text) == Reason("It leaks.\nMuch.", ("Atlas (t-1): no lever",), "It goes on")
    assert read_reason(text).text() == text
    assert read_reason("plain") == Reason("plain")
    assert "If it is not done: It goes on" in joined(approval_text(document_json(action()), [VALUES], {}, reason=text))
    assert sheet(reason=text).parts.left_out == ("Atlas (t-1): no lever",)


def test_the_scope_counts_canaries_apart():
    found = scope_of((target(1), target(2, canary=True), target(3, listed=9)))
    assert (found.targets, found.selected, found.canaries, found.widest) == (3, 10, 1, "")
    whole = [target(at, selectors=0, reach=reach) for at, reach in enumerate(("only-us", "everyone"), start=1)]
    assert scope_of(whole[:1]).widest == "only-us"
    assert scope_of((*whole, target(3, selectors=0))).widest == "everyone"
