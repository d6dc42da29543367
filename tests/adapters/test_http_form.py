"""What a declared adapter's file may say: every fault has its line, and no value leaves its place."""

from __future__ import annotations

import asyncio
import json
import re
import time
from urllib.parse import unquote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.conformance import DirectContext, reply
from adapters.contract import Malformed, Refused, Wish
from adapters.http import template
from adapters.http.checks import BadDeclaration, declaration
from adapters.http.declare import load
from adapters.http.form import (
    Declaration,
    Fixed,
    LeverForm,
    Param,
    Place,
    Setting,
    State,
    Surfaces,
    Trial,
    Write,
    alike,
)
from adapters.http.lines import BadFile, read
from adapters.http.trying import judge
from tests.adapters.test_http_examples import EXAMPLES

SHORT = (EXAMPLES / "bans.yaml").read_text(encoding="utf-8")
BANS = (  # with everything said that need not be
    SHORT.replace("title: Ban service", "version: 1\ntitle: Ban service").replace("secret:", "auth: bearer\nsecret:")
    .replace("    reach:", "    selector: account\n    reach:")
    .replace("    write:", "    restore: {banned: false}\n    write:")
)  # fmt: skip
FLAGS = (EXAMPLES / "flags.yaml").read_text(encoding="utf-8")


def faults(text: str) -> list[str]:
    with pytest.raises(BadDeclaration) as caught:
        declaration(text)
    return [fault.sentence for fault in caught.value.faults]


def line_of(text: str, part: str) -> int:
    return next(number for number, line in enumerate(text.splitlines(), 1) if part in line)


def test_what_a_file_need_not_say_is_what_it_would_say() -> None:
    short, whole = load(SHORT), load(BANS)
    assert short.manifest.levers[0].selector == "account"
    told = [(made.manifest.version, made.manifest.auth, made.manifest.levers[0].selector) for made in (short, whole)]
    assert told == [(1, "bearer", "account")] * 2
    assert short.form.levers["account.ban"].restore == whole.form.levers["account.ban"].restore == {"banned": False}


@pytest.mark.parametrize("contain", ["{banned: null}", "{banned: 1}", "{banned: soon}"])
def test_what_has_no_opposite_is_not_given_back_by_a_guess(contain: str) -> None:
    found = faults(SHORT.replace("contain: {banned: true}", f"contain: {contain}"))
    assert any("say restore" in told for told in found)


# -- the file ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("old", "new", "what"),
    [
        ("read: GET /bans/{selector}", "read: FETCH /bans", "levers.account.ban.read.send: expected METHOD /path"),
        ("read: GET /bans/{selector}", "read: DELETE /bans/x", "levers.account.ban.read: DELETE cannot look at"),
        ("read: GET /bans/{selector}", "read: GET //evil.example/x", "a path begins with one slash"),
        ("read: GET /bans/{selector}", "read: GET /a/../b", "dot segments"),
        ("read: GET /bans/{selector}", "read: GET /bans/{who}", "there is no {who} here; known: {selector}, {surface}"),
        ("read: GET /bans/{selector}", "read: GET /bans/{field.banned}", "there is no {field.banned} here"),
        ("read: GET /bans/{selector}", "read: GET /bans/{selector", "a stray brace"),
        ("category: user", "category: banning", "levers.account.ban.category: input should be 'user'"),
        ("propagation_s: 5", "propagation_s: soon", "levers.account.ban.propagation_s: expected a whole number"),
        ("selector: account", "selector: account\n    wider: 1", "ban.wider: there is no such word here"),
        ("contain: {banned: true}", "contain: {barred: true}", "contain has to say each field and no other: banned"),
        ("contain: {banned: true}", "contain: {banned: false}", "contain and restore say the same"),
        ("contain: {banned: true}", "contain: {banned: 7}", "no write says how to bring the fields to"),
        ("passed: {path: account}", "passed: {}", "passed needs a path: a status alone could be any page"),
        ("refused: {status: 403, path: error.code, is: account_banned}", "refused: {status: 403}", "own words"),
        ("evidence: credential", "evidence: usage", "a count of use cannot be declared in a file"),
        ("base_url: https://bans.example", "base_url: http://bans.example", "base_url: expected https"),
        ("base_url: https://bans.example", "base_url: https://u:p@bans.example", "without a name"),
        ("base_url: https://bans.example", 'base_url: "https://{setting.host}"', "the host is fixed by the file"),
        ("auth: bearer", "auth: none", "auth: secret says what the credential is"),
        ("name: bans", "name: Bans!", "name: "),
        ("standdown: http/1", "standdown: http/2", "expected `standdown: http/1`"),
        ("selector: account", 'selector: account\n    like: "(["', "no regular expression"),
        ("selector: account", "selector: account\n    milder: account.warn", "it names no other lever of this file"),
        ("already: 404", "already: 404\n    already: 409", "already stands twice"),
        ("auth: bearer", "auth: &a bearer", "anchors and aliases are not read here"),
        ("auth: bearer", "auth: !!python/name:os.system x", "tags like python/name:os.system are not read here"),
        ("auth: bearer", "auth: [bearer", "it is no YAML"),
    ],
)  # fmt: skip
def test_a_fault_is_said_with_its_line(old, new, what):
    assert BANS.count(old) == 1
    text = BANS.replace(old, new)
    (told,) = faults(text)
    assert what in told
    if "no YAML" not in what:
        line = int(told.removeprefix("line ").split(",")[0].split(":")[0])
        around = line_of(text, new.splitlines()[-1])
        # what only the whole lever can know is said where the lever begins
        assert line in {around, line_of(text, "account.ban:"), line_of(text, "probe:")}


