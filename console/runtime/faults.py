"""The one error of the ground floor: what is so, and what to do next.

Runtime lies below the domain and cannot use its Problem; the command line shows any exception with these two fields.
"""


class RuntimeProblem(Exception):
    """A person must hear of it. `what` is one sentence, `next_step` says what to do about it."""

    def __init__(self, what: str, next_step: str) -> None:
        super().__init__(f"{what} {next_step}")
        self.what = what
        self.next_step = next_step
