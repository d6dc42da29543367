"""The main job through the windows of two people, each on a screen of their own, against real LiteLLM and Triton."""

from __future__ import annotations

import base64
import contextlib
import json
import os
import sqlite3
import time
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import httpx
import pytest

from adapters.litellm.simulator import MASTER_KEY, LiteLLMSite
from adapters.simulator import Simulator
from tests.scenarios.cutwire import CutWire
from tests.scenarios.test_main_job import Console, Gateway, audit
from tests.scenarios.windows import Screen, Window

pytestmark = [pytest.mark.screen, pytest.mark.timeout(900)]
WRITING = {"commander": "correct horse battery", "approver": "tranquil otter lamp"}
APPROVING = {"commander": "seven blue kettles", "approver": "nine grey lanterns"}
IN_EFFECT = ["recorded", "enforced"]


class Clock:
    """How long each part took, for the report at the end of the test's output."""

    def __init__(self) -> None:
        self._began = self._last = time.monotonic()

    def __call__(self, what: str, *windows: Window) -> float:
        took, self._last = time.monotonic() - self._last, time.monotonic()
        effort = [(one.act("effort"), one.hand_keys) for one in windows]
        told = "; ".join(f"{e['keys'] + hand} keys, {e['clicks']} clicks" for e, hand in effort)
        print(f"{self._last - self._began:7.1f} s  {took:6.1f} s  {what}  {told}")  # noqa: T201  shown when it fails, or with -s
        return took


@pytest.fixture
def shots(tmp_path: Path) -> Path | None:
    """Where pictures of what people saw are kept, if the environment names a folder."""
    named = os.environ.get("SCENARIO_SHOTS")
    return None if named is None else Path(named)


@pytest.mark.real
def test_the_main_job_at_two_windows(real_servers: dict[str, Any], tmp_path: Path, shots: Path | None) -> None:
    with ExitStack() as stack:
        screens = [stack.enter_context(Screen(tmp_path / f"screen{n}")) for n in (1, 2)]
        wire = stack.enter_context(CutWire(real_servers["triton"]["base_url"]))
        one = stack.enter_context(Window(tmp_path / "commander", screens[0], shots=shots))
        two = stack.enter_context(Window(tmp_path / "approver", screens[1], shots=shots))
        story = Story(one, two, real_servers, wire, tmp_path)
        story.alone()
        story.founded()
        story.connected()
        story.declared()
        story.proposed()
        story.approved_in_an_outage()
        story.killed()
        story.returned()
        story.lifted()
        story.closed()


