"""Run by the system's Python: reads and works the confirmation as a screen reader does, and says what came of it.

Arguments: the program's name on the bus, the passphrase. It asserts nothing.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable, Iterator
from typing import Any

import pyatspi

WITHIN_S = 60.0


def walk(node: Any) -> Iterator[Any]:
    yield node
    for child in node:
        if child is not None:
            yield from walk(child)


def until(found: Callable[[], Any]) -> Any:
    deadline = time.monotonic() + WITHIN_S
    while True:
        try:
            made = found()
        except Exception:  # noqa: BLE001  whatever the bus raises: the tree changes beneath the reader
            made = None
        if made:
            return made
        if time.monotonic() > deadline:
            raise SystemExit("it was not found on the bus")
        time.sleep(0.2)


def window(name: str) -> Any:
    desktop = pyatspi.Registry.getDesktop(0)
    for program in desktop:
        if program is not None and name in (program.name or ""):
            for one in program:
                if one is not None and one.name.startswith("Confirm: "):
                    return one
    return None


def named(nodes: list[Any], *begun: str) -> Any:
    """The first of them that is called so; one walk over the bus takes seconds."""
    return next((node for node in nodes if node.name.startswith(begun)), None)


def press(node: Any) -> None:
    action = node.queryAction()
    for at in range(action.nActions):
        if action.getName(at) in {"Press", "press", "click"}:
            action.doAction(at)
    time.sleep(0.5)


def states(node: Any) -> list[str]:
    return [pyatspi.stateToString(one) for one in node.getState().getStates()]


def main() -> None:
    name, passphrase = sys.argv[1:3]
    root = until(lambda: window(name))
    nodes = list(walk(root))
    told: dict[str, Any] = {"role": root.getRoleName()}
    told["names"] = [node.name for node in nodes if node.name and "showing" in states(node)]
    state = named(nodes, "It weighs")
    approve = next(node for node in nodes if node.name == "Approve")
    told["hold role"] = approve.getRoleName()
    unlock, sign = named(nodes, "Unlock to approve"), named(nodes, "Sign")
    secret, field = named(nodes, "Passphrase for your approver key"), named(nodes, "Type the model's name")
    value = field.name.split(": ", 1)[1]
    told["hold before"] = states(approve)
    press(approve)
    field.queryEditableText().setTextContents(value)
    time.sleep(0.5)
    told["filled in"] = state.name
    told["unlock while filled in"] = states(unlock)
    press(unlock)
    told["after pressing it"] = state.name
    field.queryEditableText().setTextContents("")
    field.queryComponent().grabFocus()
    time.sleep(0.3)
    pyatspi.Registry.generateKeyboardEvent(0, value, pyatspi.KEY_STRING)
    until(lambda: "sensitive" in states(unlock))
    press(approve)
    told["hold by an action"] = state.name
    press(unlock)
    until(lambda: state.name.startswith("Nothing is signed yet"))
    told["prompt"] = state.name
    told["secret role"] = secret.getRoleName()
    secret.queryEditableText().setTextContents(passphrase)
    time.sleep(0.3)
    told["secret text"] = secret.queryText().getText(0, -1)
    told["sign"] = sign.name
    press(sign)
    time.sleep(1.0)
    told["at the end"] = state.name
    sys.stdout.write(json.dumps(told))


if __name__ == "__main__":
    main()
