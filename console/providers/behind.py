"""An adapter behind the console's own guard, its connections led through a network that misbehaves: for the kit alone.

Nothing of the guard is replaced but where a connection goes.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final, cast

import httpcore

from adapters.access import Proves
from adapters.conformance.lent import Lent
from adapters.conformance.standin import Dial
from adapters.contract import Adapter, Manifest
from console.providers.instance import Instance
from console.providers.plane import Plane
from console.providers.wire import Wire
from console.runtime.clock import SystemClock

_STEP: Final = 20  # a step may take as long as so many calls


def behind(adapter: Adapter, lent: Lent, dial: Dial, deadline_s: float) -> Plane:
    """The adapter as the console runs it, with what the kit's context lends."""
    instance = Instance(
        id="g-" + "0" * 26, adapter=adapter.manifest.name, name="trial", settings={}, probe_credentials=lent.callers
    )
    made = Plane(
        instance, adapter, _Given(lent, adapter.manifest), SystemClock(), world="real",
        call_deadline_s=deadline_s, step_deadline_s=_STEP * deadline_s,
    )  # fmt: skip
    made.wire = Wire(adapter.access().tls if isinstance(adapter, Proves) else None, network=Detour(dial))
    return made


class _Given:
    """The context's secrets by the names that the adapter has for them."""

    def __init__(self, lent: Lent, manifest: Manifest) -> None:
        self._secrets = dict(lent.secrets)
        own = next(iter(self._secrets.values()), None)
        for name in (*list(manifest.secrets)[:1], *([] if lent.aws is None else [lent.aws.secret])):
            if own is not None:
                self._secrets.setdefault(name, own)

    def get(self, name: str) -> str | None:
        return self._secrets.get(name.partition("/")[2])


class Detour(httpcore.AsyncNetworkBackend):
    """Connections that lead where they are told to. Names, certificates and headers stay those of the address."""

    def __init__(self, dial: Dial) -> None:
        self._dial = dial
        self._plain = cast("httpcore.AsyncNetworkBackend", httpcore.AnyIOBackend())

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,  # noqa: ASYNC109  httpcore's own signature
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        """To where it leads."""
        to_host, to_port = self._dial(host, port)
        return await self._plain.connect_tcp(to_host, to_port, timeout, local_address, socket_options)

    async def sleep(self, seconds: float) -> None:
        """Wait."""
        await self._plain.sleep(seconds)
