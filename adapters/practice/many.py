"""Many gateways of the practice estate, each with an answer time of its own: a child process for measuring a dispatch.

`python -m adapters.practice.many` prints where they are, answers at once until it reads a line, and from then on as
slowly as it was told. It ends when nobody writes to it any more. It must never leave loopback.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import sys
from collections.abc import Sequence

from adapters.practice.simulator import ADMIN_TOKEN, Gateway
from adapters.simulator import Simulator


def delays_s(count: int, least_s: float, most_s: float) -> list[float]:
    """So many answer times, each as many times the one before it."""
    if count == 1:
        return [most_s]
    return [least_s * (most_s / least_s) ** (at / (count - 1)) for at in range(count)]


def _main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--gateways", type=int, default=10)
    parser.add_argument("--keys", type=int, default=20, help="of each gateway")
    parser.add_argument("--least-s", type=float, default=0.05, help="the quickest gateway's answer time")
    parser.add_argument("--most-s", type=float, default=2.0, help="the slowest one's")
    asked = parser.parse_args(arguments)
    waits = delays_s(asked.gateways, asked.least_s, asked.most_s)
    with contextlib.ExitStack() as stack:
        made: list[Simulator] = []
        for at in range(asked.gateways):
            name = f"gateway-{at:02d}"
            keys = [(f"key-{at:02d}-{number:03d}", f"Caller {number} of {name}") for number in range(asked.keys)]
            made.append(stack.enter_context(Simulator(Gateway(name, f"model-{at:02d}", keys, lag_s=0.0), name=name)))
        told = [
            {
                "name": one.name, "delay_s": wait_s, "secret": ADMIN_TOKEN,
                "settings": {"base_url": one.url, "part": "gateway"},
                "keys": {key.id: key.token for key in one.site.state.values()},
            }
            for one, wait_s in zip(made, waits, strict=True)
        ]  # fmt: skip
        sys.stdout.write(json.dumps(told) + "\n")
        sys.stdout.flush()
        if sys.stdin.readline():
            for one, wait_s in zip(made, waits, strict=True):
                one.switch("slow", seconds=wait_s)
            sys.stdout.write("slow\n")
            sys.stdout.flush()
            with contextlib.suppress(OSError, ValueError):
                sys.stdin.read()
    return 0


if __name__ == "__main__":
    raise SystemExit(_main())
