"""Services such as the example files describe, as sites for `adapters.simulator`: flags, firewall, gateway, bans."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Literal
from urllib.parse import unquote

from adapters.simulator import Answer, Incoming

ADMIN: Final = "practice-http-admin"
CALLER: Final = "practice-http-caller"
_UNKNOWN: Final = Answer(status=404, body={"error": {"code": "not_found"}})
_DENIED: Final = Answer(status=401, body={"error": {"code": "bad_credential"}})
_FORBIDDEN: Final = Answer(status=403, body={"error": {"code": "account_banned"}})

Handler = Callable[["HttpSite", Incoming, list[str], float], Answer]


@dataclass(slots=True)
class Rows:
    """What the services hold, each under the names its example uses."""

    flags: dict[str, dict[str, Any]] = field(
        default_factory=lambda: {
            "tools": {"key": "tools", "title": "Assistant tools", "model": "atlas", "enabled": True},
            "browse/2": {"key": "browse/2", "title": "Browsing", "model": "atlas", "enabled": True},
        }
    )
    blocked: list[str] = field(default_factory=lambda: ["198.51.100.7"])
    consumers: dict[str, int | None] = field(default_factory=lambda: {"shop": 600, "batch": None})
    accounts: dict[str, str] = field(default_factory=lambda: {"u-1": "Account one", "u-2": "Account two"})
    bans: dict[str, dict[str, Any]] = field(default_factory=dict[str, dict[str, Any]])
    bites: dict[str, float] = field(default_factory=dict[str, float])


class HttpSite:
    """One of the services: `kind_of` is the name of its example file. The caller is `shop`, or the account `u-1`."""

    def __init__(self, kind_of: Literal["flags", "firewall", "gateway", "bans"]) -> None:
        self._handler = _HANDLERS[kind_of]
        self.state = Rows()

    def kind(self, incoming: Incoming) -> Literal["read", "write", "call"]:
        """What a product's client or caller asks is a call."""
        if incoming.path.startswith(("/client/", "/v1/complete", "/session")):
            return "call"
        return "read" if incoming.method == "GET" else "write"

    def handle(self, incoming: Incoming, enforce_lag_s: float) -> Answer:
        """Answer as the service would; only the client's view of flags and the health need no credential."""
        # a step may hold an encoded slash, so each is decoded by itself
        steps = [unquote(step) for step in incoming.target.partition("?")[0].split("/") if step]
        if self.kind(incoming) != "call":
            given = incoming.headers.get("x-api-key") or incoming.bearer
            if given != ADMIN:
                return _DENIED
        return self._handler(self, incoming, steps, incoming.at_s + enforce_lag_s)


def _flags(site: HttpSite, incoming: Incoming, steps: list[str], bites_s: float) -> Answer:
    flags, bites = site.state.flags, site.state.bites
    match incoming.method, steps:
        case "GET", ["api", "projects", "alpha", "flags"]:
            return Answer(body={"flags": list(flags.values())})
        case "GET", ["api", "projects", "alpha", "flags", key] if key in flags:
            return Answer(body=flags[key])
        case "PATCH", ["api", "projects", "alpha", "flags", key] if key in flags:
            flags[key]["enabled"] = bool(incoming.json().get("enabled"))
            bites[key] = bites_s
            return Answer(body=flags[key])
        case "GET", ["client", "alpha", key] if key in flags:
            off = not flags[key]["enabled"] and incoming.at_s >= bites.get(key, 0.0)
            return Answer(body={"enabled": not off})
        case _:
            return _UNKNOWN


def _firewall(site: HttpSite, incoming: Incoming, steps: list[str], _bites_s: float) -> Answer:
    blocked = site.state.blocked
    match incoming.method, steps:
        case "GET", ["v1", "zones", "z-1"]:
            return Answer(body={"zone": {"id": "z-1", "status": "active"}})
        case "GET", ["v1", "zones", "z-1", "lists", "blocked"]:
            return Answer(body={"items": blocked})
        case "PUT", ["v1", "zones", "z-1", "lists", "blocked", "items", address]:
            blocked[:] = [*(item for item in blocked if item != address), address]
            return Answer(status=204)
        case "DELETE", ["v1", "zones", "z-1", "lists", "blocked", "items", address] if address in blocked:
            blocked.remove(address)
            return Answer(status=204)
        case _:
            return _UNKNOWN


def _gateway(  # noqa: PLR0911  one answer for each route
    site: HttpSite, incoming: Incoming, steps: list[str], bites_s: float
) -> Answer:
    consumers, bites = site.state.consumers, site.state.bites
    match incoming.method, steps:
        case "GET", ["admin", "routes"]:
            return Answer(body={"routes": [{"name": "chat", "model": "atlas", "enabled": True}]})
        case "GET", ["admin", "consumers", name] if name in consumers:
            return Answer(body={"name": f"Consumer {name}", "limits": {"per_minute": consumers[name]}})
        case "PUT", ["admin", "consumers", name, "limits"] if name in consumers:
            consumers[name] = incoming.json().get("per_minute")
            bites[name] = bites_s
            return Answer(body={"per_minute": consumers[name]})
        case "POST", ["v1", "complete"]:
            if incoming.bearer != CALLER:
                return _DENIED
            if consumers["shop"] == 0 and incoming.at_s >= bites.get("shop", 0.0):
                return Answer(status=429, body={"error": {"code": "rate_limited"}}, headers={"retry-after": "60"})
            return Answer(body={"answer": "pong"})
        case _:
            return _UNKNOWN


def _bans(  # noqa: PLR0911  one answer for each route
    site: HttpSite, incoming: Incoming, steps: list[str], bites_s: float
) -> Answer:
    rows = site.state
    match incoming.method, steps:
        case "GET", ["health"]:
            return Answer(body={"status": "up"})
        case "GET", ["accounts", account] if account in rows.accounts:
            return Answer(body={"display_name": rows.accounts[account]})
        case "GET", ["bans", account] if account in rows.bans:
            return Answer(body=rows.bans[account])
        case "PUT", ["bans", account] if account in rows.accounts:
            rows.bans[account] = {"active": True, "reason": incoming.json().get("reason")}
            rows.bites[account] = bites_s
            return Answer(status=201, body=rows.bans[account])
        case "DELETE", ["bans", account] if account in rows.bans:
            del rows.bans[account]
            return Answer(status=204)
        case "GET", ["session"]:
            if incoming.bearer != CALLER:
                return _DENIED
            banned = "u-1" in rows.bans and incoming.at_s >= rows.bites.get("u-1", 0.0)
            return _FORBIDDEN if banned else Answer(body={"account": "u-1"})
        case _:
            return _UNKNOWN


_HANDLERS: Mapping[str, Handler] = {"flags": _flags, "firewall": _firewall, "gateway": _gateway, "bans": _bans}
