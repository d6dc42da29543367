"""A session on an organisation's record, where a test says what people wrote and consoles recorded, and when."""

from __future__ import annotations

import base64
from pathlib import Path

import pytest

from console.journal.values import Draft
from console.keys.signer import WriterSigner
from console.runtime.paths import ProfilePaths
from console.runtime.settings import ProfileSettings
from console.services.session import Session
from tests.journal.world import INC, ORG
from tests.kit import scene
from tests.kit.clock import FakeClock
from tests.kit.plainadapter import plan_of

MINUTE = 60_000
SURFACES = {"east": "t-" + "1" * 26, "west": "t-" + "2" * 26, "inside": "t-" + "3" * 26}


def _ask(what: str, *, new: bool = False) -> bytes:
    raise AssertionError(f"nobody is to be asked for {what}")


class Told:
    """The scene with its commander's session; every step is an entry of the console's own feed."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch, world: str = "real") -> None:
        self.clock = FakeClock()
        monkeypatch.setattr(scene, "SystemClock", lambda: self.clock)
        self.scene = scene.Scene(folder)
        first = self.scene.members[0]
        settings = ProfileSettings(
            org=ORG, world=world, person=first.person, console=first.console, name="Commander",
            genesis=self.scene.genesis,
        )  # fmt: skip
        self.session = Session(ProfilePaths(folder), settings, self.scene.store, _ask, self.clock, self.scene.entropy)
        self.session._writer = WriterSigner(first.writer.public)
        self.session._writer.unlock(first.writer.private)
        self.session._device = self.scene.feed
        for name, surface in SURFACES.items():
            pub = {
                "surface": surface, "instance": scene.INSTANCE, "model": "F-7", "control": "developer",
                "kind": "internal" if name == "inside" else "public", "reach": "everyone",
            }  # fmt: skip
            self.say("surface.added", inc=None, pub=pub, more={"name": f"F-7 {name}", "key": name})

    def say(self, kind: str, text: str = "", *, inc: str | None = INC, pub=None, more=None):
        self.clock.advance(1)
        values = {**({"text": text} if text else {}), **(more or {})}
        return self.scene.say(0, Draft(kind, inc, None, pub or {}, values))

    def later(self, minutes: float) -> None:
        self.clock.advance(int(minutes * MINUTE))

    def propose(self, *selectors: str, where: str = "east", direction: str = "contain", **changes):
        """A correction with one target for each selector, on one surface."""
        given_back = direction == "restore"
        targets = [
            self.scene.target(plan_of(one, now=given_back, wanted=not given_back), surface=SURFACES[where], **changes)
            for one in selectors
        ]
        return self.scene.propose(targets, direction=direction)

    def authorise(self, made) -> None:
        """As when two had signed and this console decided; nothing is put into the outbox."""
        sha, action = made
        records = []
        for number in (0, 1):
            raw, sig = self.scene.record(number, sha, "action.v1", action.op)
            pub = {"doc": sha, "record": base64.b64encode(raw).decode(), "sig": base64.b64encode(sig).decode()}
            records.append(self._record("approval.received", action.op, {**pub, "carried_by": None}).id)
        heads = [[feed, seq, ident] for feed, (seq, ident) in sorted(self.scene.store.reader().heads().items())]
        pub = {
            "doc": sha, "records": records, "roster": list(self.scene.ref), "policy": self.scene.policy,
            "now": self.clock.wall_ms(), "clock": "trusted", "seen": heads, "verdict": "approved",
        }  # fmt: skip
        self._record("dispatch.authorised", action.op, pub)

    def step(self, made, kind: str, target: int = 0, words=None, **more) -> None:
        """One step of the outbox, as this console records it."""
        sha, action = made
        self.clock.advance(1)
        if kind not in ("held", "stale", "expired", "cancelled", "attention", "drifted"):
            more = {"attempt": 1, **more}
        if kind == "accepted":
            more = {"outcome": "accepted", **more}
        if kind == "intent":
            more = {"requests": sha, "step": "apply", "pre": "same", "verdict": "approved", **more}
        if kind == "enforced":
            more = {"evidence": "canary", "probes": 3, "since": 1, "until": 2, **more}
        self._record(f"dispatch.{kind}", action.op, {"doc": sha, "target": target, **more}, words)

    def _record(self, kind: str, op: str, pub, words=None):
        draft = Draft(kind, INC, op, pub, words or {})
        return self.scene.store.write(lambda tx: tx.append(self.scene.feed, draft, roster=self.scene.ref))

    def close(self) -> None:
        self.session.close()
