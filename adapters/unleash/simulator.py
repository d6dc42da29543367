"""The part of an Unleash that the adapter uses, as a site for `adapters.simulator`: shapes as seen on 7.5.1.

What a product reads lags behind what an administrator wrote, as it does there. It must never be given a real token.
"""

from __future__ import annotations

import copy
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Literal

from adapters.simulator import Answer, Incoming

ADMIN_TOKEN = "*:*.simulated-admin"  # noqa: S105  made up
CLIENT_TOKEN = "*:development.simulated-client"  # noqa: S105  made up


@dataclass(slots=True)
class Flag:
    """A flag in the one environment; each strategy is a list of segment ids. `disabled` ones no product is told of."""

    name: str
    enabled: bool = True
    type: str = "kill-switch"
    strategies: list[list[int]] = field(default_factory=lambda: [[]])
    disabled: set[int] = field(default_factory=set[int])


@dataclass(slots=True)
class Rows:
    """Everything a write may change, and what products read until `read_until_s`."""

    flags: dict[str, Flag]
    segments: dict[int, dict[str, Any]]
    read: Rows | None = None
    read_until_s: float = 0.0


def _error(status: int, name: str) -> Answer:
    return Answer(status=status, body={"name": name, "message": name, "details": []})


class UnleashSite:
    """One project with these flags and segments (id, name, constraints), in the environment `development`."""

    def __init__(
        self, flags: Sequence[Flag], segments: Mapping[int, dict[str, Any]] | None = None, *, lag_s: float = 0.0,
        most_values: int = 1_000,
    ) -> None:  # fmt: skip
        self._lag_s = lag_s
        self.most_values = most_values
        made = {number: {"id": number, **found} for number, found in (segments or {}).items()}
        self.state = Rows({flag.name: flag for flag in flags}, made)
        self.events: list[dict[str, Any]] = []
        self.permissions: list[dict[str, str]] = [{"permission": "ADMIN"}]

    def kind(self, incoming: Incoming) -> Literal["read", "write", "call"]:
        """A product reads; every admin request that is no GET writes."""
        if incoming.path.startswith("/api/client/"):
            return "call"
        return "read" if incoming.method == "GET" else "write"

    def handle(self, incoming: Incoming, enforce_lag_s: float) -> Answer:
        """Answer as Unleash would."""
        if incoming.path == "/health":
            return Answer(body={"health": "GOOD"})
        if incoming.path == "/api/client/features":
            return self._client(incoming)
        if incoming.bearer != ADMIN_TOKEN:
            return _error(403 if incoming.bearer == CLIENT_TOKEN else 401, "UnauthorizedError")
        if self.kind(incoming) == "write" and incoming.at_s >= self.state.read_until_s:
            kept = Rows(copy.deepcopy(self.state.flags), copy.deepcopy(self.state.segments))
            self.state.read, self.state.read_until_s = kept, incoming.at_s + self._lag_s + enforce_lag_s
        return self._admin(incoming, [step for step in incoming.path.split("/") if step][2:])

    def write_log(self, kind: str, who: str = "admin", **about: Any) -> None:  # noqa: ANN401  any field of an event
        """What somebody did, as a line of the log, the newest first."""
        at = datetime.now(UTC).isoformat().replace("+00:00", "Z")
        self.events.insert(0, {"id": len(self.events) + 1, "type": kind, "createdBy": who, "createdAt": at, **about})

    def _admin(self, incoming: Incoming, steps: list[str]) -> Answer:  # noqa: PLR0911  one answer per route
        match incoming.method, steps:
            case "GET", ["search", "events"]:
                return Answer(body={"events": self._found(incoming.query), "total": len(self.events)})
            case "GET", ["user"]:
                who = {"username": "simulated", "permissions": ["ADMIN"], "type": "admin", "secret": ADMIN_TOKEN}
                return Answer(body={"user": who, "permissions": self.permissions, "feedback": [], "splash": {}})
            case "GET", ["ui-config"]:
                return Answer(body={"resourceLimits": {"segmentValues": self.most_values, "strategySegments": 5}})
            case "GET", ["segments"]:
                return Answer(body={"segments": list(self.state.segments.values())})
            case (("GET" | "PUT"), ["segments", number]):
                return self._segment(incoming, int(number))
            case "GET", ["segments", number, "strategies"]:
                held = [
                    flag.name for flag in self.state.flags.values() for ids in flag.strategies if int(number) in ids
                ]
                place = {"environment": "development", "projectId": "default"}
                return Answer(body={"strategies": [{"id": "0", "featureName": name, **place} for name in held]})
            case "GET", ["projects", "default", "features"]:
                return Answer(body={"features": [_listed(flag) for flag in self.state.flags.values()]})
            case _, ["projects", "default", "features", name, "environments", "development", *rest]:
                flag = self.state.flags.get(name)
                if flag is None:
                    return _error(404, "NotFoundError")
                return self._flag(incoming.method, flag, rest)
            case _:
                return _error(404, "NotFoundError")

    def _found(self, query: Mapping[str, str]) -> list[dict[str, Any]]:
        """The log's lines that fit, by `IS:` and `IS_ANY_OF:`."""
        names = {"feature": "featureName", "environment": "environment", "type": "type"}
        wanted = {names[name]: text.partition(":")[2].split(",") for name, text in query.items() if name in names}
        fits = [one for one in self.events if all(one.get(name) in some for name, some in wanted.items())]
        return fits[: int(query.get("limit", "50"))]

    def _flag(self, method: str, flag: Flag, rest: list[str]) -> Answer:
        strategies = [
            {"id": str(at), "disabled": at in flag.disabled, "segments": ids} for at, ids in enumerate(flag.strategies)
        ]
        if (method, rest) == ("GET", []):
            return Answer(body={"name": flag.name, "environment": "development", "enabled": flag.enabled})
        if (method, rest) == ("GET", ["strategies"]):
            return Answer(body=strategies)
        if method == "POST" and rest in (["on"], ["off"]):
            flag.enabled = rest == ["on"]
            kind = "feature-environment-enabled" if flag.enabled else "feature-environment-disabled"
            self.write_log(kind, featureName=flag.name, environment="development")
            return Answer()
        return _error(404, "NotFoundError")

    def _segment(self, incoming: Incoming, number: int) -> Answer:
        found = self.state.segments.get(number)
        if found is None:
            return _error(404, "NotFoundError")
        if incoming.method == "PUT":
            asked = incoming.json()
            if not asked.get("name") or "constraints" not in asked:
                return _error(400, "BadDataError")
            if sum(len(one.get("values", ())) for one in asked["constraints"]) > self.most_values:
                return _error(400, "BadDataError")
            self.state.segments[number] = {"id": number, **asked}
            self.write_log("segment-updated", data={"id": number})
            return Answer(status=204)
        return Answer(body=found)

    def _client(self, incoming: Incoming) -> Answer:
        if incoming.bearer != CLIENT_TOKEN:
            return _error(401, "UnauthorizedError")
        late = self.state.read is not None and incoming.at_s < self.state.read_until_s
        rows = self.state.read if late and self.state.read is not None else self.state
        prefix = incoming.query.get("namePrefix", "")
        flags = [flag for flag in rows.flags.values() if flag.name.startswith(prefix)]
        return Answer(body={"version": 2, "features": [_read(flag, rows.segments) for flag in flags]})


def _listed(flag: Flag) -> dict[str, Any]:
    environments = [{"name": "development", "enabled": flag.enabled}, {"name": "production", "enabled": False}]
    return {"name": flag.name, "type": flag.type, "environments": environments}


def _read(flag: Flag, segments: Mapping[int, dict[str, Any]]) -> dict[str, Any]:
    strategies = [
        {"name": "flexibleRollout", "constraints": [one for number in ids for one in segments[number]["constraints"]]}
        for at, ids in enumerate(flag.strategies) if at not in flag.disabled
    ]  # fmt: skip
    return {"name": flag.name, "type": flag.type, "enabled": flag.enabled, "strategies": strategies}