class Story:
    """The story of the main job, point by point, with what people see and what the record says."""

    def __init__(self, one: Window, two: Window, servers: dict[str, Any], wire: CutWire, folder: Path) -> None:
        self.one, self.two, self.wire, self.folder = one, two, wire, folder
        self.first, self.second = Console(one.profile), Console(two.profile)
        self.gateway, self.triton = Gateway(servers["litellm"]), servers["triton"]
        self.model = self.triton["models"][-1]
        self.gateway.serve(self.model)
        httpx.post(f"{self.triton['base_url']}/v2/repository/models/{self.model}/load", timeout=60).raise_for_status()
        until(self.triton_serves, 30)
        self.key, self.token = self.gateway.new_key("target")
        self.canary, self.canary_token = self.gateway.new_key("canary")
        _, self.extra_token = self.gateway.new_key("extra")
        self.share = folder / "share"
        self.share.mkdir()
        self.clock = Clock()
        self.doc = ""
        self.at: dict[str, int] = {}

    def kinds(self, console: Console) -> list[str]:
        """The kinds of every entry about the incident."""
        return [one["kind"] for one in console("incident", "show")["entries"]]

    def alone(self) -> None:
        """0. A record in under a minute, ten entries, a fact; a block by curl, recorded by hand, read back, biting."""
        one = self.one
        one.act("start_alone", "Commander", WRITING["commander"])
        one.act("write", "entry 0")
        self.clock("a record alone, the first note saved", one)
        for number in range(1, 10):
            one.act("write", f"entry {number}")
        one.act("write", "-5m first report read", "knowledge.fact")
        assert self.clock("ten entries, a fact", one) < 60
        assert "PROVISIONAL: ONE PERSON" in one.act("header")
        early, early_token = self.gateway.new_key("early")
        self.gateway.block(early)
        said = one.act(
            "connect", "LiteLLM", "gateway", {"Address": self.gateway.url}, secrets=(self.gateway.master,)
        )  # fmt: skip
        assert said
        one.act("see", "header", "1/1 providers answer")
        one.act("add_canary", "gateway", early_token, early)
        self.clock("a gateway connected", one)
        verdict = one.act(
            "record_by_hand", "Blocked the caller's key with curl", "-2m", early_token, self.model, "Block a key"
        )
        assert "says that it stands" in verdict
        assert "was refused" in verdict
        self.clock("recorded by hand and watched", one)

    def founded(self) -> None:
        """1. Two people, two profiles, a folder and words."""
        one, two = self.one, self.two
        before = raw_entries(one.profile)
        words = one.act("begin_founding", str(self.share), APPROVING["commander"])
        theirs = two.act(
            "join", str(self.share), words, "Approver", WRITING["approver"], APPROVING["approver"]
        )  # fmt: skip
        one.act("admit", theirs)
        two.act("sign_roster")
        one.act("rehearse")
        two.act("rehearse")
        for window in (one, two):
            window.act("until_ready")
        assert raw_entries(one.profile).items() >= before.items()
        self.clock("founded by two", one, two)

    def connected(self) -> None:
        """2. Two more providers; every surface stands on the status board."""
        one = self.one
        one.act("add_canary", "gateway", self.canary_token, self.canary)
        one.act("connect", "Open Inference", "triton", {"Address": self.wire.url})
        surface = {"Key, row 1": "vendor", "Name, row 1": "At the vendor", "Model, row 1": self.model}
        one.act("connect", "By hand", "vendor", {"Who": "vendor desk", **surface}, test=False)
        one.act("see", "header", "2/2 providers answer")
        self.clock("three providers", one)

    def declared(self) -> None:
        """3. An incident; a chat log, pasted; evidence."""
        one = self.one
        one.act("declare", "dangerous answers", 1)
        log = self.folder / "chat.log"
        log.write_text("02:58 Desk: third report\n03:01 On call: reproduced\n")
        rows = one.act("paste", log.read_text())
        assert [row[1:] for row in rows] == [["Desk", "third report"], ["On call", "reproduced"]]
        assert "SHA-256" in one.act("attach", str(log))
        one.act("see", "title", "dangerous answers")
        one.act("see", "header", "uncontained for")
        self.clock("declared, pasted, attached", one)

    def proposed(self) -> None:
        """3. One correction of three targets with a canary, read as it would be sent, and signed by its proposer."""
        one = self.one
        shown = one.act(
            "compose", self.model, self.token, "three reports", canary=self.canary_token,
            levers={"triton": "Unload a model"}, ask={"vendor": "ask support to stop it|hotline|T-17"},
        )  # fmt: skip
        assert shown["button"] == "Propose 4"
        assert "Nothing moves before it is signed" in shown["said"]
        self.doc = shown["doc"]
        assert one.act("click_to_sign", "approve") in ("ready", "waiting"), "a program signed"
        signed = one.sign(APPROVING["commander"])
        assert signed["gravity"] in ("high", "critical")
        assert "key/block" in signed["text"] or "Block" in signed["headline"]
        [mine] = [one for one in one.act("states") if one["doc"] == self.doc]
        kinds = {"key.block": "block", "model.unload": "unload", "manual.ask": "ask"}
        self.at = {"canary" if t["canary"] else kinds[t["lever"]]: t["at"] for t in mine["targets"]}
        assert sorted(self.at) == ["ask", "block", "canary", "unload"]
        one.act("see", "cards", "signed by Commander")
        assert self.gateway.call(self.key) == 200
        assert {"dispatch.authorised", "dispatch.intent"}.isdisjoint(self.kinds(self.first))
        self.clock("proposed, read and signed by one", one)

    def approved_in_an_outage(self) -> None:
        """4. and 5. The model server goes; the approver reads the very bytes and signs."""
        one, two = self.one, self.two
        self.wire.cut()
        assert "triton" in one.act("see", "banners", "No answer from")
        one.act("see", "header", "1/2 providers answer")
        assert two.act("review_need", "(?i)three reports|block|sign") == self.doc
        signed = two.sign(APPROVING["approver"])
        assert signed["sha"] == self.doc
        self.clock("an outage, and the second signature", one, two)

    def killed(self) -> None:
        """6. and 7. What can go goes at once; SIGKILL; nothing is lost, nothing is sent twice."""
        one = self.one
        one.act("reaches", self.doc, self.at["block"], ["accepted", *IN_EFFECT])
        one.act("begin_to_write", "half a sentence that nobody sa")
        one.kill()
        one.start()
        assert one.act("being_written") == "half a sentence that nobody sa"
        one.act("clear_composer")
        one.act("passphrase", "writer", WRITING["commander"])
        one.act("passphrase", "approver", APPROVING["commander"])
        one.act("when_given", "unlock-secrets")
        one.act("see", "outbox", "waiting for triton")
        one.act("see", "outbox", f"{self.model} at triton.*has not answered.*alid until.*visible hold")
        one.act("attest", self.doc, self.at["ask"], "support confirmed")
        one.act("reaches", self.doc, self.at["ask"], ["attested"])
        self.undone()  # while the refusals are being counted
        one.act("reaches", self.doc, self.at["block"], ["enforced"], within_s=150.0)
        assert one.act("reaches", self.doc, self.at["unload"], ["queued"]) == "queued"
        assert self.gateway.call(self.key) == 401
        assert self.triton_serves()
        assert self.intents("block") == 1
        self.two.act("reaches", self.doc, self.at["block"], ["enforced"])
        self.two.act("see", "cards", "queued")
        one.act("sees_no", "header", "uncontained")
        self.clock("killed, started again, enforced", one)

    def returned(self) -> None:
        """8. The model server returns: a hold that is seen, then it goes, and it is enforced."""
        one = self.one
        self.wire.mend()
        assert one.act("see", "outbox", "The provider is back: it goes in|held, the first goes in")
        one.act("reaches", self.doc, self.at["unload"], ["enforced"], within_s=120.0)
        assert not self.triton_serves()
        assert self.intents("unload") == 1
        one.act("see", "header", "0 queued")
        one.act("sees_no", "banners", "No answer from")
        self.clock("returned, held, sent, enforced", one)

    def undone(self) -> None:
        """9. One mistaken extra block, undone by one of its signers alone."""
        one, two = self.one, self.two
        made = one.act(
            "compose", self.model, self.extra_token, "same caller", only="gateway", why_left="not meant here"
        )
        one.act("leave_confirmation")
        two.act("review", made["doc"])
        two.sign(APPROVING["approver"])
        one.act("reaches", made["doc"], 0, [*IN_EFFECT, "unmeasurable"])
        two.act("reaches", made["doc"], 0, [*IN_EFFECT, "unmeasurable"])
        undo = two.act("undo", made["doc"], "nothing to do with it")
        two.sign(APPROVING["approver"])
        one.act("reaches", undo, 0, [*IN_EFFECT, "unmeasurable"])
        self.clock("a mistake, undone by one", one, two)

    def lifted(self) -> None:
        """9. The main correction is given back by two."""
        one, two = self.one, self.two
        lift = one.act("lift", self.doc, "fixed and re-tested")
        one.sign(APPROVING["commander"])
        assert self.gateway.call(self.key) == 401
        two.act("review", lift)
        two.sign(APPROVING["approver"])
        [mine] = [one for one in one.act("states") if one["doc"] == lift]
        [ask] = [t["at"] for t in mine["targets"] if t["lever"] == "manual.ask"]
        one.act("attest", lift, ask, "serves again")
        until(lambda: self.gateway.call(self.key) == 200, 90)
        until(self.triton_serves, 60)
        self.clock("lifted by two", one, two)

    def closed(self) -> None:
        """9. Closed by two, exported, verified in the window, by command line and by an auditor's own tools."""
        one, two = self.one, self.two
        closing = one.act("close_incident")
        one.sign(APPROVING["commander"])
        two.act("review_need", "(?i)clos")
        assert two.sign(APPROVING["approver"])["sha"] == closing
        one.act("see", "header", "^closed$")
        bundle = self.folder / "bundle.zip"
        verdict = one.act("export", str(bundle))
        genesis = self.first("org", "words")["genesis"]
        assert "holds" in verdict.casefold()
        assert "holds" in one.act("verify_mine").casefold()
        self.first("verify", str(bundle), "--genesis", genesis)
        self.second("verify")
        audit(bundle, self.folder / "audit", genesis)
        self.clock("closed, exported, verified", one, two)

    def intents(self, target: str) -> int:
        """How often the record says that it was about to be sent."""
        return sum(
            e["kind"] == "dispatch.intent" and e["pub"]["doc"] == self.doc and e["pub"]["target"] == self.at[target]
            for e in self.first("incident", "show")["entries"]
        )

    def triton_serves(self) -> bool:
        """Whether the model server answers for the model, asked past the wire."""
        url = f"{self.triton['base_url']}/v2/models/{self.model}/ready"
        return httpx.get(url, timeout=30).status_code == 200


