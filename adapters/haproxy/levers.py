"""What can be pulled at an HAProxy: its settings, which name the socket and the map files, and its levers."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator

from adapters.contract import Lever
from adapters.forms import NoParams, safe_address


class Settings(BaseModel):
    """Where callers reach the proxy, and what of it is on this machine."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    base_url: str = Field(title="Address", description="where callers reach it: https, or http on this machine")
    socket: str = Field(title="Runtime socket", description="a path, or 127.0.0.1:PORT; level admin")
    backend: str = Field(pattern=r"^[A-Za-z0-9_.:-]{1,64}$", title="Backend", description="as haproxy.cfg names it")
    model: str = Field(default="", max_length=200, title="Model", description="what stands behind that backend")
    block_map: str = Field(default="", title="Map of blocked callers", description="the path in haproxy.cfg")
    rate_map: str = Field(default="", title="Map of limits", description="the path in haproxy.cfg")
    mode_map: str = Field(default="", title="Map of modes", description="the path in haproxy.cfg")
    write_files: bool = Field(
        default=True, title="Write the map files too", description="without, a reload forgets every block"
    )
    probe_path: str = Field(default="/", title="Path to try", description="one that answers GET to every caller")

    @field_validator("base_url")
    @classmethod
    def _safe(cls, value: str) -> str:
        return safe_address(value, "https://models.example", "show a caller's key to the network")

    @field_validator("socket")
    @classmethod
    def _local(cls, value: str) -> str:
        port = value.removeprefix("127.0.0.1:")
        if not value.startswith("/") and not (port != value and port.isdigit()):
            raise ValueError("expected a path on this machine, or 127.0.0.1 and a port")
        return value

    @field_validator("block_map", "rate_map", "mode_map", "probe_path")
    @classmethod
    def _plain(cls, value: str) -> str:
        if value and (not value.startswith("/") or not value.isprintable() or not value.isascii() or " " in value):
            raise ValueError("expected a path that begins with a slash and holds no space")
        if ";" in value or "\\" in value:
            raise ValueError("expected a path without ; and \\")
        return value


class RunningParams(NoParams):
    """What becomes of calls that run already."""

    running: Literal["finish", "stop"] = Field(
        default="finish", title="Sessions that run already", description="let them finish, or stop them"
    )


class RateParams(NoParams):
    """A limit. `rate` is requests in the window that haproxy.cfg counts by; 0 stops all."""

    rate: int = Field(ge=0, le=1_000_000, title="Requests in the proxy's window")


BLOCK = Lever(
    name="caller.block", title="Block a caller", category="user", selector="caller", wide=False,
    idempotency="desired-state", reversal="exact", reach="everyone", propagation_s=2, read_back_lag_s=2,
    probe="credential", partial_sibling="caller.rate", proven=True, params=NoParams,
)  # fmt: skip
RATE = Lever(
    name="caller.rate", title="Slow a caller down", category="frequency", selector="caller", wide=False,
    idempotency="desired-state", reversal="exact", reach="everyone", propagation_s=2, read_back_lag_s=2,
    probe="credential", proven=True, params=RateParams,
)  # fmt: skip
STOP = Lever(
    name="traffic.stop", title="Stop all traffic", category="shutdown", selector="backend", wide=True,
    idempotency="desired-state", reversal="exact", reach="everyone", propagation_s=2, read_back_lag_s=2,
    probe="client-view", partial_sibling="caller.block", proven=True, params=RunningParams,
)  # fmt: skip
DRAIN = Lever(
    name="servers.drain", title="Drain every server", category="shutdown", selector="backend", wide=True,
    idempotency="desired-state", reversal="exact", reach="everyone", propagation_s=5, read_back_lag_s=2,
    probe="client-view", partial_sibling="caller.block", proven=True, params=RunningParams,
)  # fmt: skip
LEVERS = (BLOCK, RATE, STOP, DRAIN)
