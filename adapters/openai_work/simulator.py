"""Batches and fine-tuning jobs of one OpenAI project, as a site for `adapters.simulator`.

Shapes are parsed by OpenAI's SDK in the tests. It must never be given a real key.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from adapters.simulator import Answer, Incoming

MADE_AT = 1_790_000_000
PROJECT_KEY = "sk-proj-simulated-work"
PREFIX = "/v1"
OVER = frozenset({"completed", "cancelled", "succeeded"})
Row = dict[str, Any]


@dataclass(slots=True)
class WorkRow:
    """A batch or a job; one that is being cancelled is cancelled at `over_at_s`."""

    id: str
    kind: Literal["batch", "job"]
    model: str | None
    status: str
    over_at_s: float | None = None

    def now(self, at_s: float) -> str:
        """Its state at this moment."""
        return "cancelled" if self.over_at_s is not None and at_s >= self.over_at_s else self.status


class WorkSite:
    """One project with these models and this work. Cancelling a batch takes `cancel_s`; a job is cancelled at once."""

    def __init__(
        self, models: Sequence[str], work: Iterable[WorkRow], *, cancel_s: float = 0.0, page: int = 100
    ) -> None:
        self._models = list(models)
        self._cancel_s = cancel_s
        self._page = page
        self.state = {one.id: one for one in work}

    def kind(self, incoming: Incoming) -> Literal["read", "write", "call"]:
        """Everything is the instance's own; what is no GET writes."""
        return "read" if incoming.method == "GET" else "write"

    def handle(self, incoming: Incoming, enforce_lag_s: float) -> Answer:
        """Answer as OpenAI would."""
        if incoming.bearer != PROJECT_KEY:
            return _error(401, "Incorrect API key provided: sk-***.", "invalid_api_key")
        match incoming.method, incoming.path.removeprefix(PREFIX).strip("/").split("/"):
            case "GET", ["models"]:
                data = [
                    {"id": name, "object": "model", "created": MADE_AT, "owned_by": "system"} for name in self._models
                ]
                return Answer(body={"object": "list", "data": data})
            case method, ["batches", *rest]:
                return self._work(incoming, method, "batch", rest, enforce_lag_s)
            case method, ["fine_tuning", "jobs", *rest]:
                return self._work(incoming, method, "job", rest, enforce_lag_s)
            case _:
                return _unknown()

    def _work(self, incoming: Incoming, method: str, kind: str, steps: Sequence[str], lag_s: float) -> Answer:
        rows = [one for one in self.state.values() if one.kind == kind]
        match method, steps:
            case "GET", []:
                return self._list(incoming, [_shown(one, incoming.at_s) for one in rows])
            case "GET", [ident] if ident in self.state:
                return Answer(body=_shown(self.state[ident], incoming.at_s))
            case "POST", [ident, "cancel"] if ident in self.state:
                return self._cancel(self.state[ident], incoming.at_s, lag_s)
            case _:
                return _unknown()

    def _cancel(self, row: WorkRow, at_s: float, lag_s: float) -> Answer:
        if row.now(at_s) in OVER or row.over_at_s is not None:
            return _error(400, f"It cannot be cancelled: it is {row.now(at_s)}.")
        wait_s = lag_s + (self._cancel_s if row.kind == "batch" else 0.0)
        row.status, row.over_at_s = "cancelling" if row.kind == "batch" else "cancelled", at_s + wait_s
        return Answer(body=_shown(row, at_s), headers={"x-request-id": "req_1"})

    def _list(self, incoming: Incoming, rows: Sequence[Row]) -> Answer:
        after, size = incoming.query.get("after"), min(self._page, int(incoming.query.get("limit", "20")))
        begins = next((at + 1 for at, row in enumerate(rows) if row["id"] == after), 0)
        shown = rows[begins : begins + size]
        first, last = (shown[0]["id"], shown[-1]["id"]) if shown else (None, None)
        told = {"object": "list", "data": shown, "first_id": first, "last_id": last}
        return Answer(body={**told, "has_more": begins + size < len(rows)})


def _error(status: int, message: str, code: str | None = None) -> Answer:
    told = {"message": message, "type": "invalid_request_error", "param": None, "code": code}
    return Answer(status=status, body={"error": told})


def _unknown() -> Answer:
    return _error(404, "There is no such thing.")


def _shown(row: WorkRow, at_s: float) -> Row:
    told: Row = {"id": row.id, "created_at": MADE_AT, "status": row.now(at_s), "model": row.model}
    if row.kind == "batch":
        return {
            **told, "object": "batch", "completion_window": "24h", "endpoint": "/v1/responses", "input_file_id": "f",
        }  # fmt: skip
    return {
        **told, "object": "fine_tuning.job", "hyperparameters": {}, "organization_id": "org_1", "result_files": [],
        "seed": 1, "training_file": "file_1", "fine_tuned_model": None, "error": None, "finished_at": None,
        "trained_tokens": None, "validation_file": None,
    }  # fmt: skip