def test_every_fault_is_said_at_once_in_the_order_of_lines():
    text = BANS.replace("propagation_s: 5", "propagation_s: soon").replace("reach: our-customers", "reach: all")
    told = faults(text.replace("title: Ban service", ""))
    assert len(told) == 3
    assert told[0] == "line 2, title: this is needed"
    assert told == sorted(told, key=lambda one: int(one.split(",")[0].removeprefix("line ")))


@pytest.mark.parametrize(
    "text", ["", "- 1\n- 2\n", "42", "\x00", "a: " + "[" * 2000, "a: b\n" * 20_000, "? [1]\n: 2\n"]
)
def test_what_is_no_declaration_is_refused(text):
    assert len(faults(text)) == 1


def test_words_that_other_yaml_takes_for_truth_stay_words():
    assert read("{on: off, yes: no, n: 12, s: '12', t: true, z: null, v: 1.5, d: 2026-01-01}").value == {
        "on": "off", "yes": "no", "n": 12, "s": "12", "t": True, "z": None, "v": 1.5, "d": "2026-01-01",
    }  # fmt: skip


def test_a_merge_is_not_read():
    with pytest.raises(BadFile, match="plain text"):
        read("a:\n  <<: {b: 1}\n")


def test_a_pattern_takes_time_linear_to_what_it_reads():
    began_s = time.process_time()
    assert not alike("(a+)+b", "a" * 500)
    assert time.process_time() - began_s < 5


# -- placeholders ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("value", "path"),
    [
        ("plain", "/x/plain?q=plain"),
        ("a/../b", "/x/a%2F..%2Fb?q=a%2F..%2Fb"),
        ("a?b#c&d=e", "/x/a%3Fb%23c%26d%3De?q=a%3Fb%23c%26d%3De"),
        ("é {selector}", "/x/%C3%A9%20%7Bselector%7D?q=%C3%A9%20%7Bselector%7D"),
        (7, "/x/7?q=7"),
        (True, "/x/true?q=true"),
    ],
)
def test_a_value_stays_in_its_place_in_a_path(value, path):
    assert template.path("/x/{selector}?q={selector}", {"selector": value}) == path


@pytest.mark.parametrize("value", ["..", ".", "", "a\nb", "\x7f", None, [1], {"a": 1}])
def test_a_value_that_has_no_place_in_a_path_is_refused(value):
    with pytest.raises(Refused):
        template.path("/x/{selector}", {"selector": value})


def test_a_path_that_becomes_too_long_is_refused():
    with pytest.raises(Refused, match="another path"):
        template.path("/x/{selector}", {"selector": "a" * 5000})


def test_a_value_stays_in_its_place_in_a_body():
    values = {"selector": 'x","admin":true,"y":"', "field.n": 3, "field.none": None}
    made = template.body(
        {"who": "{selector}", "said": "by {selector} {{so}}", "n": "{field.n}", "z": ["{field.none}"]}, values
    )
    assert json.loads(made) == {
        "who": values["selector"],
        "said": f"by {values['selector']} {{so}}",
        "n": 3,
        "z": [None],
    }
    with pytest.raises(Refused, match="JSON does not have"):
        template.body("{field.n}", {"field.n": float("nan")})


