"""What a cloud needs of the guard: tokens fetched and renewed, certificates to show, a callers' address, waiting.

And of all of it: no secret stands anywhere but where it is sent.
"""

from __future__ import annotations

import asyncio
import base64
import email.utils
import json
import logging
from dataclasses import replace
from pathlib import Path
from urllib.parse import parse_qs

import pytest

from adapters.access import Access, CallersSide, SignIn, Tls
from adapters.contract import AdapterFault, Malformed, NotSent, OutcomeUnknown, Refused, Throttled
from adapters.simulator import Answer, Simulator
from console.providers.address import BadAddress
from console.providers.instance import Instance
from console.providers.plane import Plane
from console.providers.planned import to_disclosures
from tests.adapters.authority import authority
from tests.kit.clock import FakeClock
from tests.kit.plainadapter import PlainAdapter, PlainSettings, plan_of

CLIENT_SECRET = "client-secret-planted-4711"
CALLER = "caller-secret-planted-0815"
BLOCK = plan_of("k", now=False, wanted=True)


class Cloud:
    """A sign-in, a control plane that takes its tokens, and a callers' side, on one port."""

    def __init__(self):
        self.state = {"blocked": False, "tokens": [], "refuse": set()}
        self.life_s = 3600
        self.sign_in = None  # what the sign-in answers instead
        self.once = False  # every token ends with the first write

    def kind(self, incoming):
        return "write" if incoming.path == "/set" else "call" if incoming.path.startswith("/use") else "read"

    def handle(self, incoming, lag_s):
        if incoming.path == "/tenant/token":
            return self._token(incoming)
        if incoming.path.startswith("/use"):
            known = incoming.headers.get("api-key") == CALLER
            return Answer(status=200 if known else 401, body={})
        if incoming.bearer not in self.state["tokens"] or incoming.bearer in self.state["refuse"]:
            return Answer(status=401, body={"error": f"token {incoming.bearer} is not known"})
        if incoming.path == "/set":
            self.state["blocked"] = incoming.json()["blocked"]
            self.state["refuse"] |= set(self.state["tokens"]) if self.once else set()
        return Answer(body={"blocked": self.state["blocked"]})

    def _token(self, incoming):
        if self.sign_in is not None:
            return self.sign_in
        asked = dict(part.split("=", 1) for part in incoming.body.decode().split("&"))
        assert incoming.headers["content-type"] == "application/x-www-form-urlencoded"
        if (asked["grant_type"], asked["client_id"], asked["scope"]) != (
            "client_credentials",
            "c-1",
            "cloud%2F.default",
        ):
            return Answer(status=400, body={"error": "invalid_scope"})
        if asked["client_secret"] != CLIENT_SECRET:
            return Answer(status=401, body={"error": "invalid_client", "error_description": asked["client_secret"]})
        self.state["tokens"].append(f"token-planted-{len(self.state['tokens'])}")
        body = {"access_token": self.state["tokens"][-1], "expires_in": self.life_s, "token_type": "Bearer"}
        return Answer(body=body)


class Clouded(PlainAdapter):
    """The plain adapter, at a cloud."""

    sign_in_at = callers_at = ""

    def access(self):
        url = self.sign_in_at or self.base_url()
        sign_in = SignIn(url=f"{url}/tenant/token", client="c-1", scope="cloud/.default", secret="admin")
        return Access(sign_in=sign_in, callers=CallersSide(url=self.callers_at or self.base_url(), header="api-key"))


class Kept:
    def __init__(self, **found):
        self.found = found

    def get(self, name):
        return self.found.get(name.partition("/")[2])


@pytest.fixture
def cloud():
    return Cloud()


@pytest.fixture
def server(cloud):
    with Simulator(cloud) as simulator:
        yield simulator


def plane_at(url, clock=None, *, adapter=Clouded, secrets=None, call_deadline_s=30.0, step_deadline_s=60.0):
    made = Instance(id="g-" + "0" * 26, adapter="practice", name="p", settings={}, probe_credentials={"k": "caller"})
    kept = secrets or Kept(admin=CLIENT_SECRET, caller=CALLER)
    return Plane(
        made, adapter(PlainSettings(url=url)), kept, clock or FakeClock(), world="drill",
        call_deadline_s=call_deadline_s, step_deadline_s=step_deadline_s,
    )  # fmt: skip


