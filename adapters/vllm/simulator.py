"""A vLLM server as the adapter sees one, as a site for `adapters.simulator`: answers as vLLM's sources give them.

It must never be given a real key.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from adapters.simulator import Answer, Incoming

KEY = "vllm-simulated-key"
_GUARDED = ("/v1",)


@dataclass(slots=True)
class Rows:
    """Everything a write may change. `level` is 0 while it is awake; without `weights` it answers nonsense."""

    adapters: dict[str, str]
    level: int = 0
    weights: bool = True
    running: int = 0
    waiting: int = 0


class VLLMSite:
    """A server with this model, by each of these names, and these adapters by name and path.

    `development` and `updating` say whether the endpoints for sleep, and those for adapters, are there.
    """

    def __init__(
        self, models: Iterable[str], adapters: Mapping[str, str], *, development: bool = True, updating: bool = True,
        key: str = "", running: int = 0,
    ) -> None:  # fmt: skip
        self._models = tuple(models)
        self._development, self._updating, self._key = development, updating, key
        self.state = Rows(dict(adapters), running=running)

    def kind(self, incoming: Incoming) -> Literal["read", "write", "call"]:
        """A completion is a call; other POSTs write."""
        if incoming.path == "/v1/chat/completions":
            return "call"
        return "read" if incoming.method == "GET" else "write"

    def handle(self, incoming: Incoming, enforce_lag_s: float) -> Answer:  # noqa: ARG002, PLR0911  what is written holds at once; one answer per route
        """Answer as vLLM would; its endpoints for development ask for no key."""
        if self._key and incoming.path.startswith(_GUARDED) and incoming.bearer != self._key:
            return Answer(status=401, body={"error": "Unauthorized"})
        match incoming.method, incoming.path:
            case "GET", "/v1/models":
                return Answer(body={"object": "list", "data": self._cards()})
            case "GET", "/metrics":
                return self._metrics()
            case "POST", "/v1/chat/completions":
                return self._chat(str(incoming.json().get("model")))
            case "POST", ("/v1/load_lora_adapter" | "/v1/unload_lora_adapter") if self._updating:
                return self._adapter(incoming.path, incoming.json())
            case _, ("/is_sleeping" | "/sleep" | "/wake_up" | "/collective_rpc") if self._development:
                return self._sleep(incoming)
            case _:
                return Answer(status=404, body={"detail": "Not Found"})

    def _cards(self) -> list[dict[str, Any]]:
        models = [{"id": name, "object": "model", "root": f"/models/{self._models[0]}"} for name in self._models]
        rows = self.state.adapters.items()
        return [
            *models,
            *({"id": name, "object": "model", "root": path, "parent": self._models[0]} for name, path in rows),
        ]

    def _metrics(self) -> Answer:
        label = f'{{engine="0",model_name="{self._models[0]}"}}'
        told = (
            "# HELP vllm:num_requests_running Number of requests in model execution batches.\n"
            "# TYPE vllm:num_requests_running gauge\n"
            f"vllm:num_requests_running{label} {float(self.state.running)}\n"
            f"vllm:num_requests_waiting{label} {float(self.state.waiting)}\n"
        )
        return Answer(body=told.encode(), headers={"content-type": "text/plain; version=0.0.4; charset=utf-8"})

    def _sleep(self, incoming: Incoming) -> Answer:
        if incoming.path == "/is_sleeping":
            return Answer(body={"is_sleeping": self.state.level > 0})
        if incoming.path == "/sleep":
            self.state.level = int(incoming.query.get("level", "1"))
            self.state.weights = self.state.level == 1
            self.state.running = 0
            return Answer()
        if incoming.path == "/collective_rpc":
            self.state.weights = True
            return Answer(body={"results": [None]})
        if incoming.query.get("tags") != "weights":
            self.state.level = 0
        return Answer()

    def _adapter(self, path: str, asked: dict[str, Any]) -> Answer:
        name, there = str(asked.get("lora_name")), asked.get("lora_name") in self.state.adapters
        if path.endswith("unload_lora_adapter"):
            if not there:
                return _error(404, "NotFoundError", f"The lora adapter '{name}' cannot be found.")
            del self.state.adapters[name]
            return Answer(body=f"Success: LoRA adapter '{name}' removed successfully.".encode())
        if there:
            return _error(400, "InvalidUserInput", f"The lora adapter '{name}' has already been loaded.")
        self.state.adapters[name] = str(asked.get("lora_path"))
        return Answer(body=f"Success: LoRA adapter '{name}' added successfully.".encode())

    def _chat(self, model: str) -> Answer:
        if model not in self._models and model not in self.state.adapters:
            return _error(404, "NotFoundError", f"The model `{model}` does not exist.")
        message = {"role": "assistant", "content": "simulated" if self.state.weights else "!!!!"}
        return Answer(body={"id": "chatcmpl-1", "model": model, "choices": [{"index": 0, "message": message}]})


def _error(status: int, kind: str, message: str) -> Answer:
    return Answer(status=status, body={"error": {"message": message, "type": kind, "param": None, "code": status}})