def test_a_placeholder_names_no_member():
    with pytest.raises(ValueError, match="may not name a member"):
        template.names({"{selector}": 1})


def test_what_is_not_there_is_malformed():
    assert template.look({"a": [{"b": 1}]}, "a.0.b", {}) == 1
    assert template.look({"a": {"x.y": 1}}, "a.{selector}", {"selector": "x.y"}) == 1
    for path in ("a.1.b", "a.b", "c", "a.0.b.c"):
        with pytest.raises(Malformed):
            template.look({"a": [{"b": 1}]}, path, {})


# -- what an answer proves ---------------------------------------------------------------------------------------------


def test_a_refusal_counts_only_in_the_files_own_words():
    lever = declaration(BANS).levers["account.ban"]
    planned = type("P", (), {"wanted": {"banned": "true"}})()
    for status, body, outcome in (
        (403, {"error": {"code": "account_banned"}}, "refused"),
        (403, {"error": {"code": "closed"}}, "cannot-tell"),
        (401, {"error": {"code": "account_banned"}}, "cannot-tell"),
        (200, {"account": "u-1"}, "passed"),
        (200, {"error": {"code": "account_banned"}}, "cannot-tell"),
    ):
        assert judge(lever.probe, reply(status, json.dumps(body).encode()), {}, planned)[0] == outcome
    says = declaration(BANS.replace("is: account_banned", "says: BANNED")).levers["account.ban"].probe
    body = json.dumps({"error": {"code": "This account is banned."}}).encode()
    assert judge(says, reply(403, body), {}, planned)[0] == "refused"


@pytest.mark.parametrize("selector", ["", "a\nb", "x" * 600])
def test_a_selector_is_one_line_of_plain_text(selector):
    made = load(BANS)
    context = DirectContext("http://127.0.0.1:9", auth="none")  # nothing may be asked
    wish = Wish(lever="account.ban", selector=selector, surface_key="product")
    with pytest.raises(Refused, match="one line of plain text"):
        asyncio.run(made(made.manifest.settings()).plan(context, wish))


def test_two_files_make_two_classes():
    one, other = load(BANS), load(FLAGS)
    assert (one.manifest.name, other.manifest.name) == ("http_bans", "http_flags")
    assert one is not other
    assert [lever.name for lever in one.manifest.levers] == ["account.ban"]
    assert set(other.manifest.settings.model_fields) == {"project"}


def test_the_readme_has_every_word_and_no_other():
    text = EXAMPLES.with_name("README.md").read_text(encoding="utf-8")
    words = {word for line in text.splitlines() if line.startswith("|") for word in re.findall(r"`([a-z_]+)`", line)}
    forms = (Declaration, Surfaces, Fixed, State, LeverForm, Param, Setting, Write, Place, Trial)
    known = {one.alias or name for form in forms for name, one in form.model_fields.items()}
    assert known - words - {"send", "body", "path"} == set()
    first = {found[1] for found in re.finditer(r"(?m)^\| `([a-z_]+)`", text)} - {"flags", "firewall", "gateway", "bans"}
    assert first <= known


@given(st.text(max_size=60))
def test_whatever_is_selected_a_path_keeps_its_shape(selector):
    try:
        made = template.path("/accounts/{selector}/bans?who={selector}", {"selector": selector})
    except Refused:
        return
    before, _, after = made.partition("?")
    steps = before.split("/")
    assert (steps[:2], steps[3:]) == (["", "accounts"], ["bans"])
    assert unquote(steps[2]) == unquote(after.removeprefix("who=")) == selector
    assert steps[2] not in {"", ".", ".."}
    assert not set("/?#&\\ ") & set(steps[2] + after.removeprefix("who="))
    assert made.isascii()


@given(st.recursive(st.none() | st.booleans() | st.integers() | st.text(), lambda inner: st.lists(inner, max_size=3)))
def test_whatever_is_written_a_body_keeps_its_shape(value):
    made = json.loads(template.body({"a": "{field.x}", "b": 1}, {"field.x": value}))
    assert made == {"a": value, "b": 1}