def run(plane, story):
    async def whole():
        try:
            await story()
        finally:
            await plane.aclose()

    asyncio.run(whole())


def fetched(server):
    return len([one for one in server.requests() if one.path == "/tenant/token"])


# -- tokens ------------------------------------------------------------------------------------------------------------


def test_one_token_serves_many_calls_and_is_renewed_before_it_ends(server):
    clock = FakeClock()
    plane = plane_at(server.url, clock)

    async def story():
        await asyncio.gather(*(plane.read_back(BLOCK) for _ in range(10)))
        assert (await plane.apply(BLOCK)).outcome == "accepted"
        assert fetched(server) == 1
        clock.advance((3600 - 301) * 1000)
        await plane.read_back(BLOCK)
        assert fetched(server) == 1
        clock.advance(2000)
        await plane.read_back(BLOCK)
        assert fetched(server) == 2
        clock.set_wall(0)  # somebody sets the machine's clock: a token's life is not measured by it
        await plane.read_back(BLOCK)
        assert fetched(server) == 2

    run(plane, story)


def test_a_short_token_is_renewed_in_its_last_tenth(server, cloud):
    clock, cloud.life_s = FakeClock(), 60
    plane = plane_at(server.url, clock)

    async def story():
        await plane.read_back(BLOCK)
        clock.advance(53_000)
        await plane.read_back(BLOCK)
        assert fetched(server) == 1
        clock.advance(2_000)
        await plane.read_back(BLOCK)
        assert fetched(server) == 2

    run(plane, story)


def test_while_the_sign_in_is_down_the_old_token_goes_on_to_its_end(server, cloud):
    clock = FakeClock()
    plane = plane_at(server.url, clock)

    async def story():
        await plane.read_back(BLOCK)
        cloud.sign_in = Answer(status=503, body={})
        clock.advance(3400 * 1000)
        assert (await plane.apply(BLOCK)).outcome == "accepted"
        clock.advance(201 * 1000)
        with pytest.raises(NotSent, match=r"the sign-in at 127\.0\.0\.1 answered 503"):
            await plane.apply(BLOCK)

    run(plane, story)


def test_a_token_that_is_refused_is_fetched_anew_for_a_read_and_never_sends_a_write_twice(server, cloud):
    plane = plane_at(server.url)

    async def story():
        await plane.read_back(BLOCK)
        cloud.state["refuse"].add("token-planted-0")
        await plane.read_back(BLOCK)
        assert fetched(server) == 2
        cloud.state["refuse"].add("token-planted-1")
        server.forget()
        with pytest.raises(Refused):
            await plane.apply(BLOCK)
        assert [one.path for one in server.requests()] == ["/set"]
        assert (await plane.apply(BLOCK)).outcome == "accepted"  # as the dispatcher would, after reading
        cloud.state["refuse"] |= {f"token-planted-{number}" for number in range(9)}
        with pytest.raises(Malformed):  # this adapter looks at no status
            await plane.read_back(BLOCK)

    run(plane, story)


@pytest.mark.parametrize(
    ("answer", "fault", "why"),
    [
        (Answer(status=401, body={"error": "invalid_client"}), NotSent, r"this client \(invalid_client\): renew the"),
        (
            Answer(status=400, body={"error": f"says {CLIENT_SECRET}"}),
            NotSent,
            "400 without a reason: check the network",
        ),
        (Answer(status=429, body={}), Throttled, "asks to wait"),
        (Answer(status=302, body={}, headers={"location": "http://127.0.0.1:1/"}), NotSent, "302"),
        (Answer(body=b"<html>sign in</html>"), NotSent, "no token"),
        (Answer(body={"access_token": "a b", "expires_in": 60}), NotSent, "no bearer token"),
        (Answer(body={"access_token": "", "expires_in": 60}), NotSent, "no bearer token"),
        (Answer(body={"access_token": "a", "expires_in": 60, "token_type": "mac"}), NotSent, "no bearer token"),
        (Answer(body={"access_token": "x" * 70_000, "expires_in": 60}), NotSent, "more than a token"),
    ],
)
def test_what_is_no_token_is_told_and_nothing_was_sent(server, cloud, answer, fault, why):
    cloud.sign_in = answer
    plane = plane_at(server.url)

    async def story():
        with pytest.raises(fault, match=why) as told:
            await plane.read_back(BLOCK)
        assert CLIENT_SECRET not in told.value.detail
        with pytest.raises(fault):
            await plane.apply(BLOCK)
        assert {one.path for one in server.requests()} == {"/tenant/token"}

    run(plane, story)


