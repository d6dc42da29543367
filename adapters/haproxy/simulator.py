"""An HAProxy as the adapter sees it: a frontend over HTTP and a runtime socket beside it, with 2.6.12's sentences.

It has the rules of this folder's README. It must never be given a real key: what reaches it is kept in its log.
"""

from __future__ import annotations

import socketserver
import threading
from collections.abc import Sequence
from dataclasses import dataclass, field
from types import TracebackType
from typing import Literal, Self

from adapters.simulator import Answer, Incoming, Simulator

_COLUMNS = "be_id be_name srv_id srv_name srv_addr srv_op_state srv_admin_state srv_uweight"
_ADMIN = {"ready": 0, "maint": 1, "drain": 8}


def _page(status: int, title: str, text: str) -> Answer:
    page = f"<html><body><h1>{status} {title}</h1>\n{text}\n</body></html>\n"
    return Answer(status=status, body=page.encode())


@dataclass(slots=True)
class Rows:
    """What the socket may change: maps by path, in order, with doubles; servers by name, as (runs, state).

    `sessions` counts what runs at each server, `cookies` is by what a caller is bound to one; only `shutdown sessions`
    and a test change them.
    """

    maps: dict[str, list[tuple[str, str]]]
    servers: dict[str, tuple[bool, str]] = field(default_factory=dict[str, tuple[bool, str]])
    sessions: dict[str, int] = field(default_factory=dict[str, int])
    level: str = "admin"
    cookies: dict[str, str] = field(default_factory=dict[str, str])

    def get(self, path: str, key: str) -> str | None:
        """The first value of a key."""
        return next((value for held, value in self.maps.get(path, []) if held == key), None)


class HAProxySite:
    """A frontend with a map of blocked callers, one of limits, one of modes, and servers behind it."""

    def __init__(self, block: str, rate: str, mode: str, servers: Sequence[str] = ("m1",), backend: str = "be") -> None:
        self._block, self._rate, self._mode, self._backend = block, rate, mode, backend
        self.state = Rows({path: [] for path in (block, rate, mode)}, dict.fromkeys(servers, (True, "ready")))

    def kind(self, incoming: Incoming) -> Literal["read", "write", "call"]:  # noqa: ARG002  every one is a caller's
        """Everything over HTTP is a caller's call."""
        return "call"

    def handle(self, incoming: Incoming, enforce_lag_s: float) -> Answer:  # noqa: ARG002  it bites at once
        """Answer as the frontend would."""
        rows, caller = self.state, incoming.bearer or ""
        if rows.get(self._mode, "global") == "stopped" or not any(
            runs and state == "ready" for runs, state in rows.servers.values()
        ):
            return _page(503, "Service Unavailable", "No server is available to handle this request.")
        if rows.get(self._block, caller) is not None:
            return _page(403, "Forbidden", "Request forbidden by administrative rules.")
        if rows.get(self._rate, caller) == "0":
            return Answer(status=429, body=b"", headers={"retry-after": "10"})  # a rule with `hdr` sends no page
        return Answer(body={"live": True})

    def say(self, line: str) -> str:
        """What the socket answers to one line, whose commands are parted by semicolons."""
        return "".join(f"{self._one(command.split())}\n" for command in line.strip().split(";"))

    def _one(self, words: list[str]) -> str:  # noqa: PLR0911  one return for each command it knows
        match words:
            case ["show", "cli", "level"]:
                return f"{self.state.level}\n"
            case ["shutdown", *_] | ["set", "server", *_] if self.state.level != "admin":
                return "Permission denied\n"
            case ["show", "info"]:
                return "Name: HAProxy\nVersion: 2.6.12-simulated\n"
            case ["show", "servers", "state", backend]:
                return self._servers() if backend == self._backend else "Can't find backend.\n"
            case ["show", "stat", backend, "4", "-1"]:
                return self._sessions() if backend == self._backend else "Proxy not found.\n"
            case ["shutdown", "sessions", "server", place]:
                return self._shut_down(place)
            case ["set", "server", place, "state", state]:
                return self._set_server(place, state)
            case [("get" | "add" | "del") as verb, "map", path, key, *value]:
                if path not in self.state.maps:
                    return "Unknown map identifier. Please use #<id> or <file>.\n"
                return self._map(verb, path, key, value)
            case _:
                return "Unknown command, but maybe one of the following ones is a better match:\n"

    def _map(self, verb: str, path: str, key: str, value: list[str]) -> str:
        rows = self.state.maps[path]
        if verb == "add":
            rows.append((key, " ".join(value)))
            return ""
        if verb == "del":
            kept = [row for row in rows if row[0] != key]
            self.state.maps[path] = kept
            return "" if len(kept) < len(rows) else "Key not found.\n"
        found = self.state.get(path, key)
        if found is None:
            return "type=str, case=sensitive, found=no\n"
        return f'type=str, case=sensitive, found=yes, idx=tree, key="{key}", value="{found}", type="str"\n'

    def _servers(self) -> str:
        lines = [
            f"3 {self._backend} {number} {name} 127.0.0.1 {2 if runs else 0} {_ADMIN[state]} 1"
            for number, (name, (runs, state)) in enumerate(self.state.servers.items(), 1)
        ]
        return "\n".join(["1", f"# {_COLUMNS}", *lines, ""])

    def _sessions(self) -> str:
        rows = self.state
        lines = [
            f"{self._backend},{name},0,0,{rows.sessions.get(name, 0)},1,{rows.cookies.get(name, '')},"
            for name in rows.servers
        ]
        return "\n".join(["# pxname,svname,qcur,qmax,scur,smax,cookie,", *lines, ""])

    def _shut_down(self, place: str) -> str:
        backend, _, name = place.partition("/")
        if backend != self._backend or name not in self.state.servers:
            return "No such server.\n"
        self.state.sessions.pop(name, None)
        return ""

    def _set_server(self, place: str, state: str) -> str:
        backend, _, name = place.partition("/")
        if backend != self._backend or name not in self.state.servers:
            return "No such server.\n"
        self.state.servers[name] = (self.state.servers[name][0], state)
        return ""


class RuntimeSocket:
    """The runtime socket of a simulated HAProxy, at a path of its own. A context manager; it keeps what was said."""

    def __init__(self, simulator: Simulator, site: HAProxySite, path: str) -> None:
        self.path = path
        self.said: list[str] = []
        self._simulator = simulator
        self._site = site
        self._server = socketserver.UnixStreamServer(path, self._handler())
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,), name="haproxy-socket")

    def answer(self, line: str) -> str:
        """What is said to one line. Under the simulator's lock, so that a caller sees a change whole."""
        answers: list[str] = []
        self._simulator.poke(lambda _rows: answers.append(self._site.say(line)))
        self.said.append(line.strip())
        return "".join(answers)

    def _handler(self) -> type[socketserver.StreamRequestHandler]:
        ours = self

        class Line(socketserver.StreamRequestHandler):
            def handle(self) -> None:
                self.wfile.write(ours.answer(self.rfile.readline().decode()).encode())

        return Line

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join(timeout=60)
