"""Inference Endpoints of one namespace, as a site for `adapters.simulator`: shapes as Hugging Face's client reads them.

It must never be given a real token.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Literal

from adapters.simulator import Answer, Incoming

TOKEN = "hf_simulated_admin"  # noqa: S105  made up
PREFIX = "/v2"
MADE_AT = "2026-01-31T00:00:00.000Z"


@dataclass(slots=True)
class EndpointRow:
    """An endpoint."""

    name: str
    repository: str
    state: str = "running"
    least: int = 1
    most: int = 4


class EndpointsSite:
    """A namespace with these endpoints."""

    def __init__(self, namespace: str, endpoints: Iterable[EndpointRow]) -> None:
        self._namespace = namespace
        self.state = {one.name: one for one in endpoints}

    def kind(self, incoming: Incoming) -> Literal["read", "write", "call"]:
        """What is no GET writes."""
        return "read" if incoming.method == "GET" else "write"

    def handle(self, incoming: Incoming, enforce_lag_s: float) -> Answer:  # noqa: ARG002  what is written holds at once
        """Answer as Hugging Face would."""
        if incoming.bearer != TOKEN:
            return Answer(status=401, body={"error": "Invalid credentials"})
        steps = incoming.path.removeprefix(f"{PREFIX}/endpoint/").split("/")
        row = self.state.get(steps[1]) if len(steps) > 1 else None
        if steps[0] != self._namespace or (len(steps) > 1 and row is None):
            return Answer(status=404, body={"error": "Not found"})
        if row is None:
            return Answer(body={"items": [_shown(one) for one in self.state.values()]})
        return self._on_one(incoming, row, steps[2] if len(steps) > 2 else "")  # noqa: PLR2004  a verb behind the name

    def _on_one(self, incoming: Incoming, row: EndpointRow, verb: str) -> Answer:
        match incoming.method, verb:
            case "GET", "":
                return Answer(body=_shown(row))
            case "PUT", "":
                scaling: dict[str, int] = incoming.json().get("compute", {}).get("scaling", {})
                row.least, row.most = scaling.get("minReplica", row.least), scaling.get("maxReplica", row.most)
                return Answer(body=_shown(row))
            case "DELETE", "":
                del self.state[row.name]
                return Answer(status=200, body={"message": "deleted"})
            case "POST", ("pause" | "resume"):
                after = "paused" if verb == "pause" else "running"
                if row.state == after:
                    return Answer(status=400, body={"error": f"Bad Request: Endpoint already {after}"})
                row.state = after
                return Answer(body=_shown(row))
            case _:
                return Answer(status=404, body={"error": "Not found"})


def _shown(row: EndpointRow) -> dict[str, Any]:
    return {
        "name": row.name, "type": "authenticated", "healthRoute": "/health",
        "compute": {"accelerator": "gpu", "scaling": {"minReplica": row.least, "maxReplica": row.most}},
        "model": {"repository": row.repository, "framework": "pytorch", "revision": "main", "task": "text-generation",
                  "image": {"huggingface": {}}},
        "status": {"state": row.state, "createdAt": MADE_AT, "updatedAt": MADE_AT,
                   "url": f"https://{row.name}.endpoints.example" if row.state == "running" else None},
    }  # fmt: skip
