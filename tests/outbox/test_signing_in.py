"""A dispatch whose sign-in fails for a while: it waits, is recorded as no refusal, and goes once there is a token."""

from __future__ import annotations

import asyncio

import pytest

from adapters.access import Access, SignIn
from adapters.simulator import Answer, Simulator
from tests.kit.plainadapter import PlainAdapter
from tests.kit.plainserver import PlainEstate
from tests.kit.scene import Scene, plane_at, sent
from tests.outbox.test_engine import run, states

FAULTS = [
    Answer(status=401, body={"error": "invalid_client"}), Answer(body=b"<html>sign in to the network</html>"),
    Answer(status=503, body={}), Answer(status=307, body={}, headers={"location": "http://127.0.0.1:1/"}),
]  # fmt: skip


class SignIns:
    """A sign-in that says something else `times` times, then gives a token."""

    state: object = None

    def __init__(self, instead, times):
        self.instead, self.left = instead, times

    def kind(self, incoming):
        return "read"

    def handle(self, incoming, lag_s):
        if self.left:
            self.left -= 1
            return self.instead
        return Answer(body={"access_token": "t-1", "expires_in": 3600, "token_type": "Bearer"})


def play(tmp_path, site, story):
    async def on_stage(kind):
        async with PlainEstate() as estate:
            scene = Scene(tmp_path, estate.url)
            try:
                scene.block("k")
                settled = await run(scene, plane_at(scene.url, kind))
                story(scene, estate, settled)
            finally:
                await scene.aclose()

    with Simulator(site) as sign_in:

        class Signing(PlainAdapter):
            def access(self):
                return Access(sign_in=SignIn(url=f"{sign_in.url}/token", client="c", scope="s", secret="admin"))

        asyncio.run(on_stage(Signing))


@pytest.mark.parametrize("instead", FAULTS, ids=["refused", "a page", "broken", "a redirect"])
def test_what_could_not_sign_in_once_goes_as_soon_as_it_can(tmp_path, instead):
    site = SignIns(instead, times=1)

    def story(scene, estate, settled):
        assert states(settled) == ["enforced"], scene.words()
        assert site.left == 0
        assert not {"failed", "unknown", "stale"} & set(scene.words())
        assert sent(estate) == [("k", True)]

    play(tmp_path, site, story)


@pytest.mark.parametrize("instead", FAULTS[:2], ids=["refused", "a page"])
def test_what_cannot_sign_in_waits_and_nothing_says_that_its_provider_refused_it(tmp_path, instead):
    def story(scene, estate, settled):
        assert states(settled) == ["queued"]
        assert scene.words() == ["authorised"]
        assert sent(estate) == []

    play(tmp_path, SignIns(instead, times=1_000_000), story)
