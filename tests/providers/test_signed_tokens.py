"""A service account's key exchanged for a token, services beside the first, and callers who sign in by a key.

As ever: no key and no token stands anywhere but where it is sent, and no address but the settings' is spoken to.
"""

from __future__ import annotations

import asyncio
import base64
import functools
import json
import logging
from urllib.parse import parse_qs

import pytest
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa

from adapters.access import Access, CallersSide, SignIn
from adapters.contract import NotSent, OutcomeUnknown, Refused
from adapters.simulator import Answer, Simulator
from console.providers.address import BadAddress
from console.providers.instance import Instance
from console.providers.plane import Plane
from tests.adapters.authority import authority
from tests.kit.clock import FakeClock
from tests.kit.plainadapter import PlainAdapter, PlainSettings, plan_of

CONSOLE, CANARY = "console@desk.iam.example", "canary@desk.iam.example"
BLOCK = plan_of("k", now=False, wanted=True)
GRANT = "urn:ietf:params:oauth:grant-type:jwt-bearer"


@functools.cache
def key_of(email):
    """A service account's key as it is given out, and its public half."""
    private = rsa.generate_private_key(65537, 2048)
    pem = private.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    told = {
        "type": "service_account", "project_id": "desk", "private_key_id": f"id-of-{email}", "client_email": email,
        "private_key": pem.decode(), "token_uri": "https://elsewhere.example/token",
    }  # fmt: skip
    return json.dumps(told, indent=2), private.public_key()


def raw(part):
    return base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))


class Cloud:
    """A sign-in that checks signatures, two services by their paths, and a callers' side."""

    def __init__(self):
        self.state = {"tokens": {}, "refuse": set(), "claims": []}
        self.url = ""
        self.sign_in = None

    def kind(self, incoming):
        return "call" if incoming.path.startswith("/use") else "read" if incoming.method == "GET" else "write"

    def handle(self, incoming, lag_s):
        if incoming.path == "/token":
            return self._token(incoming) if self.sign_in is None else self.sign_in
        who = self.state["tokens"].get(incoming.bearer)
        if who is None or incoming.bearer in self.state["refuse"]:
            return Answer(status=401, body={"error": f"token {incoming.bearer} is not known"})
        if incoming.path.startswith("/use"):
            return Answer(status=200 if who == CANARY else 403, body={"who": who})
        return Answer(body={"blocked": False, "who": who, "path": incoming.path})

    def _token(self, incoming):
        asked = parse_qs(incoming.body.decode())
        assert asked["grant_type"] == [GRANT]
        head, said, signature = asked["assertion"][0].split(".")
        told, claims = json.loads(raw(head)), json.loads(raw(said))
        _, public = key_of(claims["iss"])
        public.verify(raw(signature), f"{head}.{said}".encode(), padding.PKCS1v15(), hashes.SHA256())
        assert told == {"alg": "RS256", "typ": "JWT", "kid": f"id-of-{claims['iss']}"}
        assert (claims["aud"], claims["scope"]) == (f"{self.url}/token", "cloud")
        self.state["claims"].append(claims)
        token = f"token-planted-{len(self.state['tokens'])}"
        self.state["tokens"][token] = claims["iss"]
        return Answer(body={"access_token": token, "expires_in": 3599, "token_type": "Bearer"})


class Clouded(PlainAdapter):
    """The plain adapter, at a cloud of two services."""

    client = CONSOLE
    elsewhere = ""

    def access(self):
        here = self.base_url()
        sign_in = SignIn(url=f"{here}/token", client=self.client, scope="cloud", secret="admin", grant="signed-token")
        caller = SignIn(url=f"{here}/token", client="", scope="cloud", secret="", grant="signed-token")
        services = {"get": f"{here}/get", "set": f"{here}/set", "far": self.elsewhere or f"{here}/far"}
        return Access(sign_in=sign_in, callers=CallersSide(url=here, sign_in=caller), services=services)


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
        cloud.url = simulator.url
        yield simulator


def plane_at(url, clock=None, *, adapter=Clouded, **secrets):
    made = Instance(id="g-" + "0" * 26, adapter="practice", name="p", settings={}, probe_credentials={"k": "caller"})
    kept = Kept(**{"admin": key_of(CONSOLE)[0], "caller": key_of(CANARY)[0], **secrets})
    return Plane(made, adapter(PlainSettings(url=url)), kept, clock or FakeClock(), world="drill")


def run(plane, story):
    async def whole():
        try:
            await story(plane.context("any"))
        finally:
            await plane.aclose()

    asyncio.run(whole())


def fetched(server):
    return len([one for one in server.requests() if one.path == "/token"])


@pytest.mark.parametrize("as_kept", [str, lambda text: base64.encodebytes(text.encode()).decode().replace("\n", " ")])
def test_a_service_accounts_key_is_exchanged_once_and_its_token_renewed_in_time(server, cloud, as_kept):
    clock = FakeClock()
    plane = plane_at(server.url, clock, admin=as_kept(key_of(CONSOLE)[0]))

    async def story(context):
        await asyncio.gather(*(context.call("GET", "/get/k", effect="read") for _ in range(5)))
        assert fetched(server) == 1
        clock.advance((3599 - 299) * 1000)
        assert (await context.call("GET", "/get/k", effect="read")).json()["who"] == CONSOLE

    run(plane, story)
    first, second = cloud.state["claims"]
    assert (second["iat"] - first["iat"], first["exp"] - first["iat"]) == (3300, 660)
    secret = key_of(CONSOLE)[0]
    assert all(secret[200:260].encode() not in one.body for one in server.requests())


