"""The simulated colleague of a practice: tells what is found, proposes, and signs with a key of their own.

They are marked as simulated in every word they write. They sign through the same child process, after reading time.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from console.services import approvals, corrections, dispatch, incidents, standing
from console.services.corrections import TargetWish
from console.services.drill import PACE
from console.services.session import WRITER, Session

NAME = "Approver (simulated)"
DETECTOR = "detector (simulated)"
READS_FOR_MS = 5_000  # a colleague who signs at once would teach that signing is nothing
_ROUND_MS = 2_500
_IN_FORCE = ("recorded", "enforced", "attested", "unmeasurable")


@dataclass(frozen=True, slots=True)
class Inject:
    """Something that happens `at_s` seconds after the practice began: who says it, and what."""

    at_s: int
    kind: str  # "note", "observation", "log" (lines of a chat) or "fact"
    speaker: str
    text: str


SCRIPT = (
    Inject(0, "note", "drill", (
        "DRILL. You command this incident; your colleague is simulated and really signs. "
        "1. Under 'Needs you', read what your colleague proposes, then approve or refuse it. "
        "2. Then propose a correction yourself (press C): the model server still serves atlas-large. "
        "Every passphrase in this drill is: practise"
    )),
    Inject(10, "observation", DETECTOR, "3 more working exploits in 60 s, all of them through key-research."),
    Inject(25, "log", "chat", (
        "Desk: two customers ask why the assistant wrote an exploit for them\n"
        "On call: reproduced with the third prompt of the report\n"
        "Desk: they want an answer within the hour"
    )),
    Inject(45, "fact", "on call", "key-partner belongs to a reseller who has known of it since yesterday"),
    Inject(75, "observation", DETECTOR, (
        "The model server answers for atlas-large beside the gateways. Blocking keys does not reach it: unload it."
    )),
    Inject(150, "note", DETECTOR, "No exploit through key-research for 60 s; the model server was not measured."),
)  # fmt: skip


class Colleague:
    """One simulated console. `step` is called every now and then, on one thread, with the seconds since the start."""

    def __init__(
        self, session: Session, inc: str, passphrase: Callable[[], bytes], script: Sequence[Inject] = SCRIPT,
        reads_for_ms: int = READS_FOR_MS,
    ) -> None:  # fmt: skip
        self.session = session
        self._inc = inc
        self._passphrase = passphrase
        self._script = list(script)
        self._reads_for_ms = reads_for_ms
        self._seen: dict[str, int] = {}
        self._summed_up = False
        session.offer(WRITER, passphrase())
        session.person()

    def propose(self) -> str:
        """Propose to block the two keys through which it happens, with a canary, and sign it; the document's hash."""
        made = corrections.propose(
            self.session, self._inc,
            [
                TargetWish(provider="gateway-east", surface="", lever="key.block", selector="key-research"),
                TargetWish(provider="gateway-west", surface="", lever="key.block", selector="key-partner"),
                TargetWish(provider="gateway-east", surface="", lever="key.block", selector="key-canary", canary=True),
                TargetWish(provider="gateway-west", surface="", lever="key.block", selector="key-canary", canary=True),
            ],
            "All exploits so far came through these two keys; the canaries show whether the block bites.",
            criteria="The keys' owners have answered, and the model refuses",
            if_not="Three working exploits a minute go on reaching customers through these keys",
        )  # fmt: skip
        self._sign(made.sha)
        return made.sha

    def step(self, elapsed_s: float) -> None:
        """Meet the shared folder, say what is due, sign what was read long enough, send one's own part."""
        self._sync()
        while self._script and self._script[0].at_s <= elapsed_s:
            self._say(self._script.pop(0))
        self._read_and_sign()
        if self._has_to_send():
            dispatch.run_outbox(self.session, deadline_ms=_ROUND_MS, pace=PACE)
        self._sum_up()
        self._sync()

    def _sync(self) -> None:
        dispatch.sync_all(self.session)

    def _say(self, one: Inject) -> None:
        session, inc = self.session, self._inc
        now = session.clock.wall_ms()
        if one.kind == "log":
            log = "\n".join(f"{_hhmm(now)} {line}" for line in one.text.splitlines())
            incidents.paste(session, log, inc=inc, source="chat")
        elif one.kind == "fact":
            incidents.record_fact(session, one.text, inc=inc, since_ms=now - 86_400_000, who=one.speaker)
        else:
            incidents.write(session, one.kind, one.text, inc=inc, more={"speaker": one.speaker})

    def _read_and_sign(self) -> None:
        now = self.session.clock.wall_ms()
        for one in approvals.waiting(self.session):
            if self.session.me not in one.verdict.can_sign or self.session.me in one.verdict.counted:
                continue
            if now - self._seen.setdefault(one.sha, now) >= self._reads_for_ms:
                self._sign(one.sha)

    def _sign(self, sha: str) -> None:
        held = corrections.find_document(self.session, sha)
        approvals.decide(self.session, held, "approve", self._passphrase)

    def _has_to_send(self) -> bool:
        if any(not row.final for row in dispatch.rows(self.session)):
            return True
        return any(one.verdict.met and one.proposer == self.session.me for one in approvals.waiting(self.session))

    def _sum_up(self) -> None:
        """One entry, once the colleague's and the person's corrections are both in force: what was decided and when."""
        if self._summed_up:
            return
        mine, theirs = list[str](), list[str]()
        for one in standing.corrections(self.session):
            states = {target.state for target in one.targets if not target.canary}
            if one.direction == "contain" and states and states <= set(_IN_FORCE):
                waited = max(0, (one.authorised_ms or one.proposed_ms) - one.proposed_ms) // 1000
                told = f"{one.title}: {', '.join(sorted(states))}; {waited} s from proposal to the second signature"
                (mine if one.proposer == self.session.me else theirs).append(told)
        if mine and theirs:
            self._summed_up = True
            text = (
                "DRILL SUMMARY. " + ". ".join((*mine, *theirs)) + ". Lift both when you have seen enough, then close."
            )
            incidents.write(self.session, "note", text, inc=self._inc, more={"speaker": "drill"})


def _hhmm(at_ms: int) -> str:
    minutes = at_ms // 60_000
    return f"{minutes // 60 % 24:02d}:{minutes % 60:02d}"
