"""The one write there is: the whole desired state. What it holds, what must not be in it, and whether it still fits.

Ray keeps no version to compare, so each write is held against a look right before it (decision 0164).
"""

from __future__ import annotations

import copy
import json
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from adapters.contract import Refused, Request, Stale
from adapters.ray_serve import wire
from adapters.ray_serve.wire import Config

_REDACTED = "<redacted>"
_LOGIN = re.compile(r"://[^/\s:@]*:[^/\s@]+@")
_SECRET_OPTIONS = frozenset({"ssl_keyfile_password"})


def write(found: wire.Instance, configs: Mapping[str, Config]) -> Request:
    """A PUT of these applications, with everything beside them as it is."""
    body: dict[str, Any] = {}
    if found.proxy_location:
        body["proxy_location"] = found.proxy_location
    for name, options in (("http_options", found.http_options), ("grpc_options", found.grpc_options)):
        told = {key: value for key, value in (options or {}).items() if value is not None}
        if kept := {key: value for key, value in told.items() if key not in _SECRET_OPTIONS}:
            body[name] = kept  # Ray ignores it while it runs, and would take its defaults after a restart
    if found.target_capacity is not None:
        body["target_capacity"] = found.target_capacity
    body["applications"] = list(configs.values())
    return Request(method="PUT", path=wire.PATH, body=text_of(body))


def text_of(value: object) -> str:
    """As it is sent: nothing sorted, so that what is kept stays as its owner wrote it."""
    return json.dumps(value, separators=(",", ":"))


def no_secrets(configs: Mapping[str, Config], *, environment_may: bool) -> None:
    """What is signed holds every application's configuration.

    Raises:
        Refused: where that would write a secret down, or write a mask over one.
    """
    for name, config in configs.items():
        told = json.dumps(config)
        if _REDACTED in told:
            raise Refused(f"the dashboard hides values of {name}: sent back, the mask would take their place")
        if _LOGIN.search(told):
            raise Refused(f"the configuration of {name} holds an address with a password, which must not be recorded")
        if not environment_may and any(_environment(config)):
            raise Refused(
                f"the configuration of {name} holds environment variables, which would enter the record: where none "
                "is a secret, say so in this provider's settings; else change it where it is deployed from"
            )


def _environment(value: object) -> Iterator[object]:
    """Every set of environment variables in it that is not empty."""
    if isinstance(value, dict):
        for key, part in value.items():
            if key == "env_vars" and part:
                yield part
            yield from _environment(part)
    elif isinstance(value, list):
        for part in value:
            yield from _environment(part)


def still_fits(found: wire.Instance, made: Iterable[Request]) -> None:
    """Whether all is as the plan found it or as it made it; else this write would undo somebody else's.

    Raises:
        Stale: when it is neither.
    """
    now = {**found.configs(), "target_capacity": found.target_capacity}
    changed: set[str] = set()
    for request in made:
        told = json.loads(request.body)
        known = {one["name"]: one for one in told["applications"]} | {"target_capacity": told.get("target_capacity")}
        changed = {name for name in now.keys() | known.keys() if now.get(name) != known.get(name)}
        if not changed:
            return
    names = ", ".join(sorted(changed))[:200]
    raise Stale(f"changed since this was planned, and this write would undo it: {names}")


def changed_deployment(config: Config, deployment: str, options: Mapping[str, Any]) -> Config:
    """The configuration with these options for that deployment, and nothing else changed."""
    copied = copy.deepcopy(config)
    entries: list[Config] = copied.setdefault("deployments", [])
    entry = next((one for one in entries if one.get("name") == deployment), None)
    if entry is None:
        entry = {"name": deployment}
        entries.append(entry)
    entry.update(options)
    return copied


def own_options(config: Config, deployment: str) -> Config:
    """What the configuration itself says of a deployment."""
    entries = config.get("deployments") or ()
    return next((one for one in entries if one.get("name") == deployment), {})


def at_most(deployment: wire.Deployment, own: Config, most: int) -> Config:
    """The options that let no more replicas run; nothing where that is so already. A limit is only lowered."""
    least, now = deployment.bounds
    if now <= most:
        return {}
    scaling = deployment.options.get("autoscaling_config")
    if not isinstance(scaling, dict):
        return {"num_replicas": most}
    told = own.get("autoscaling_config") or {key: value for key, value in scaling.items() if value is not None}
    limited = {**told, "min_replicas": min(least, most), "max_replicas": most}
    if limited.get("initial_replicas"):
        limited["initial_replicas"] = min(limited["initial_replicas"], most)
    return {"autoscaling_config": limited}
