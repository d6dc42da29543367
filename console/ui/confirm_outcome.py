"""What a signature has brought about, in words: complete or not, who sends it and when, how far it is now.

It says what the rule and the record say; nothing here is a success before it was observed.
"""

from __future__ import annotations

from collections import Counter

from console.services.approvals import Waiting
from console.ui.tokens import STATES
from console.viewmodels.approval import ApprovalView
from console.viewmodels.shell import Now

_HERE = "this console"
_BEFORE = frozenset({"proposed", "approved"})


def outcome_of(choice: str, standing: Waiting | str, view: ApprovalView) -> tuple[str, str]:
    """The outcome and what comes next. `standing` is a sentence where it is signed and cannot be judged here yet."""
    if choice == "refuse":
        return "Refused, and signed: this revision ends.", "What is still wanted needs a new proposal."
    if isinstance(standing, str):
        return "Signed.", f"Whether it is complete cannot be told here yet: {standing}"
    if not standing.verdict.met and standing.proposer is None:
        return "Signed.", "Its history is not here: whether it is complete, the console that sends it can tell."
    if not standing.verdict.met:
        return "Signed. It is not complete yet.", f"Still missing: {' '.join(standing.verdict.missing)}"
    return "Signed. Its signatures are complete.", _sent(view)


def _sent(view: ApprovalView) -> str:
    """Who carries it out, and when."""
    if not view.targets:
        return "The console that proposed it carries it out."
    senders = list(dict.fromkeys(name for one in view.targets for name in one.dispatchers if not one.by_hand))
    if not senders:
        return "Whoever is asked does it by hand and attests it."
    if senders == [_HERE]:
        return "This console sends it now; where a provider cannot be reached it waits in the outbox, visibly."
    return f"It is sent by {' or '.join(senders)} as soon as the signatures have reached it."


def progress_of(now: Now, sha: str) -> str:
    """How many targets of the document are in which state, and why one waits."""
    for one in now.everything or now.standings:
        if one.doc == sha:
            counted = Counter(target.state for target in one.targets)
            if set(counted) <= _BEFORE:
                return ""
            told = ", ".join(
                f"{count} {STATES[name].word if name in STATES else name}" for name, count in counted.items()
            )
            why = next((target.detail for target in one.targets if target.detail), "")
            return f"Now: {told}." + (f" {why}" if why else "")
    return ""
