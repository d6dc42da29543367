"""The Open Inference adapter against a real Triton and a real MLServer, whose answers differ."""

from __future__ import annotations

import asyncio
import os
import socket
import subprocess
from pathlib import Path

import pytest

from adapters.conformance import AdapterConformance, DirectContext, until
from adapters.contract import NotSent, Refused, Wish
from adapters.open_inference import OpenInference
from tests.adapters.kit import open_inference_at

pytestmark = [pytest.mark.real, pytest.mark.timeout(300)]
WISH = Wish(lever="model.unload", selector="toy2", surface_key="toy2")


@pytest.fixture
def adapter(real_servers):
    return open_inference_at(real_servers["triton"]["base_url"])


@pytest.fixture
def context(real_servers):
    return DirectContext(real_servers["triton"]["base_url"], auth="none", deadline_s=60.0)


class TestRealTriton(AdapterConformance):
    settles_within_s = 30.0

    @pytest.fixture
    def wish(self):
        return WISH


class TestRealMLServer(AdapterConformance):
    settles_within_s = 30.0

    @pytest.fixture
    def adapter(self, real_servers):
        return open_inference_at(real_servers["mlserver"]["base_url"])

    @pytest.fixture
    def context(self, real_servers):
        return DirectContext(real_servers["mlserver"]["base_url"], auth="none", deadline_s=30.0)

    @pytest.fixture
    def wish(self):
        return WISH


def test_mlserver_refuses_a_second_unload_and_that_is_no_fault(real_servers):
    url = real_servers["mlserver"]["base_url"]
    server, plain = open_inference_at(url), DirectContext(url, auth="none", deadline_s=30.0)

    async def story():
        planned = await server.plan(plain, WISH)
        await server.apply(plain, planned)
        try:
            return await server.apply(plain, planned), await server.probe(plain, planned, None)
        finally:
            await server.revert(plain, planned)

    again, seen = asyncio.run(story())
    assert (again.outcome, again.status) == ("already-so", 404)
    assert (seen.outcome, seen.status) == ("refused", 404)


def test_an_unload_takes_a_while_and_refuses_at_once(adapter, context):
    async def story():
        planned = await adapter.plan(context, WISH)
        await adapter.apply(context, planned)
        try:
            first = await adapter.read_back(context, planned)
            seen = await adapter.probe(context, planned, None)
            with pytest.raises(Refused, match="unloading"):
                await adapter.plan(context, WISH)
            last = await until(
                lambda: adapter.read_back(context, planned), lambda back: back.verdict == "in-effect", 30.0
            )
            again = await adapter.plan(context, WISH)
        finally:
            await adapter.revert(context, planned)
        return first, seen, last, again

    first, seen, last, again = asyncio.run(story())
    assert (first.verdict, first.detail) == ("not-in-effect", "UNLOADING")
    assert seen.outcome == "refused"
    assert seen.status == 404
    assert last.verdict == "in-effect"
    assert again.pre == {"loaded": "false"}
    assert again.revert[0].path.endswith("/unload")


def test_the_plan_keeps_the_inputs_an_unloaded_model_no_longer_tells(adapter, context):
    planned = asyncio.run(adapter.plan(context, WISH))
    assert planned.params["inputs"] == '[{"name":"in","datatype":"BYTES","shape":[1]}]'


SLOW = """
import time
import numpy as np
import triton_python_backend_utils as pb


class TritonPythonModel:
    def execute(self, requests):
        time.sleep(1.0)
        out = np.array([b"ok"], dtype=object)
        return [pb.InferenceResponse([pb.Tensor("out", out)]) for _ in requests]
"""


@pytest.fixture
def counting(real_servers, tmp_path):
    """A Triton of one's own, started as the kit's is, with a slow model and with its metrics on: its two addresses."""
    kit = real_servers["triton"]
    process = Path("/proc") / str(kit["pid"])
    command = process.joinpath("cmdline").read_bytes().decode().split("\0")[:-1]
    own = dict(one.split("=", 1) for one in process.joinpath("environ").read_bytes().decode().split("\0") if "=" in one)
    form = Path(kit["model_repository"], "toy", "config.pbtxt").read_text(encoding="utf-8")
    (tmp_path / "models" / "slow" / "1").mkdir(parents=True)
    (tmp_path / "models" / "slow" / "config.pbtxt").write_text(form.replace('"toy"', '"slow"'), encoding="utf-8")
    (tmp_path / "models" / "slow" / "1" / "model.py").write_text(SLOW, encoding="utf-8")
    http, metrics, shared = _free(), _free(), f"standdown_{os.getpid()}_"
    changed = {
        "--http-port": str(http), "--metrics-port": str(metrics), "--metrics-address": "127.0.0.1",
        "--allow-metrics": "true", "--model-repository": str(tmp_path / "models"), "--load-model": "slow",
        "--backend-config": f"python,shm-region-prefix-name={shared}",
    }  # fmt: skip
    kept = [word for word in command if word.partition("=")[0] not in changed]
    words = [*kept, *(f"{name}={value}" for name, value in changed.items())]
    with (tmp_path / "log").open("wb") as log:
        running = subprocess.Popen(words, env=own, stdout=log, stderr=subprocess.STDOUT)
        try:
            yield f"http://127.0.0.1:{http}", f"http://127.0.0.1:{metrics}"
        finally:
            running.terminate()
            try:
                running.wait(30)
            except subprocess.TimeoutExpired:
                running.kill()
                running.wait(30)
    for left in Path("/dev/shm").glob(f"{shared}*"):
        left.unlink(missing_ok=True)


def _free() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


def test_triton_counts_the_calls_that_wait_and_an_unload_lets_them_finish(counting):
    url, metrics = counting
    told = {"base_url": url, "metrics_url": metrics}
    server = OpenInference(OpenInference.manifest.settings.model_validate(told))
    plain = DirectContext(url, auth="none", callers_url=metrics, deadline_s=60.0)
    body = {"inputs": [{"name": "in", "shape": [1], "datatype": "BYTES", "data": ["x"]}]}

    async def ready():
        try:
            return (await server.status(plain)).surfaces[0].state == "serving"
        except NotSent:
            return False

    async def count(planned):
        return sum(one.count for one in await server.running(plain, planned))

    async def story():
        assert await until(ready, bool, 60.0, 0.2)
        planned = await server.plan(plain, Wish(lever="model.unload", selector="slow", surface_key="slow"))
        assert await server.running(plain, planned) == []
        calls = [
            asyncio.create_task(plain.call("POST", "/v2/models/slow/infer", json=body, effect="read")) for _ in range(4)
        ]  # fmt: skip
        waiting = await until(lambda: count(planned), lambda seen: seen > 0, 30.0)
        await server.apply(plain, planned)
        answers = await asyncio.wait_for(asyncio.gather(*calls), 60.0)
        left = await until(lambda: count(planned), lambda seen: seen == 0, 30.0)
        refused = await server.probe(plain, planned, None)
        return waiting, [one.status for one in answers], left, refused.outcome

    waiting, answers, left, refused = asyncio.run(story())
    assert waiting in range(1, 4)
    assert (answers, left, refused) == ([200] * 4, 0, "refused")
