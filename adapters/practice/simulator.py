"""The practice estate as real HTTP servers on loopback: two gateways, a model server, a slow cloud surface.

`python -m adapters.practice.simulator --json` runs it as a child process and prints where everything is. Every token in
it starts with `practice-`; a call with any other token is refused. It must never leave loopback.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import signal
import sys
import threading
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any, Literal, Self

from adapters.simulator import FAULTS, Answer, Incoming, Simulator, Site

ADMIN_TOKEN = "practice-admin"  # noqa: S105  practice tokens are public by design
CONTROL_TOKEN = "practice-control"  # noqa: S105  as above
UNLOADS_WITHIN_S = 1.0
MINUTE_S = 60.0
Part = Literal["gateway", "model-server", "cloud"]
Kind = Literal["read", "write", "call"]
_NOT_FOUND = Answer(status=404, body={"error": {"type": "not-found"}})
_NO_TOKEN = Answer(status=401, body={"error": {"type": "unauthenticated"}})


@dataclass(slots=True)
class Lagging:
    """A value that is recorded at once and bites later. Times are the simulator's monotonic seconds."""

    recorded: Any
    biting: Any
    bites_at_s: float = 0.0

    def write(self, value: Any, now_s: float, lag_s: float) -> bool:  # noqa: ANN401  any JSON value
        """Record; it bites after the lag. Whether that changed the record."""
        self.effective(now_s)
        changed = bool(self.recorded != value)
        if changed:
            self.recorded, self.bites_at_s = value, now_s + lag_s
        return changed

    def effective(self, now_s: float) -> Any:  # noqa: ANN401  any JSON value
        """What bites now."""
        if now_s >= self.bites_at_s:
            self.biting = self.recorded
        return self.biting


def _lagging(value: Any) -> Lagging:  # noqa: ANN401  any JSON value
    return Lagging(value, value)


@dataclass(slots=True)
class Work:
    """Work in flight: so much of it runs, and each piece ends `each_s` after the one before, once no new one comes."""

    count: int = 0
    each_s: float = 20.0
    ending_since_s: float | None = None

    def close(self, now_s: float, *, closed: bool) -> None:
        """No new piece comes from now on; or new ones come again."""
        if closed and self.ending_since_s is None:
            self.ending_since_s = now_s
        elif not closed:
            self.count, self.ending_since_s = self.now(now_s), None

    def now(self, now_s: float) -> int:
        """How much runs now."""
        if self.ending_since_s is None:
            return self.count
        return max(0, self.count - int((now_s - self.ending_since_s) / self.each_s))


@dataclass(slots=True)
class CallerKey:
    """A caller's key."""

    id: str
    name: str
    token: str
    blocked: Lagging = field(default_factory=lambda: _lagging(value=False))
    rpm: Lagging = field(default_factory=lambda: _lagging(None))
    calls_at_s: list[float] = field(default_factory=list[float])
    asked: int = 0
    served: int = 0
    streams: Work = field(default_factory=Work)
    users: int = 1


class _Admin(ABC):
    """What the four sites share: who may administer, and which requests are what."""

    def kind(self, incoming: Incoming) -> Kind:
        """Administrators' paths start with /admin/."""
        if not incoming.path.startswith("/admin/"):
            return "call"
        return "read" if incoming.method == "GET" else "write"

    def handle(self, incoming: Incoming, enforce_lag_s: float) -> Answer:
        """Check the administrator's token, then answer."""
        if self.kind(incoming) == "call":
            return self.call(incoming)
        if incoming.bearer != ADMIN_TOKEN:
            return _NO_TOKEN
        steps = [step for step in incoming.path.split("/") if step][1:]
        return self.admin(incoming, steps, enforce_lag_s)

    @abstractmethod
    def admin(self, incoming: Incoming, steps: list[str], lag_s: float) -> Answer:
        """An administrator's read or write."""

    @abstractmethod
    def call(self, incoming: Incoming) -> Answer:
        """A user's call."""


