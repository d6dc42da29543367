"""From the second signature to "accepted": 1, 20 and 200 targets at ten providers that take 50 ms to 2 s for each call.

`python -m tests.bench.dispatch` prints each beside its floor of the same run: the larger of the slowest target's calls
one after the other and, at each provider, calls x latency / 20 in flight. The journal is a real one, on a disk; the
providers answer on loopback.
"""

from __future__ import annotations

import asyncio
import sys
import tempfile
import time
from contextlib import AsyncExitStack
from pathlib import Path

from console.outbox.steps import Pace
from console.providers.poller import look
from console.runtime.ids import crockford
from tests.kit.plainadapter import plan_of
from tests.kit.plainserver import PlainEstate
from tests.kit.scene import Scene, plane_at

PROVIDERS, IN_FLIGHT, CALLS = 10, 20, 2  # a target is read, then written
MOST_WAITS = 3_000
LATENCIES = [0.05 * 40 ** (number / (PROVIDERS - 1)) for number in range(PROVIDERS)]


async def measure(folder, count):
    async with AsyncExitStack() as stack:
        estates = [await stack.enter_async_context(PlainEstate()) for _ in range(PROVIDERS)]
        names = ["g-" + crockford(bytes([64 + number]) * 16) for number in range(PROVIDERS)]
        scene = Scene(folder)
        stack.push_async_callback(scene.aclose)
        placed = [(f"k{at}", (at * 7 + 9) % PROVIDERS) for at in range(count)]  # the slowest provider first
        targets = [
            scene.target(plan_of(key, now=False, wanted=True, lever_name="quiet"), instance=names[where])
            for key, where in placed
        ]
        sha, action = scene.propose(targets)
        scene.approve(sha, action, 0)
        planes = [plane_at(estate.url, instance=name) for estate, name in zip(estates, names, strict=True)]
        planes = [patient(plane) for plane in planes]
        outbox = scene.outbox(*planes, pace=Pace())
        running = asyncio.create_task(outbox.run("forever"))
        await asyncio.sleep(1)
        for estate, latency in zip(estates, LATENCIES, strict=True):
            estate.delay_s = latency
        await asyncio.gather(*(look(plane) for plane in planes))  # as an open window does every few seconds
        began_ms, cpu = time.time() * 1000, time.process_time()
        scene.approve(sha, action, 1)
        deciding = time.time() * 1000 - began_ms
        for _ in range(MOST_WAITS):
            await asyncio.sleep(0.1)
            if len(accepted(scene)) >= count:
                break
        took, cpu = (max(accepted(scene)) - began_ms) / 1000, time.process_time() - cpu
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
    per = [sum(1 for _, where in placed if where == number) for number in range(PROVIDERS)]
    slowest = max(CALLS * LATENCIES[where] for _, where in placed)
    floor = max(slowest, *(n * CALLS * late / IN_FLIGHT for n, late in zip(per, LATENCIES, strict=True)))
    return took, floor, deciding / 1000, cpu


def accepted(scene):
    """When each target was entered as accepted."""
    with scene.store.reader().snapshot() as connection:
        told = connection.execute("SELECT hlc_ms FROM entry WHERE kind = 'dispatch.accepted'").fetchall()
    return [at_ms for (at_ms,) in told]


def patient(plane):
    plane._call_deadline_s, plane._step_deadline_s = 30.0, 60.0
    return plane


def main(counts):
    for count in counts:
        with tempfile.TemporaryDirectory() as folder:
            took, floor, deciding, cpu = asyncio.run(measure(Path(folder), count))
        sys.stdout.write(
            f"{count:>4} targets: accepted after {took:.2f} s, floor {floor:.2f} s, ratio {took / floor:.2f} "
            f"(bar 1.20); {cpu:.1f} s of CPU, {deciding:.2f} s of it to sign\n"
        )
        sys.stdout.flush()


if __name__ == "__main__":
    main([int(one) for one in sys.argv[1:]] or [1, 20, 200])
