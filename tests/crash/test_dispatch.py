"""A child process ends by SIGKILL at every named point of a dispatch: never sent twice, never lost."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from pathlib import Path

import pytest

from tests.kit.plainserver import PlainEstate
from tests.kit.scene import Scene

ROOT = Path(__file__).resolve().parents[2]


async def child(folder, url, point):
    running = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tests.crash.child", str(folder), url, point, cwd=ROOT,
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE, env={**os.environ, "PYTHONPATH": str(ROOT)},
    )  # fmt: skip
    out, err = await asyncio.wait_for(running.communicate(), 60)
    return running.returncode, out.decode().strip(), err.decode()


def play(tmp_path, lever, point, story):
    async def on_stage():
        async with PlainEstate() as estate:
            scene = Scene(tmp_path, estate.url)
            try:
                scene.block("k", lever=lever)
            finally:
                await scene.aclose()
            code, _, err = await child(tmp_path, estate.url, point)
            assert code == -signal.SIGKILL, err
            await story(estate)
            scene = Scene(tmp_path, estate.url, found=False)
            words = scene.words()
            await scene.aclose()
            return words

    return asyncio.run(on_stage())


@pytest.mark.parametrize(
    ("lever", "point", "end", "writes"),
    [
        # killed before the first byte: the read-back shows that it did not land, so it is sent, once
        ("block", "after-intent", "enforced", 1),
        # killed after the provider did it and before we wrote that down: it is not sent again
        ("block", "after-call", "enforced", 1),
        ("once", "after-call", "enforced", 1),
        # cannot be repeated safely and does not show: a person decides
        ("once", "after-intent", "attention", 0),
    ],
)
def test_never_sent_twice_and_never_lost(tmp_path, lever, point, end, writes):
    async def story(estate):
        for _ in range(2):  # the second start changes nothing
            code, out, err = await child(tmp_path, estate.url, "nowhere")
            assert code == 0, err
            assert out == end
        assert len(estate.writes) == writes

    words = play(tmp_path, lever, point, story)
    assert words[:3] == ["authorised", "intent", "unknown"]


def test_killed_again_and_again_it_still_ends_once(tmp_path):
    async def story(estate):
        for point in ("after-intent", "after-intent", "after-call"):
            code, _, err = await child(tmp_path, estate.url, point)
            assert code == -signal.SIGKILL, err
        code, out, err = await child(tmp_path, estate.url, "nowhere")
        assert (code, out) == (0, "enforced"), err
        assert len(estate.writes) == 1

    play(tmp_path, "block", "after-intent", story)