class Gateway(_Admin):
    """A gateway: its keys can be blocked or slowed; both bite after `lag_s`."""

    part: Part = "gateway"

    def __init__(self, name: str, model: str, keys: Sequence[tuple[str, str]], *, lag_s: float) -> None:
        self.name, self.model, self.lag_s = name, model, lag_s
        self.state = {key: CallerKey(key, title, f"practice-{name}-{key}") for key, title in keys}

    def admin(self, incoming: Incoming, steps: list[str], lag_s: float) -> Answer:
        """Keys: list, read, block, unblock, stop their streams, limit."""
        match incoming.method, steps:
            case "GET", ["keys"]:
                keys = [self._shown(key, incoming.at_s) for key in self.state.values()]
                return Answer(body={"gateway": self.name, "model": self.model, "keys": keys})
            case "GET", ["keys", name] if name in self.state:
                return Answer(body=self._shown(self.state[name], incoming.at_s))
            case "POST", ["keys", name, verb] if name in self.state:
                return self._write(self.state[name], verb, incoming, self.lag_s + lag_s)
            case _:
                return _NOT_FOUND

    def _write(self, key: CallerKey, verb: str, incoming: Incoming, lag_s: float) -> Answer:
        match verb:
            case "block" | "unblock":
                changed = key.blocked.write(verb == "block", incoming.at_s, lag_s)
                key.streams.close(incoming.at_s, closed=verb == "block")
            case "stop":
                changed = key.streams.now(incoming.at_s) > 0
                key.streams.count = 0
            case "limit":
                rpm = incoming.json().get("rpm")
                if rpm is not None and (not isinstance(rpm, int) or isinstance(rpm, bool) or rpm < 0):
                    return Answer(status=400, body={"error": {"type": "bad-limit"}})
                changed = key.rpm.write(rpm, incoming.at_s, lag_s)
            case _:
                return _NOT_FOUND
        return Answer(body={"changed": changed}, headers={"x-request-id": f"{self.name}-{incoming.at_s:.6f}"})

    def _shown(self, key: CallerKey, now_s: float) -> dict[str, Any]:
        return {
            "id": key.id, "name": key.name, "model": self.model,
            "blocked": key.blocked.recorded, "rpm": key.rpm.recorded, "asked": key.asked, "served": key.served,
            "streams": key.streams.now(now_s), "users": key.users,
        }  # fmt: skip

    def call(self, incoming: Incoming) -> Answer:
        """A chat call as a key: 401 when blocked, 429 above its limit."""
        key = next((key for key in self.state.values() if key.token == incoming.bearer), None)
        if incoming.path != "/v1/chat/completions":
            return _NOT_FOUND
        if key is None:
            return _NO_TOKEN
        key.asked += 1
        if key.blocked.effective(incoming.at_s):
            return Answer(status=401, body={"error": {"type": "key-blocked"}})
        rpm = key.rpm.effective(incoming.at_s)
        key.calls_at_s = [at_s for at_s in key.calls_at_s if at_s > incoming.at_s - MINUTE_S]
        if rpm is not None and len(key.calls_at_s) >= rpm:
            return Answer(status=429, body={"error": {"type": "rate-limited"}}, headers={"retry-after": "60"})
        key.calls_at_s.append(incoming.at_s)
        key.served += 1
        return Answer(body={"model": self.model, "choices": [{"message": {"role": "assistant", "content": "ok"}}]})


@dataclass(slots=True)
class Served:
    """A model in the model server. `leaves_at_s` is when an unload is finished."""

    name: str
    title: str
    loaded: bool = True
    leaves_at_s: float = 0.0
    jobs: Work = field(default_factory=Work)


class ModelServer(_Admin):
    """A model server: unloading answers at once and takes a while."""

    part: Part = "model-server"

    def __init__(self, name: str, models: Sequence[tuple[str, str]], *, unload_s: float) -> None:
        self.name, self.unload_s = name, unload_s
        self.state = {model: Served(model, title) for model, title in models}

    def admin(self, incoming: Incoming, steps: list[str], lag_s: float) -> Answer:
        """Models: list, unload, load."""
        match incoming.method, steps:
            case "GET", ["models"]:
                return Answer(body={"models": [self._shown(model, incoming.at_s) for model in self.state.values()]})
            case "POST", ["models", name, ("load" | "unload") as verb] if name in self.state:
                model = self.state[name]
                changed = model.loaded != (verb == "load")
                if changed:
                    model.loaded = verb == "load"
                    model.leaves_at_s = incoming.at_s + self.unload_s + lag_s
                    model.jobs.close(incoming.at_s, closed=verb == "unload")
                return Answer(body={"changed": changed})
            case _:
                return _NOT_FOUND

    def _shown(self, model: Served, now_s: float) -> dict[str, Any]:
        gone = "UNLOADING" if now_s < model.leaves_at_s else "UNAVAILABLE"
        state, jobs = "READY" if model.loaded else gone, model.jobs.now(now_s)
        return {"name": model.name, "title": model.title, "state": state, "jobs": jobs}

    def call(self, incoming: Incoming) -> Answer:
        """An inference: 404 once the model has left."""
        match [step for step in incoming.path.split("/") if step]:
            case ["v1", "models", name, "infer"] if name in self.state:
                model = self.state[name]
                if model.loaded or incoming.at_s < model.leaves_at_s:
                    return Answer(body={"model": name, "output": "ok"})
                return Answer(status=404, body={"error": {"type": "model-unavailable"}})
            case _:
                return _NOT_FOUND