@pytest.mark.parametrize(
    ("kept", "why"),
    [
        ("ya29.word", "no service account's key"),
        ("{}", "no service account's key"),
        (json.dumps({"client_email": CONSOLE, "private_key": "-----BEGIN nonsense"}), "is none"),
        (json.dumps({"client_email": CONSOLE, "private_key": authority().issue("x").key}), "no RSA key"),
        (key_of(CANARY)[0], "belongs to another account"),
    ],
)
def test_what_is_no_key_of_this_account_sends_nothing_and_is_not_quoted(server, kept, why):
    plane = plane_at(server.url, admin=kept)

    async def story(context):
        with pytest.raises(NotSent, match=why) as told:
            await context.call("GET", "/get/k", effect="read")
        assert told.value.__cause__ is None
        assert "PRIVATE" not in told.value.detail

    run(plane, story)
    assert server.requests() == []


def test_a_refused_exchange_says_googles_word_and_no_other(server, cloud):
    cloud.sign_in = Answer(status=400, body={"error": "invalid_grant", "error_description": "Invalid JWT Signature."})

    async def story(context):
        with pytest.raises(NotSent, match=r"refused this client \(invalid_grant\): renew the credential"):
            await context.call("GET", "/get/k", effect="read")

    run(plane_at(server.url), story)


def test_a_path_names_its_service_and_no_other_place_is_reached(server):
    async def story(context):
        assert (await context.call("GET", "/get/v2/a%2Fb?x=1", effect="read")).json()["path"] == "/get/v2/a/b"
        for path in ("/other/x", "/get", "//far/x", "/", "get/x", "/far/../x"):
            with pytest.raises(Refused):
                await context.call("GET", path, effect="read")

    run(plane_at(server.url), story)
    assert [one.target for one in server.requests() if one.path != "/token"] == ["/get/v2/a%2Fb?x=1"]


def test_a_drill_reaches_no_service_elsewhere(server):
    away = type("Away", (Clouded,), {"elsewhere": "https://iam.example"})
    with pytest.raises(BadAddress):
        plane_at(server.url, adapter=away)


def test_a_callers_key_is_exchanged_too_and_a_word_is_shown_as_it_is(server, cloud):
    cloud.state["tokens"]["word"] = CANARY

    async def story(context):
        for credential, tokens in (("caller", 1), ("caller", 1), ("other", 1)):
            reply = await context.call("GET", "/use", effect="read", credential=credential, side="callers")
            assert (reply.json()["who"], fetched(server)) == (CANARY, tokens)
        with pytest.raises(Refused, match="own secret"):
            await context.call("GET", "/use", effect="read", side="callers")
        cloud.state["refuse"].add("token-planted-1")
        first = await context.call("GET", "/use", effect="read", credential="caller", side="callers")
        again = await context.call("GET", "/use", effect="read", credential="caller", side="callers")
        assert (first.status, again.status) == (401, 200)  # told as it was, and fetched anew for the next

    run(plane_at(server.url, other="word"), story)
    assert {one["iss"] for one in cloud.state["claims"]} == {CANARY}


def test_another_key_under_the_same_name_signs_in_anew(server, cloud):
    plane = plane_at(server.url)

    async def story(context):
        for email, status in ((CANARY, 200), (CONSOLE, 403)):
            plane.secrets.found["caller"] = key_of(email)[0]
            reply = await context.call("GET", "/use", effect="read", credential="caller", side="callers")
            assert (reply.status, reply.json()["who"]) == (status, email)

    run(plane, story)
    assert [one["iss"] for one in cloud.state["claims"]] == [CANARY, CONSOLE]


class Talkative(Clouded):
    """It puts whatever it was answered into its faults."""

    async def status(self, context):
        await context.call("GET", "/use", effect="read", credential="caller", side="callers")
        mine = await context.call("GET", "/get/k", effect="read")
        theirs = await context.call("GET", "/use", effect="read", credential="caller", side="callers")
        raise OutcomeUnknown(mine.body.decode() + theirs.body.decode())


def test_no_key_and_no_token_is_logged_or_told(server, cloud, caplog):
    caplog.set_level(logging.DEBUG)
    caplog.set_level(logging.DEBUG, "httpcore")
    plane = plane_at(server.url, adapter=Talkative)
    cloud.state["refuse"] |= {f"token-planted-{number}" for number in range(9)}

    async def story(context):
        with pytest.raises(OutcomeUnknown) as told:
            await plane.status()
        assert told.value.detail.count("[secret]") == 2
        assert "planted" not in repr(told.value)

    run(plane, story)
    assert "send_request_headers" in caplog.text
    assert "token-planted" not in caplog.text
    assert "PRIVATE KEY" not in caplog.text