@pytest.mark.parametrize(
    ("off_s", "why"),
    [(720, "12 min ahead of the sign-in's"), (-720, "12 min behind the sign-in's"), (90, "renew the credential")],
)
def test_a_refusal_says_where_it_may_be_this_consoles_clock(server, cloud, off_s, why):
    clock = FakeClock()
    date = email.utils.formatdate(clock.wall_ms() / 1000 - off_s, usegmt=True)
    cloud.sign_in = Answer(status=400, body={"error": "invalid_grant"}, headers={"date": date})
    plane = plane_at(server.url, clock)

    async def story():
        with pytest.raises(NotSent, match=why):
            await plane.read_back(BLOCK)

    run(plane, story)


@pytest.mark.parametrize(
    "answer",
    [Answer(body=b"<html>sign in</html>"), Answer(status=401, body={"error": "invalid_client"}), Answer(status=429)],
)
def test_whatever_the_sign_in_answers_an_old_token_goes_on_and_it_is_not_asked_each_time(server, cloud, answer):
    clock = FakeClock()
    plane = plane_at(server.url, clock)

    async def story():
        await plane.read_back(BLOCK)
        cloud.sign_in = answer
        clock.advance(3400 * 1000)
        for _ in range(3):
            assert (await plane.apply(BLOCK)).outcome == "accepted"
        assert fetched(server) == 2
        clock.advance(31 * 1000)
        await plane.read_back(BLOCK)
        assert fetched(server) == 3
        clock.advance(170 * 1000)
        with pytest.raises(NotSent if answer.status != 429 else Throttled):
            await plane.apply(BLOCK)

    run(plane, story)


def test_an_old_token_that_a_write_finds_ended_is_no_refusal_of_the_write(server, cloud):
    """Only the token failed: nothing was done, and it goes with another. One just fetched is refused for good."""
    clock = FakeClock()
    plane = plane_at(server.url, clock)

    async def story():
        await plane.read_back(BLOCK)
        clock.advance(61_000)
        cloud.state["refuse"].add("token-planted-0")
        with pytest.raises(NotSent, match="no longer takes the token"):
            await plane.apply(BLOCK)
        assert cloud.state["blocked"] is False
        assert (await plane.apply(BLOCK)).outcome == "accepted"
        cloud.state["refuse"].add("token-planted-1")
        with pytest.raises(Refused):
            await plane.apply(BLOCK)

    run(plane, story)


def test_of_two_writes_the_second_finds_the_token_ended_and_that_is_not_nothing(server, cloud):
    clock = FakeClock()
    plane = plane_at(server.url, clock)
    twice = replace(BLOCK, requests=BLOCK.requests * 2)
    cloud.once = True

    async def story():
        await plane.read_back(BLOCK)
        clock.advance(61_000)
        with pytest.raises(OutcomeUnknown, match="a part was sent"):
            await plane.apply(twice)

    run(plane, story)


def test_without_its_secret_nobody_signs_in(server):
    plane = plane_at(server.url, secrets=Kept())

    async def story():
        with pytest.raises(NotSent, match="no credential for it is kept"):
            await plane.read_back(BLOCK)
        assert server.requests() == []

    run(plane, story)


@pytest.mark.parametrize("where", ["sign_in_at", "callers_at"])
def test_a_drill_reaches_no_other_address_either(server, where):
    away = type("Away", (Clouded,), {where: "https://login.example"})
    with pytest.raises(BadAddress):
        plane_at(server.url, adapter=away)