@dataclass(slots=True)
class Deployed:
    """A deployment."""

    id: str
    name: str
    model: str
    paused: Lagging = field(default_factory=lambda: _lagging(value=False))
    batches: int = 0


class Cloud(_Admin):
    """A cloud surface: a pause is recorded at once and bites late."""

    part: Part = "cloud"

    def __init__(self, name: str, deployments: Sequence[tuple[str, str, str]], *, lag_s: float) -> None:
        self.name, self.lag_s = name, lag_s
        self.caller_token = f"practice-{name}-caller"
        self.state = {key: Deployed(key, title, model) for key, title, model in deployments}

    def admin(self, incoming: Incoming, steps: list[str], lag_s: float) -> Answer:
        """Deployments: list, read, pause, resume."""
        match incoming.method, steps:
            case "GET", ["deployments"]:
                return Answer(body={"deployments": [self._shown(found) for found in self.state.values()]})
            case "GET", ["deployments", name] if name in self.state:
                return Answer(body=self._shown(self.state[name]))
            case "POST", ["deployments", name, ("pause" | "resume") as verb] if name in self.state:
                changed = self.state[name].paused.write(verb == "pause", incoming.at_s, self.lag_s + lag_s)
                return Answer(body={"changed": changed})
            case _:
                return _NOT_FOUND

    def _shown(self, found: Deployed) -> dict[str, Any]:
        """Its batches run on whatever is done: nothing here can end them."""
        state, batches = "paused" if found.paused.recorded else "running", found.batches
        return {"id": found.id, "name": found.name, "model": found.model, "state": state, "batches": batches}

    def call(self, incoming: Incoming) -> Answer:
        """A call to a deployment: 403 once the pause bites."""
        if incoming.bearer != self.caller_token:
            return _NO_TOKEN
        match [step for step in incoming.path.split("/") if step]:
            case ["deployments", name, "chat"] if name in self.state:
                if self.state[name].paused.effective(incoming.at_s):
                    return Answer(status=403, body={"error": {"type": "deployment-paused"}})
                return Answer(body={"model": self.state[name].model, "output": "ok"})
            case _:
                return _NOT_FOUND


