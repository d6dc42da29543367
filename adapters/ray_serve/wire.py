"""What Ray Serve's dashboard says, read tolerantly. Shapes seen on Ray 2.60.0; its schema (Apache-2.0) for the rest."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, ConfigDict

from adapters.answers import Voice

Config = dict[str, Any]
PATH = "/api/serve/applications/"
REDIRECTS, NOT_FOUND = 300, 404
RUNNING, UNHEALTHY, DELETING = "RUNNING", "UNHEALTHY", "DELETING"


class Said(BaseModel):
    """Anything it says."""

    model_config = ConfigDict(extra="ignore", frozen=True)


class Deployment(Said):
    """One deployment of an application, as it is: options of the code and of the configuration together."""

    status: str = ""
    deployment_config: Config | None = None
    target_num_replicas: int | None = None

    @property
    def options(self) -> Config:
        """What holds for it now."""
        return self.deployment_config or {}

    @property
    def bounds(self) -> tuple[int, int]:
        """How many replicas there may be: least and most."""
        scaling = self.options.get("autoscaling_config")
        if isinstance(scaling, dict):
            return int(scaling.get("min_replicas") or 0), int(scaling.get("max_replicas") or 1)
        fixed = self.options.get("num_replicas") or self.target_num_replicas or 1
        return int(fixed), int(fixed)


class Application(Said):
    """One application. `deployed_app_config` is what was PUT; none where code deployed it, or while it is deleted."""

    route_prefix: str | None = None
    status: str
    deployed_app_config: Config | None = None
    source: str = ""
    deployments: dict[str, Deployment] = {}

    @property
    def by_code(self) -> bool:
        """Deployed by `serve.run`: a write of configurations leaves it alone."""
        return self.source == "imperative" or (self.deployed_app_config is None and self.status != DELETING)


class Instance(Said):
    """GET of all. `restores_unset_config_options`: an option taken out of a configuration is then the code's again."""

    applications: dict[str, Application]
    proxy_location: str | None = None
    http_options: Config | None = None
    grpc_options: Config | None = None
    target_capacity: float | None = None
    restores_unset_config_options: bool = False

    def configs(self) -> dict[str, Config]:
        """What was PUT, by name: that of applications which code deployed is not among it."""
        return {name: one.deployed_app_config for name, one in self.applications.items() if one.deployed_app_config}


_VOICE = Voice("Ray", "its schema")
read, check = _VOICE.read, _VOICE.check
