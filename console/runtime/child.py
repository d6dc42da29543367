"""A process of ours beside this one that answers questions, one after the other: for work that a second core can do.

Never for secrets. Who asks waits so long and no longer; a child that dies, hangs or does not start is simply gone.
"""

from __future__ import annotations

import os
import pickle
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Final

_CHILD: Final = (
    "import sys; sys.path.insert(0, sys.argv[1]); from importlib import import_module; "
    "from console.runtime.child import serve; serve(import_module(sys.argv[2]).answer)"
)
_PACKAGE_ROOT: Final = Path(__file__).resolve().parents[2]
_KEPT_FROM_CHILD: Final = ("PYTHON", "LD_PRELOAD", "LD_AUDIT", "DYLD_INSERT")
_ENDS_WITHIN_S: Final = 10.0
_FORM: Final = 5


class ChildGone(Exception):
    """The child did not start, ended, or did not answer in time; it is ended, and answers nothing any more."""


class Child:
    """One child that answers with the function `answer` of a module of ours. Used by one thread at a time."""

    def __init__(self, module: str) -> None:
        """Start it; it does not wait until it is there.

        Raises:
            ChildGone: when the system does not let it start.
        """
        command = [sys.executable, "-I", "-c", _CHILD, str(_PACKAGE_ROOT), module]
        environment = {name: value for name, value in os.environ.items() if not name.startswith(_KEPT_FROM_CHILD)}
        try:
            self._process = subprocess.Popen(
                command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, env=environment
            )
        except OSError as fault:
            raise ChildGone(str(fault)) from fault

    @property
    def pid(self) -> int:
        """Its number at the system."""
        return self._process.pid

    def ask(self, question: object, within_s: float) -> object:
        """Its answer.

        Raises:
            ChildGone: when there is none within that time.
        """
        there, back = self._process.stdin, self._process.stdout
        if there is None or back is None or there.closed:
            raise ChildGone("it was ended before")
        clock = threading.Timer(within_s, self._process.kill)  # then the pipes end, and with them the wait for them
        clock.daemon = True
        clock.start()
        try:
            pickle.dump(question, there, _FORM)
            there.flush()
            return pickle.load(back)  # noqa: S301  our own process says it, over a pipe of its own
        except (OSError, EOFError, pickle.PickleError) as fault:
            self.close()
            raise ChildGone(str(fault)) from fault
        finally:
            clock.cancel()
            clock.join(_ENDS_WITHIN_S)

    def close(self) -> None:
        """End it, whatever it does: it keeps nothing. A second call does nothing."""
        self._process.kill()
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe is not None:
                try:
                    pipe.close()
                except OSError:
                    continue  # what was still to be sent has nobody to go to
        self._process.wait(_ENDS_WITHIN_S)


def serve(answer: Callable[[object], object]) -> None:
    """In the child: answer until there are no more questions."""
    questions, answers = sys.stdin.buffer, sys.stdout.buffer
    while True:
        try:
            question: object = pickle.load(questions)  # noqa: S301  as above
        except EOFError:
            return
        pickle.dump(answer(question), answers, _FORM)
        answers.flush()