class Estate:
    """The whole practice estate, running. A context manager. Lags are seconds."""

    def __init__(
        self,
        *,
        gateway_lag_s: float = 2.0,
        cloud_lag_s: float = 6.0,
        unload_s: float = UNLOADS_WITHIN_S,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        east = [("key-research", "Research assistant"), ("key-shop", "Shop chat"), ("key-canary", "Canary")]
        west = [("key-partner", "Partner integration"), ("key-batch", "Night batch"), ("key-canary", "Canary")]
        cloud = [("deploy-main", "Main deployment", "atlas-large"), ("deploy-trial", "Trial deployment", "atlas-small")]
        self.sites: dict[str, Gateway | ModelServer | Cloud] = {
            "gateway-east": Gateway("gateway-east", "atlas-large", east, lag_s=gateway_lag_s),
            "gateway-west": Gateway("gateway-west", "atlas-large", west, lag_s=gateway_lag_s),
            "model-server": ModelServer("model-server", _MODELS, unload_s=unload_s),
            "cloud": Cloud("cloud", cloud, lag_s=cloud_lag_s),
        }
        self._begin_work()
        self.simulators = {name: Simulator(site, name=name, monotonic=monotonic) for name, site in self.sites.items()}

    def _begin_work(self) -> None:
        """Something runs at each kind of place, so that a block on new calls can be seen to leave it."""
        for site in self.sites.values():
            if isinstance(site, Gateway):
                for key, streams, users in _AT_WORK:
                    if key in site.state:
                        site.state[key].streams.count, site.state[key].users = streams, users
            elif isinstance(site, ModelServer):
                site.state["atlas-large"].jobs.count = 2
            else:
                site.state["deploy-main"].batches = 4

    def __enter__(self) -> Self:
        for simulator in self.simulators.values():
            simulator.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for simulator in self.simulators.values():
            simulator.close()

    def instances(self) -> list[dict[str, Any]]:
        """What a console needs to add the estate: for each part its settings, secrets and probe credentials."""
        return [
            {
                "name": name,
                "adapter": "practice",
                "settings": {"base_url": simulator.url, "part": self.sites[name].part},
                "secrets": {"admin": ADMIN_TOKEN, **_tokens(self.sites[name])},
                "probe_credentials": {selector: selector for selector in _tokens(self.sites[name])},
                "selectors": sorted(self.sites[name].state),
            }
            for name, simulator in self.simulators.items()
        ]


_AT_WORK = (("key-research", 3, 12), ("key-shop", 0, 340), ("key-partner", 0, 58), ("key-batch", 1, 1))
_MODELS = (("atlas-large", "Atlas large"), ("atlas-small", "Atlas small"))


def _tokens(site: Gateway | ModelServer | Cloud) -> dict[str, str]:
    """Callers' tokens by what they select."""
    if isinstance(site, Gateway):
        return {key.id: key.token for key in site.state.values()}
    if isinstance(site, Cloud):
        return dict.fromkeys(site.state, site.caller_token)
    return {}


class Control:
    """A site through which another process switches the estate's faults: POST /fault, /clear, /drift; GET /state."""

    state: Any = None

    def __init__(self, estate: Estate) -> None:
        self._estate = estate

    def kind(self, incoming: Incoming) -> Kind:
        """A control request is never a fault's business."""
        return "read" if incoming.method == "GET" else "write"

    def handle(self, incoming: Incoming, enforce_lag_s: float) -> Answer:  # noqa: ARG002  a control has no lag
        """Do what is asked; answer what is on now."""
        if incoming.bearer != CONTROL_TOKEN:
            return _NO_TOKEN
        asked = incoming.json()
        names = [asked["site"]] if asked.get("site") else list(self._estate.simulators)
        if any(name not in self._estate.simulators for name in names):
            return _NOT_FOUND
        try:
            for name in names:
                self._do(incoming.path, self._estate.simulators[name], asked)
        except (ValueError, KeyError, TypeError) as fault:
            return Answer(status=400, body={"error": str(fault)})
        return Answer(body={name: simulator.faults() for name, simulator in self._estate.simulators.items()})

    def _do(self, path: str, simulator: Simulator, asked: dict[str, Any]) -> None:
        match path:
            case "/fault":
                times = asked.get("times")
                simulator.switch(
                    asked["fault"], on=asked.get("on", "all"), seconds=float(asked.get("seconds", 1.0)),
                    times=None if times is None else int(times),
                )  # fmt: skip
            case "/clear":
                simulator.clear(asked.get("fault"))
            case "/drift":
                simulator.poke(lambda state: _undo(state[asked["selector"]]))
            case "/state":
                pass
            case _:
                raise ValueError(f"no such control: {path}")


def _undo(item: CallerKey | Served | Deployed) -> None:
    """Take back what a correction did, at once, as another administrator would."""
    if isinstance(item, CallerKey):
        item.blocked, item.rpm = _lagging(value=False), _lagging(None)
    elif isinstance(item, Served):
        item.loaded = True
    else:
        item.paused = _lagging(value=False)


def control(estate: Estate) -> Simulator:
    """The control endpoint of a running estate, not yet started."""
    site: Site = Control(estate)
    return Simulator(site, name="control")


def _main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description="Run the practice estate on loopback until interrupted.")
    parser.add_argument("--json", action="store_true", help="print where everything is as one line of JSON")
    parser.add_argument("--gateway-lag-s", type=float, default=2.0, help="seconds until a gateway's write bites")
    parser.add_argument("--cloud-lag-s", type=float, default=6.0, help="seconds until a pause bites")
    parser.add_argument("--unload-s", type=float, default=UNLOADS_WITHIN_S, help="seconds an unload takes")
    parser.add_argument("--until-stdin-closes", action="store_true", help="end with the process that started it")
    asked = parser.parse_args(arguments)
    ended = threading.Event()

    def end(number: int, frame: object) -> None:  # noqa: ARG001  what signals are handed
        ended.set()

    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, end)
    lags = {"gateway_lag_s": asked.gateway_lag_s, "cloud_lag_s": asked.cloud_lag_s, "unload_s": asked.unload_s}
    with Estate(**lags) as estate, control(estate) as switches:
        where = {
            "control": {"url": switches.url, "token": CONTROL_TOKEN, "faults": list(FAULTS)},
            "instances": estate.instances(),
        }
        text = json.dumps(where) if asked.json else json.dumps(where, indent=1)
        sys.stdout.write(text + "\n")
        sys.stdout.flush()
        if asked.until_stdin_closes:
            with contextlib.suppress(OSError, ValueError):
                sys.stdin.read()
        else:
            ended.wait()  # without end: it serves until whoever began it ends it
    return 0


if __name__ == "__main__":
    raise SystemExit(_main())