def raw_entries(profile: Path) -> dict[str, bytes]:
    """Every entry's signed bytes, by its name."""
    with contextlib.closing(sqlite3.connect(profile / "journal.db")) as database:
        return dict(database.execute("SELECT id, raw FROM entry"))


def until(so: Callable[[], bool], seconds: float) -> None:
    """Wait until it is so."""
    end = time.monotonic() + seconds
    while not so():
        assert time.monotonic() < end, "it did not become so in time"
        time.sleep(0.5)


def test_two_people_at_one_console(tmp_path: Path, shots: Path | None) -> None:
    """From nothing to the first block that two people signed, at one screen, with one gateway (simulated)."""
    share = tmp_path / "share"
    share.mkdir()
    keys = ("sk-simulated-target", "sk-simulated-other")
    site = LiteLLMSite([(keys[0], "target", []), (keys[1], "other", [])], [("m-1", "model-m", True)])
    with Simulator(site) as gateway, Screen(tmp_path / "screen") as screen:
        profile = tmp_path / "commander"
        with Window(profile, screen, shots=shots) as one:
            clock = Clock()
            words = one.act(
                "found_at_the_door", "Commander", WRITING["commander"], str(share), APPROVING["commander"]
            )  # fmt: skip
            one.act("open_beside")
            theirs = one.act(
                "join", str(share), words, "Approver", WRITING["approver"], APPROVING["approver"], guest=True
            )  # fmt: skip
            one.act("admit", theirs)
            one.act("sign_roster", guest=True)
            one.act("rehearse")
            one.act("rehearse", guest=True)
            one.act("close_beside")
            one.act("until_ready")
            clock("founded by two at one screen", one)
            one.act("connect", "LiteLLM", "gateway", {"Address": gateway.url}, secrets=(MASTER_KEY,))
            one.act("see", "header", "1/1 providers answer")
            clock("a gateway connected", one)
            one.act("declare", "dangerous answers", 2)
            made = one.act("compose", "model-m", "target, other", "three reports")
            clock("declared and proposed", one)
            assert one.sign(APPROVING["commander"])["gravity"] == "high"
            assert one.act("states")[0]["group"] == "pending", "one signature moved it"
            one.act("review", made["doc"])
            signed = one.sign(APPROVING["approver"], seat=str(profile.with_name("commander-2")))
            assert "Approver" in signed["text"]
            for target in (0, 1):
                one.act("reaches", made["doc"], target, [*IN_EFFECT, "unmeasurable"])
            clock("the first block that two people signed", one)
            assert one.act("facts")["unlocked"] is False, "whoever gave the seat is locked out until they unlock"
        assert [status_of_call(gateway.url, key, "model-m") for key in keys] == [401, 401]
        console = Console(profile)
        records = [
            json.loads(base64.b64decode(e["pub"]["record"])) for e in console("incident", "show")["entries"]
            if e["kind"] in ("correction.approved", "approval.received")
        ]  # fmt: skip
        seats = {record["person"]: record["seat"] for record in records}
        assert sorted(seats.values()) == ["own", "shared"], seats
        console("verify")


def status_of_call(url: str, key: str, model: str) -> int:
    """What a caller with this key gets."""
    body = {"model": model, "messages": [{"role": "user", "content": "hi"}]}
    headers = {"Authorization": f"Bearer {key}"}
    return httpx.post(f"{url}/v1/chat/completions", headers=headers, json=body, timeout=30).status_code
