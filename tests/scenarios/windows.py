"""Two people at two screens: an X server with a window manager each, a window in a process, a real pointer and keys.

Everything it starts it ends by its own process id.
"""

from __future__ import annotations

import json
import selectors
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import Any, Self

from tests.kit.screen import screen

ROOT = Path(__file__).resolve().parents[2]
_STARTS_WITHIN_S = 90.0
_ACTS_WITHIN_S = 400.0  # each act has a shorter time of its own
_KEY_MS = 8
HOLD_S = 1.75  # the button asks for 1.5 s


class Screen:
    """A screen of our own with a window manager, so that windows become active as they do for people."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._held = ExitStack()
        self.environ: dict[str, str] = {}

    def __enter__(self) -> Self:
        self._folder.mkdir(parents=True, exist_ok=True)
        self.environ = self._held.enter_context(screen(self._folder, "1400x1000"))
        self._wait_for_manager()
        return self

    def __exit__(self, *_: object) -> None:
        self._held.close()

    def _wait_for_manager(self) -> None:
        end = time.monotonic() + _STARTS_WITHIN_S
        while subprocess.run(
            ["xdotool", "get_num_desktops"], check=False, env=self.environ, capture_output=True, timeout=30
        ).returncode:
            assert time.monotonic() < end, "no window manager came up"
            time.sleep(0.05)

    def do(self, *arguments: object) -> None:
        """Real pointer or keys, by xdotool."""
        subprocess.run(["xdotool", *map(str, arguments)], check=True, env=self.environ, timeout=60)


class Window:
    """One person's window in a process of its own. An act is a method of `acts.Acts`."""

    def __init__(self, profile: Path, screen: Screen, *, shots: Path | None = None, practise: bool = False) -> None:
        self.profile, self._screen = profile, screen
        self._environ: Mapping[str, str] = {
            **screen.environ, "PYTHONPATH": str(ROOT), "QT_ACCESSIBILITY": "0",
            **({} if shots is None else {"SCENARIO_SHOTS": str(shots)}),
        }  # fmt: skip
        self._practise = practise
        self._err = (profile.parent / f"{profile.name}.err").open("ab+")
        self.hand_keys = 0
        self.start()

    def start(self) -> None:
        """Start the process; it may be started again after a kill."""
        command = [sys.executable, "-m", "tests.scenarios.person_at_window", str(self.profile),
                   str(self.profile.parent / f"{self.profile.name}.ini")]  # fmt: skip
        self._child = subprocess.Popen(
            [*command, *(["practise"] if self._practise else [])], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            stderr=self._err, text=True, env=dict(self._environ), cwd=ROOT,
        )  # fmt: skip
        self._answer(_STARTS_WITHIN_S, "start")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        assert self._child.stdin is not None
        assert self._child.stdout is not None
        if self._child.poll() is None:
            self._child.stdin.close()  # the window ends as it does when it is closed
            try:
                self._child.wait(30)
            except subprocess.TimeoutExpired:
                self._child.kill()
                self._child.wait(10)
        self._child.stdout.close()
        self._err.close()

    def kill(self) -> None:
        """SIGKILL, in the middle of whatever it does."""
        self._child.send_signal(signal.SIGKILL)
        self._child.wait(10)
        for stream in (self._child.stdin, self._child.stdout):
            assert stream is not None
            stream.close()

    def act(self, name: str, *arguments: Any, **named: Any) -> Any:
        """Let the person do one thing; what they saw."""
        assert self._child.stdin is not None
        self._child.stdin.write(json.dumps({"act": name, "args": arguments, "named": named}) + "\n")
        self._child.stdin.flush()
        return self._answer(_ACTS_WITHIN_S, name)

    def _answer(self, within_s: float, what: str) -> Any:
        assert self._child.stdout is not None
        with selectors.DefaultSelector() as ready:
            ready.register(self._child.stdout, selectors.EVENT_READ)
            assert ready.select(within_s), f"{what}: no answer in {within_s:g} s\n{self.said()}"
        line = self._child.stdout.readline()
        assert line, f"{what}: the window ended with {self._child.wait(10)}\n{self.said()}"
        answer = json.loads(line)
        assert answer["ok"], f"{what}: {answer['fault']}\n{self.said()}"
        return answer["value"]

    def said(self) -> str:
        """What the process wrote to its standard error."""
        self._err.flush()
        return Path(self._err.name).read_text(encoding="utf-8", errors="replace")[-4000:]

    # -- real hands ----------------------------------------------------------------------------------------------------

    def point(self, at: tuple[int, int]) -> None:
        """Move the pointer there and click."""
        self._screen.do("mousemove", *at)
        self._screen.do("click", 1)

    def hold(self, at: tuple[int, int], seconds: float = HOLD_S) -> None:
        """Press the pointer there and keep it down."""
        self._screen.do("mousemove", *at)
        self._screen.do("mousedown", 1)
        time.sleep(seconds)
        self._screen.do("mouseup", 1)

    def type(self, text: str) -> None:
        """Type with real keys, wherever the focus is."""
        self.hand_keys += len(text)
        self._screen.do("type", "--delay", _KEY_MS, "--", text)

    def sign(self, passphrase: str, choice: str = "approve", *, seat: str = "") -> dict[str, Any]:
        """Read and sign the confirmation that is open: type the value, hold, the passphrase, click. With real hands.

        `seat` names the profile folder of somebody who takes the seat for it.
        """
        if seat:
            self.act("hand_over_seat", seat)
        told = self.act("read_confirmation", choice)
        for attempt in range(3):  # whatever disturbs meanwhile begins the guard anew, as it should
            if attempt:
                print(f"again: {self.act('confirmation_says')}")  # noqa: T201  shown when it fails, or with -s
            self.point(self.act("where_to_type"))
            self.type(told["to_type"])
            if not self.act("may_hold", choice):
                continue
            self.hold(self.act("where_to_hold", choice))
            if not self.act("asks_passphrase"):
                continue
            self.type(passphrase)
            self.point(self.act("where_to_sign"))
            outcome = self.act("signed")
            if outcome:
                return {**told, "outcome": outcome}
        raise AssertionError(f"it could not be signed: {self.act('confirmation_says')}")