@pytest.fixture(scope="module")
def signing():
    return authority().signing("console")


def claims_of(text, public, url):
    """What a signed assertion says; its signature is checked as the sign-in would."""
    from cryptography.hazmat.primitives import hashes
    from cryptography.hazmat.primitives.asymmetric import padding

    def raw(part):
        return base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))

    head, said, signature = text.split(".")
    public.verify(raw(signature), f"{head}.{said}".encode(), padding.PSS(padding.MGF1(hashes.SHA256()), 32),
                  hashes.SHA256())  # fmt: skip
    told, claims = json.loads(raw(head)), json.loads(raw(said))
    assert (told["alg"], len(raw(told["x5t#S256"]))) == ("PS256", 32)
    assert (claims["aud"], claims["iss"], claims["sub"]) == (f"{url}/tenant/token", "c-1", "c-1")
    return claims


def certified(pair):
    class Certified(Clouded):
        def access(self):
            url = f"{self.base_url()}/tenant/token"
            shown = SignIn(url=url, client="c-1", scope="cloud/.default", secret="key", certificate=pair.certificate)
            return Access(sign_in=shown)

    return Certified


def test_a_certificate_signs_in_without_a_secret_each_time_anew(server, cloud, signing):
    pair, public = signing
    clock = FakeClock()
    plane = plane_at(server.url, clock, adapter=certified(pair), secrets=Kept(key=pair.key))
    cloud.sign_in = Answer(body={"access_token": "t", "expires_in": 60})
    cloud.state["tokens"].append("t")

    async def story():
        await plane.read_back(BLOCK)
        clock.advance(3_600_000)
        await plane.read_back(BLOCK)

    run(plane, story)
    forms = [parse_qs(one.body.decode()) for one in server.requests() if one.path == "/tenant/token"]
    assert all("client_secret" not in one for one in forms)
    assert {one["client_assertion_type"][0].rpartition(":")[2] for one in forms} == {"jwt-bearer"}
    first, second = (claims_of(one["client_assertion"][0], public, server.url) for one in forms)
    assert first["jti"] != second["jti"]
    assert (second["iat"] - first["iat"], first["exp"] - first["iat"], first["iat"] - first["nbf"]) == (3600, 600, 60)
    assert all(pair.key.splitlines()[1] not in one.body.decode() for one in server.requests())


@pytest.mark.parametrize("key", ["nonsense", "ec"])
def test_what_cannot_sign_sends_nothing(server, signing, key):
    pair, _ = signing
    kept = Kept(key=authority().issue("other").key if key == "ec" else "-----BEGIN nonsense")
    plane = plane_at(server.url, adapter=certified(pair), secrets=kept)

    async def story():
        with pytest.raises(NotSent, match="no RSA key" if key == "ec" else "is none"):
            await plane.read_back(BLOCK)

    run(plane, story)
    assert server.requests() == []


# -- the callers' side -------------------------------------------------------------------------------------------------


def test_the_callers_side_gets_the_callers_credential_and_never_our_own(server):
    plane = plane_at(server.url)

    async def story():
        context = plane.context("any")
        assert (await context.call("GET", "/use", effect="read", credential="caller", side="callers")).status == 200
        assert (await context.call("GET", "/use", effect="read", credential=None, side="callers")).status == 401
        with pytest.raises(Refused, match="own secret"):
            await context.call("GET", "/use", effect="read", side="callers")
        with pytest.raises(Refused, match="outside its provider"):
            await context.call("GET", "//elsewhere.example/", effect="read", credential="caller", side="callers")
        assert fetched(server) == 0
        assert [one.headers.get("authorization") for one in server.requests()] == [None, None]

    run(plane, story)


def test_an_adapter_without_a_callers_side_cannot_reach_one(server):
    plane = plane_at(server.url, adapter=PlainAdapter)

    async def story():
        with pytest.raises(Refused, match="no address of callers"):
            await plane.context("any").call("GET", "/use", effect="read", credential="caller", side="callers")

    run(plane, story)


# -- waiting -----------------------------------------------------------------------------------------------------------


