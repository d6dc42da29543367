"""A model server as the adapter sees one, as a site for `adapters.simulator`: Triton's ways, MLServer's, or KServe's.

Shapes and statuses as seen on Triton 2.51.0, MLServer 1.7.1 and KServe 0.21.0.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from adapters.simulator import Answer, Incoming

Flavour = Literal["triton", "mlserver", "kserve"]


@dataclass(slots=True)
class Model:
    """A model in the repository. While `leaves_at_s` lies ahead it is unloading. `waiting` calls have no turn yet."""

    name: str
    loaded: bool = True
    ever_loaded: bool = True
    leaves_at_s: float = 0.0
    waiting: int = 0


class ModelServerSite:
    """A server with these models, all loaded. `unload_s` is how long an unload takes at Triton."""

    def __init__(self, models: Sequence[str], *, flavour: Flavour = "triton", unload_s: float = 0.2) -> None:
        self._flavour = flavour
        self._unload_s = unload_s if flavour == "triton" else 0.0
        self.state = {name: Model(name) for name in models}

    def kind(self, incoming: Incoming) -> Literal["read", "write", "call"]:
        """An inference is a call; load and unload are writes."""
        if incoming.path.endswith("/infer"):
            return "call"
        return "write" if incoming.path.endswith(("/load", "/unload")) else "read"

    def handle(self, incoming: Incoming, enforce_lag_s: float) -> Answer:  # noqa: PLR0911  one answer per route
        """Answer as the server would."""
        match incoming.method, [step for step in incoming.path.split("/") if step]:
            case "GET", ["v2"]:
                return Answer(body={"name": self._flavour, "version": "simulated", "extensions": ["model_repository"]})
            case "GET", ["metrics"] if self._flavour == "triton":
                return self._metrics()
            case "GET", ["v2", "models"] if self._flavour == "kserve":
                return Answer(body={"models": [model.name for model in self.state.values() if model.loaded]})
            case "POST", ["v2", "repository", "index"] if self._flavour != "kserve":
                return Answer(body=[self._indexed(model, incoming.at_s) for model in self.state.values()])
            case "POST", ["v2", "repository", "models", name, ("load" | "unload") as verb]:
                return self._write(name, verb, incoming.at_s, enforce_lag_s)
            case "GET", ["v2", "models", name]:
                return self._metadata(name)
            case "POST", ["v2", "models", name, "infer"]:
                return self._infer(name, incoming)
            case _:
                return Answer(status=404, body={"error": "not found"})

    def _metrics(self) -> Answer:
        """At Triton it is another port; here it is the same."""
        name = "nv_inference_pending_request_count"
        head = f"# HELP {name} Instantaneous number of pending requests\n# TYPE {name} gauge\n"
        rows = [
            f'{name}{{model="{one.name}",version="1"}} {one.waiting}\n' for one in self.state.values() if one.loaded
        ]
        return Answer(body=(head + "".join(rows)).encode(), headers={"content-type": "text/plain; charset=utf-8"})

    def _indexed(self, model: Model, now_s: float) -> dict[str, str]:
        if model.loaded:
            return {"name": model.name, "version": "1", "state": "READY"}
        if now_s < model.leaves_at_s:
            return {"name": model.name, "version": "1", "state": "UNLOADING"}
        return {"name": model.name, "version": "1", "state": "UNAVAILABLE", "reason": "unloaded"}

    def _write(self, name: str, verb: str, now_s: float, lag_s: float) -> Answer:
        model = self.state.get(name)
        triton = self._flavour == "triton"
        if model is None:
            loading = {"triton": 500, "mlserver": 404, "kserve": 503}[self._flavour]
            status = loading if verb == "load" else 200 if triton else 404
            return Answer(status=status, body=None if status == 200 else {"error": f"failed to {verb} '{name}'"})  # noqa: PLR2004  HTTP
        if verb == "unload" and not model.loaded and not triton:
            return self._unknown(name)
        if model.loaded != (verb == "load"):
            model.loaded = verb == "load"
            model.leaves_at_s = now_s + self._unload_s + lag_s
        return Answer(body=None if triton else {})

    def _unknown(self, name: str) -> Answer:
        if self._flavour == "mlserver":
            return Answer(status=404, body={"error": f"Model {name} not found"})
        if self._flavour == "kserve":
            return Answer(status=404, body={"error": f"Model with name {name} does not exist."})
        return Answer(status=404, body={"error": f"Request for unknown model: '{name}' has no available versions"})

    def _metadata(self, name: str) -> Answer:
        model = self.state.get(name)
        if model is None or not model.loaded:
            return self._unknown(name)
        tensor = {"datatype": "BYTES", "shape": [1]}
        return Answer(
            body={"name": name, "versions": ["1"], "platform": "python", "inputs": [{"name": "in", **tensor}],
                  "outputs": [{"name": "out", **tensor}]}
        )  # fmt: skip

    def _infer(self, name: str, incoming: Incoming) -> Answer:
        model = self.state.get(name)
        if model is None or not model.loaded:
            return self._unknown(name)
        if not incoming.json().get("inputs"):
            return Answer(status=400, body={"error": f"expected 1 inputs but got 0 inputs for model '{name}'"})
        output = {"name": "out", "datatype": "BYTES", "shape": [1], "data": ["ok"]}
        return Answer(body={"model_name": name, "model_version": "1", "outputs": [output]})
