"""Run the outbox of a scene until it settles, or die by SIGKILL at the named point. Not a test: a test's child."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from pathlib import Path

from tests.kit.scene import Scene, plane_at


def main(folder: str, url: str, point: str) -> int:
    def crash(here: str) -> None:
        if here == point:
            os.kill(os.getpid(), signal.SIGKILL)

    async def go():
        scene = Scene(Path(folder), url, found=False)
        planes = (plane_at(url),)
        try:
            settled = await scene.outbox(*planes, crash=crash).run(deadline_ms=scene.clock.boot_ms() + 10_000)
            sys.stdout.write(",".join(row.state for row in settled.rows))
        finally:
            await scene.aclose()

    asyncio.run(go())
    return 0


if __name__ == "__main__":
    raise SystemExit(main(*sys.argv[1:]))
