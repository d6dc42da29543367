"""Facts that stop a piece of work, named by the fact; each says what to do next.

A `Problem` is what a person may see. It never carries a secret and never a traceback.
"""

from __future__ import annotations


class Problem(Exception):
    """Something is not so, and a person has to know: one sentence and the next step.

    `exit_code` is the command line's answer: 1 it is not so, 2 wrong use, 3 waits for people, 4 waits for a connection.
    """

    exit_code = 1

    def __init__(self, what: str, next_step: str = "") -> None:
        """Keep the sentence and the next step apart, so that a window can show them apart."""
        super().__init__(what if not next_step else f"{what} {next_step}")
        self.what = what
        self.next_step = next_step


class WrongUse(Problem):
    """The request itself cannot be carried out as it was put."""

    exit_code = 2


class WaitsForPeople(Problem):
    """Nothing is wrong; somebody still has to decide, sign or attest."""

    exit_code = 3


class WaitsForConnection(Problem):
    """Nothing is wrong; a provider or a place has to become reachable first."""

    exit_code = 4


class BadForm(Problem):
    """Bytes from outside that do not have the signed form they claim (protocol.md sections 3, 11, 12)."""

    def __init__(self, where: str, why: str) -> None:
        """`where` is a path like `targets[2].lever`; `why` is one clause."""
        super().__init__(f"{where or 'the document'}: {why}.", "It was not accepted; ask its sender for a sound copy.")
        self.where = where
        self.why = why


class UnknownField(BadForm):
    """A document carries a field or a word this version does not know, so it cannot be approved here."""