def test_a_pause_is_given_only_where_the_step_has_time_for_one_call_after_it(server):
    clock = FakeClock()
    plane = plane_at(server.url, clock, call_deadline_s=5.0, step_deadline_s=10.0)

    async def story():
        context = plane.context()
        assert await context.pause(0.0)
        assert not await context.pause(5.1)  # and a call may take 5 s
        clock.advance(4900)
        assert await context.pause(0.05)
        clock.advance(200)
        assert not await context.pause(0.0)

    run(plane, story)


# -- secrets -----------------------------------------------------------------------------------------------------------


class Talkative(Clouded):
    """It puts whatever it was answered into its faults."""

    async def status(self, context):
        reply = await context.call("GET", "/get/k", effect="read")
        raise OutcomeUnknown(reply.body.decode() + " " + json.dumps(dict(reply.headers)))

    async def _send(self, context, requests):
        reply = await context.send(requests[0])
        if reply.status == 401:
            raise Refused(reply.body.decode(), 401)
        return await super()._send(context, requests)


def test_no_secret_and_no_token_is_logged_told_or_kept_in_a_plan(server, cloud, caplog):
    caplog.set_level(logging.DEBUG)
    caplog.set_level(logging.DEBUG, "httpcore")
    plane = plane_at(server.url, adapter=Talkative)
    told = []

    async def story():
        works = (plane.read_back(BLOCK), plane.apply(BLOCK), plane.probe(BLOCK, "caller"), plane.revert(BLOCK))
        told.extend([repr(await work) for work in works])
        told.append(json.dumps(to_disclosures(BLOCK)))
        cloud.state["refuse"] |= {f"token-planted-{number}" for number in range(9)}
        for work in (plane.status, lambda: plane.apply(BLOCK)):
            with pytest.raises(AdapterFault) as fault:
                await work()
            told.extend((fault.value.detail, repr(fault.value)))

    run(plane, story)
    assert len([one for one in told if "[secret]" in one]) == 4  # the provider did quote the token, each time
    everything = "\n".join((*told, caplog.text))
    assert "send_request_headers" in caplog.text
    for planted in (CLIENT_SECRET, CALLER, "token-planted"):
        assert planted not in everything


def test_a_private_key_never_lies_on_a_disk_in_the_clear(tmp_path, monkeypatch):
    import tempfile

    from console.providers.tls import context_of

    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    pair = authority().issue("console")
    written = []
    write = Path.write_bytes

    def seen(path, data):
        written.append(data)
        return write(path, data)

    monkeypatch.setattr(Path, "write_bytes", seen)
    context_of(Tls(ca=authority().ca, certificate=pair.certificate, key="key"), pair.key)
    (kept,) = written
    assert b"BEGIN ENCRYPTED PRIVATE KEY" in kept
    assert all(line.encode() not in kept for line in pair.key.splitlines() if len(line) > 40)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    "as_pasted",
    [
        lambda pem: pem,
        lambda pem: pem.replace("\n", " "),
        lambda pem: pem.replace("\n", "\r\n"),
        lambda pem: base64.b64encode(pem.encode()).decode(),
        lambda pem: f" {base64.encodebytes(pem.encode()).decode()} ",
    ],
)
def test_a_certificate_and_its_key_are_taken_however_they_were_pasted(as_pasted):
    from console.providers.tls import context_of

    pair = authority().issue("console")
    both = as_pasted(authority().ca + authority().ca)
    made = context_of(Tls(ca=both, certificate=as_pasted(pair.certificate), key="key"), as_pasted(pair.key))
    assert len(made.get_ca_certs()) == 1


@pytest.mark.parametrize("made_wrong", [lambda key: key.replace("PRIVATE", "PUBLIC"), lambda _: "not base64 \x00"])
def test_a_key_that_is_none_is_told_without_a_line_of_it(made_wrong):
    from console.providers.tls import context_of

    pair = authority().issue("console")
    with pytest.raises(NotSent) as told:
        context_of(Tls(ca=authority().ca, certificate=pair.certificate, key="key"), made_wrong(pair.key))
    assert told.value.__cause__ is None
    assert all(line not in told.value.detail for line in pair.key.splitlines())
