"""A Ray Serve as the adapter sees one, as a site for `adapters.simulator`: dashboard and proxy on one port.

Statuses, sentences and lags as seen on Ray 2.60.0. It must never be given a real token.
"""

from __future__ import annotations

import copy
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from adapters.simulator import Answer, Incoming

TOKEN = "ray-simulated-token"  # noqa: S105  made up
PATH = "/api/serve/applications/"
MODES = {"mode": "full", "tools": True}  # what the code of every deployment says by itself


@dataclass(slots=True)
class Application:
    """`config` is what was PUT, none where code deployed it; `gone_at_s` is set while it is being deleted."""

    route: str
    config: dict[str, Any] | None
    told: dict[str, Any] = field(default_factory=lambda: dict(MODES))
    gone_at_s: float | None = None
    refuses_at_s: float = 0.0


@dataclass(slots=True)
class Rows:
    """Everything a write may change."""

    applications: dict[str, Application]
    beside: dict[str, Any]


class RayServeSite:
    """A cluster with these configurations deployed, and applications that code deployed under these names.

    `grace_s` is how long a deletion takes, `lag_s` how long the proxy still knows the route. `token` is asked for.
    """

    def __init__(
        self, configs: Iterable[Mapping[str, Any]], *, by_code: Iterable[str] = (), grace_s: float = 0.1,
        lag_s: float = 0.0, token: str = "", restores: bool = True,
    ) -> None:  # fmt: skip
        self._grace_s, self._lag_s, self._token, self._restores = grace_s, lag_s, token, restores
        found = {one["name"]: _made(dict(one)) for one in configs}
        found |= {name: Application(route=f"/{name}", config=None) for name in by_code}
        beside: dict[str, Any] = {
            "proxy_location": "EveryNode", "target_capacity": None,
            "http_options": {"host": "127.0.0.1", "port": 8000, "ssl_keyfile_password": None},
            "grpc_options": {"port": 9000, "grpc_servicer_functions": [], "request_timeout_s": None},
        }  # fmt: skip
        self.state = Rows(found, beside)

    def kind(self, incoming: Incoming) -> Literal["read", "write", "call"]:
        """A PUT writes; what is not the dashboard's is a call."""
        if incoming.path != PATH:
            return "call"
        return "read" if incoming.method == "GET" else "write"

    def handle(self, incoming: Incoming, enforce_lag_s: float) -> Answer:
        """Answer as Ray would."""
        for name, one in list(self.state.applications.items()):
            if one.gone_at_s is not None and incoming.at_s >= one.gone_at_s:
                del self.state.applications[name]
        if incoming.path != PATH:
            return self._call(incoming)
        if self._token and incoming.bearer != self._token:
            return Answer(status=401, body=b"Unauthorized: Missing authentication token")
        if incoming.method == "PUT":
            return self._put(incoming, enforce_lag_s)
        return Answer(body=self._told()) if incoming.method == "GET" else Answer(status=405, body=b"405")

    def _call(self, incoming: Incoming) -> Answer:
        routes = {
            one.route: one for one in self.state.applications.values()
            if one.gone_at_s is None or incoming.at_s < one.refuses_at_s
        }  # fmt: skip
        fitting = [route for route in routes if incoming.path == route or incoming.path.startswith(f"{route}/")]
        if not fitting:
            said = f"Path '{incoming.path}' not found. Ping http://.../-/routes for available routes."
            return Answer(status=404, body=said.encode(), headers={"content-type": "text/plain; charset=utf-8"})
        return Answer(body={"ok": True, "config": routes[max(fitting, key=len)].told})

    def _put(self, incoming: Incoming, lag_s: float) -> Answer:
        asked = incoming.json()
        configs = asked.get("applications")
        if not isinstance(configs, list) or len({one["name"] for one in configs}) < len(configs):
            return Answer(status=400, body=b"1 validation error for ServeDeploySchema")
        if any(entry.get("num_replicas") == 0 for one in configs for entry in one.get("deployments", ())):
            return Answer(status=400, body=b"Input should be greater than 0")
        self.state.beside["target_capacity"] = asked.get("target_capacity")
        wanted = {one["name"]: one for one in configs}
        for name, one in self.state.applications.items():
            if one.config is not None and name not in wanted:
                one.config = None
                one.refuses_at_s = incoming.at_s + self._lag_s + lag_s
                one.gone_at_s = max(incoming.at_s + self._grace_s, one.refuses_at_s)
        for name, config in wanted.items():
            self.state.applications[name] = _made(copy.deepcopy(config))
        return Answer()

    def _told(self) -> dict[str, Any]:
        found = {name: _shown(name, one) for name, one in self.state.applications.items()}
        return {**self.state.beside, "applications": found, "restores_unset_config_options": self._restores}


def _made(config: dict[str, Any]) -> Application:
    entry = next(iter(config.get("deployments") or [{}]))
    told = dict(entry.get("user_config", MODES))
    return Application(route=config.get("route_prefix", "/"), config=config, told=told)


def _shown(name: str, one: Application) -> dict[str, Any]:
    deleting = one.gone_at_s is not None
    entry: dict[str, Any] = dict(next(iter((one.config or {}).get("deployments") or [{"name": "Model"}])))
    options: dict[str, Any] = {
        "max_ongoing_requests": 5, "graceful_shutdown_timeout_s": 20.0, "user_config": MODES, **entry,
    }  # fmt: skip
    if "autoscaling_config" in entry:
        options["autoscaling_config"] = {"initial_replicas": None, **entry["autoscaling_config"]}
    target = int(entry.get("num_replicas", 1))
    running = {"name": entry["name"], "status": "HEALTHY", "deployment_config": options, "target_num_replicas": target}
    return {
        "name": name, "route_prefix": one.route, "docs_path": None, "message": "",
        "status": "DELETING" if deleting else "RUNNING", "last_deployed_time_s": 1_795_685_953.2,
        "deployed_app_config": one.config, "source": "declarative" if one.config or deleting else "imperative",
        "deployments": {} if deleting else {entry["name"]: running},
    }  # fmt: skip
