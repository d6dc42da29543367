"""What is lent to adapters: reading answers without quoting them, an address that is safe, parameters of a lever."""

from __future__ import annotations

from dataclasses import replace

import pytest
from pydantic import BaseModel, Field

from adapters.answers import Voice, plain
from adapters.conformance import reply
from adapters.contract import Malformed, Refused, Wish
from adapters.forms import NoParams, Params, model_or_params, params_of, safe_address
from adapters.haproxy.levers import BLOCK

SECRET = "sk-planted-0123456789"


class Answer(BaseModel):
    name: str


def test_a_refusal_says_its_status_and_at_most_one_plain_word():
    voice = Voice("the plane", words=lambda told: (told.json().get("code"), told.json().get("type")))
    body = f'{{"code": "bad key {SECRET}", "type": "auth_error", "message": "{SECRET}"}}'.encode()
    with pytest.raises(Refused, match=r"^list: the plane refused with 401 \(auth_error\)$") as fault:
        voice.check(reply(401, body), "list")
    assert fault.value.status == 401
    with pytest.raises(Refused, match=r"refused with 500$"):
        Voice("the plane").check(reply(500, body), "list")
    with pytest.raises(Malformed, match="sends elsewhere"):
        voice.check(reply(302, b""), "list")
    assert voice.check(reply(204, b""), "list").status == 204
    assert [plain(word) for word in ("auth_error", "two words", "", None, "a" * 62)] == ["auth_error", "", "", "", ""]


def test_an_answer_of_another_shape_is_malformed_and_not_quoted():
    assert Voice("the plane").read(Answer, reply(200, b'{"name": "a", "more": 1}')).name == "a"
    for body in (b"[1]", b'{"name": ["' + SECRET.encode() + b'"]}'):
        with pytest.raises(Malformed, match="something its notes does not have") as fault:
            Voice("the plane", "its notes").read(Answer, reply(200, body))
        assert SECRET not in str(fault.value)


@pytest.mark.parametrize(
    ("address", "why"),
    [
        ("http://plane.example", "plain http would show the key"),
        ("https://name:word@plane.example", "without a name"),
        ("https://plane.example/?a=1", "without a name"),
        ("plane.example", "an address like https://x"),
        ("ftp://127.0.0.1", "expected https"),
    ],
)
def test_an_address_is_https_or_on_this_machine_and_nothing_more(address, why):
    with pytest.raises(ValueError, match=why):
        safe_address(address, "https://x", "show the key")


def test_a_good_address_loses_its_last_slash():
    for address in ("https://plane.example/v1/", "http://127.0.0.1:1", "http://localhost:1/"):
        assert safe_address(address, "https://x", "show the key") == address.rstrip("/")


class Limit(Params):
    model: str = Field(min_length=1)
    rpm: int = Field(ge=0)


def test_parameters_are_text_and_checked_and_a_restore_asks_only_for_the_model():
    lever = replace(BLOCK, name="model.rpm", params=Limit)
    wish = Wish(lever="model.rpm", selector="a", surface_key="", params={"model": "a", "rpm": "5"})
    assert params_of(lever, wish) == model_or_params(lever, wish) == {"model": "a", "rpm": "5"}
    with pytest.raises(Refused, match=r"cannot be done with these parameters: rpm, odd$"):
        params_of(lever, replace(wish, params={"model": "a", "rpm": "-1", "odd": "1"}))
    back = replace(wish, direction="restore")
    assert model_or_params(lever, back) == {"model": "a"}
    with pytest.raises(Refused, match="without the model's name"):
        model_or_params(lever, replace(back, params={}))
    assert model_or_params(replace(lever, params=NoParams), back) == {}
