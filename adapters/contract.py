"""What an adapter is: the one page a stranger needs to write one.

An adapter speaks about a provider's control plane. It never opens a socket, waits, reads a secret or tells the time:
the console's context does, so that no plug-in can get deadlines, hosts, secrets or lost answers wrong.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar, Literal, Protocol, runtime_checkable

from pydantic import BaseModel

CONTRACT_VERSION = 1

Category = Literal["user", "frequency", "capability", "use-case", "shutdown"]
Idempotency = Literal["key", "conditional", "desired-state", "taggable", "none"]
Reversal = Literal["exact", "best-effort", "none"]
Reach = Literal["everyone", "our-customers", "only-us"]
Evidence = Literal["credential", "canary", "usage", "client-view"]
Effect = Literal["read", "write"]
Side = Literal["control", "callers"]
Work = Literal["batches", "jobs", "streams", "sessions", "agents"]
Fate = Literal["stops", "finishes", "cannot"]

RUNNING = "running"  # the parameter by which a lever is told what becomes of work in flight: FINISH or STOP
FINISH, STOP = "finish", "stop"


class AdapterFault(Exception):
    """Something true of the provider that stops a call. `detail` is short plain text without secrets."""

    def __init__(self, detail: str) -> None:
        """Keep the detail."""
        super().__init__(detail)
        self.detail = detail


class NotSent(AdapterFault):
    """The provider has not received it (no connection), or a read failed: it may be tried again."""


class Refused(AdapterFault):
    """The provider said no, finally. `status` is its HTTP status, or None where there is none.

    `instead` names levers of the same adapter that can do it, the mildest first: people are offered these.
    """

    def __init__(self, detail: str, status: int | None = None, instead: Sequence[str] = ()) -> None:
        """Keep detail, status and the other ways."""
        super().__init__(detail)
        self.status = status
        self.instead = tuple(instead)


class Stale(AdapterFault):
    """What the lever writes is no longer as the plan found it: people decide again."""


class Throttled(AdapterFault):
    """The provider asks to be left alone for `retry_after_s` seconds.

    `reply` is what it said, for the adapter alone: some 429 are a limit that no waiting ends, which is `Refused`.
    """

    def __init__(self, detail: str, retry_after_s: float, reply: Reply | None = None) -> None:
        """Keep detail, wait and answer."""
        super().__init__(detail)
        self.retry_after_s = retry_after_s
        self.reply = reply


class OutcomeUnknown(AdapterFault):
    """A write may or may not have landed (lost answer, 5xx, deadline): read back before anything else."""


class Malformed(AdapterFault):
    """The provider answered something its documentation does not describe; nothing may be concluded from it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """One exact request without secrets, as people sign it and as it is sent: mostly HTTP.

    `path` is relative to the instance's base URL and starts with "/". `body` is the exact text, or base64 of the exact
    bytes where `encoding` says so. Authentication is added by the console when sending.

    Two methods are no HTTP (`Local`). LINE: `body` is one line to the instance's local socket, the reply's body what it
    said. FILE: `path` is a file that the settings name; a body of `KEY VALUE` sets its line of that key, `KEY` alone
    takes it out; with the effect "read" the reply's body is the file. A third is never sent: MEMBER says whether one
    account is to stand in a set (`WritesWhole`).
    """

    method: str
    path: str
    body: str = ""
    encoding: Literal["text", "base64"] = "text"
    content_type: str | None = "application/json"
    effect: Effect = "write"

    def as_json(self) -> dict[str, str | None]:
        """The form in which it stands in an action document's disclosures."""
        return {
            "method": self.method, "path": self.path, "body": self.body, "encoding": self.encoding,
            "content_type": self.content_type, "effect": self.effect,
        }  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Places:
    """What of this machine an instance may use: a socket (a path, or 127.0.0.1:PORT) and files, absolute paths."""

    socket: str = ""
    files: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """What a provider answered, capped in size. `headers` has lower-case names."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    elapsed_ms: int

    def json(self) -> Any:  # noqa: ANN401  the provider decides; adapters read it through pydantic models
        """The body as JSON.

        Raises:
            Malformed: when it is not JSON.
        """
        try:
            return json.loads(self.body)
        except (ValueError, RecursionError) as fault:
            raise Malformed(f"the answer ({self.status}) is not JSON") from fault

    @property
    def request_id(self) -> str | None:
        """The provider's own name for the call, where it gives one: an outside witness."""
        for name in ("x-request-id", "request-id", "x-litellm-call-id", "x-amzn-requestid", "x-ms-request-id"):
            if self.headers.get(name):
                return self.headers[name][:200]
        return None


class Context(Protocol):
    """What the console lends an adapter for one instance. Every call has a hard total deadline.

    Transport failures are classified here: no connection = `NotSent`; a lost answer or 5xx to a write =
    `OutcomeUnknown`, to a read = `NotSent`; 429 = `Throttled`. Every other status comes back as a `Reply`, and so does
    5xx to a read that asked to be `fresh`: a probe has to judge it, because some planes refuse with 503.
    """

    async def call(
        self,
        method: str,
        path: str,
        *,
        json: Any = None,  # noqa: ANN401  any JSON body
        effect: Effect,
        credential: str | None = "",
        fresh: bool = False,
        side: Side = "control",
    ) -> Reply:
        """One call. `credential` names a secret: "" = the instance's own admin secret, None = none at all.

        `fresh` asks for a new connection (probes: another worker may answer differently). `side` "callers" goes to the
        second address that the adapter names (`adapters.access.CallersSide`), never with the instance's own secret.
        """
        ...

    async def send(self, request: Request) -> Reply:
        """Send exactly these bytes with the instance's own authentication."""
        ...

    def now_ms(self) -> int:
        """The console's wall clock, ms since the epoch, for reading times only."""
        ...

    def caller_of(self, selector: str) -> str | None:
        """The name of the caller's credential kept for a selector, or None: a plan may see whether it is let in.

        A provider that refuses a dead key as it refuses a mistyped one can be measured only after that.
        """
        ...

    async def pause(self, seconds: float) -> bool:
        """Wait before looking at a long operation again; False, at once, where this step has no time left for it."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Lever:
    """One thing that can be pulled at this provider.

    `selector` says what kind of thing is selected (key, team, user, model, ...); `wide` levers reach everybody on the
    surface. Times are seconds: `propagation_s` bounds how long a change may take to bite everywhere, `read_back_lag_s`
    how long a read may lag. `probe` is how enforcement can be measured. `proven` = shown on a real server by a test.
    `by_hand`: no call does it, so a person does by a text of the plan (`adapters.hand`); it is read back and probed.
    """

    name: str
    title: str
    category: Category
    selector: str
    wide: bool
    idempotency: Idempotency
    reversal: Reversal
    reach: Reach
    propagation_s: int
    read_back_lag_s: int
    probe: Evidence | None
    revokes_credential: bool = False
    partial_sibling: str | None = None
    proven: bool = False
    params: type[BaseModel] | None = None
    by_hand: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Manifest:
    """What is known of an adapter without calling it. `secrets` names the secrets an instance needs, admin first.

    `headers` are sent with every call, beside the authentication: a version, say; never a secret. `headers_below` are
    sent besides with calls below a path: a part of the interface that is in trial, which no other call should hang on.
    """

    name: str
    version: int
    title: str
    settings: type[BaseModel]
    secrets: Mapping[str, str]
    auth: Literal["bearer", "x-api-key", "none"]
    levers: Sequence[Lever]
    not_possible: Mapping[str, str] = field(default_factory=dict)
    contract: int = CONTRACT_VERSION
    headers: Mapping[str, str] = field(default_factory=dict[str, str])
    headers_below: Mapping[str, Mapping[str, str]] = field(default_factory=dict[str, Mapping[str, str]])

    def lever(self, name: str) -> Lever:
        """The lever of this name.

        Raises:
            KeyError: when there is none.
        """
        for lever in self.levers:
            if lever.name == name:
                return lever
        raise KeyError(name)


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """A surface seen at the provider: `key` is stable within the instance; `name` is what people call it."""

    key: str
    name: str
    model: str
    kind: Literal["public", "partner", "internal"] = "public"
    control: Literal["developer", "cloud", "reseller", "none"] = "developer"
    detail: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class SurfaceState:
    """How one surface is now. `restrictions` are short plain lines; an unknown surface is never green.

    `made_ms` is when the provider says that its model was made, where it says so: which of two is the earlier one.
    """

    key: str
    model: str
    state: Literal["serving", "degraded", "stopped", "unknown"]
    restrictions: tuple[str, ...] = ()
    detail: str = ""
    made_ms: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Status:
    """One look at an instance: when, how long it took, and its surfaces."""

    at_ms: int
    latency_ms: int
    surfaces: tuple[SurfaceState, ...]
    detail: str = ""
    facts: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What people want pulled: a lever, what it selects, its parameters (text values), in which direction."""

    lever: str
    selector: str
    surface_key: str
    params: Mapping[str, str] = field(default_factory=dict)
    direction: Literal["contain", "restore"] = "contain"


@dataclass(frozen=True, slots=True, kw_only=True)
class Planned:
    """The plan for one target: everything a person signs and everything apply, read_back, probe and revert need.

    `pre` holds only the fields this lever writes, as exact JSON text, read at `pre_read_ms`; `wanted` the same fields
    as they will be. `selectors` counts what is selected (0 = everybody on the surface). `notes` are warnings.
    """

    lever: str
    selector: str
    surface_key: str
    name: str
    model: str
    params: Mapping[str, str]
    pre: Mapping[str, str]
    pre_read_ms: int
    wanted: Mapping[str, str]
    requests: tuple[Request, ...]
    revert: tuple[Request, ...]
    selectors: int
    reach: Reach
    reversal: Reversal
    direction: Literal["contain", "restore"] = "contain"
    affected: int | None = None
    credential: Literal["verified-replacement", "unused-24h", "in-use"] | None = None
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Receipt:
    """What a write came to: `accepted`, or `already-so` without a change. `request_id` is the provider's."""

    outcome: Literal["accepted", "already-so"]
    status: int | None = None
    request_id: str | None = None
    detail: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadBack:
    """An independent read: does the record say what the plan wants, and the lever's fields as they are now."""

    verdict: Literal["in-effect", "not-in-effect", "cannot-tell"]
    fields: Mapping[str, str]
    at_ms: int
    detail: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Probe:
    """One attempt to do what is forbidden, on a fresh connection. `passed` means it still works: not enforced."""

    outcome: Literal["refused", "passed", "cannot-tell"]
    evidence: Evidence
    status: int | None = None
    detail: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Served:
    """The provider's own count of requests about what a plan selects, since a beginning of its own.

    `asked` counts every request that reached it, refused ones too; `served` those it did what was asked for. Both only
    grow, as long as the provider keeps its count.
    """

    asked: int
    served: int
    at_ms: int


@dataclass(frozen=True, slots=True, kw_only=True)
class LastUse:
    """When a credential was used last, by its provider's clock; `used_ms` None: never, as far as it keeps that."""

    used_ms: int | None
    at_ms: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Running:
    """Work in flight about what a plan selects: so much of it runs already, and what becomes of it by this plan.

    `stops`: the plan ends it. `finishes`: it is let finish. `cannot`: this provider cannot end it, so that it runs on.
    """

    what: Work
    count: int
    then: Fate
    at_ms: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Traffic:
    """Calls to one surface in a window, as its provider counted them; `by` names whose, as far as it tells.

    `whole`: none left out.
    """

    calls: int
    by: Mapping[str, int] = field(default_factory=dict[str, int])
    whole: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One line of the provider's own log: who did what, and when by its clock. Short plain text, nothing secret."""

    at_ms: int
    who: str
    what: str


@runtime_checkable
class Adapter(Protocol):
    """One provider's control plane. Constructed with its checked settings; holds no connection and no secret."""

    manifest: ClassVar[Manifest]

    def base_url(self) -> str:
        """Where the instance is; the console refuses every other host."""
        ...

    async def discover(self, context: Context) -> Sequence[Found]:
        """Every surface this credential can see."""
        ...

    async def status(self, context: Context) -> Status:
        """The state of every surface, by reading only."""
        ...

    async def plan(self, context: Context, wish: Wish) -> Planned:
        """The exact requests, the pre-state and the revert, by reading only.

        Raises:
            Refused: when the wish cannot be met here (unknown selector, lever that would be accepted but not enforced).
        """
        ...

    async def apply(self, context: Context, planned: Planned) -> Receipt:
        """Send exactly `planned.requests` through `context.send`."""
        ...

    async def read_back(self, context: Context, planned: Planned) -> ReadBack:
        """Read the lever's fields anew, by another call than the one that wrote."""
        ...

    async def probe(self, context: Context, planned: Planned, credential: str | None) -> Probe:
        """Try once what the plan forbids, as the named credential (None = as anybody)."""
        ...

    async def revert(self, context: Context, planned: Planned) -> Receipt:
        """Send exactly `planned.revert`: back to the saved pre-state, not to a default."""
        ...


@runtime_checkable
class Local(Protocol):
    """What an adapter offers besides, whose control plane is a socket or a file of this machine (`Request`)."""

    def places(self) -> Places:
        """Exactly what its settings name; the console opens nothing else for it."""
        ...


@runtime_checkable
class OffersSome(Protocol):
    """What an adapter may offer besides, whose settings decide which of its levers there are at one instance."""

    def offers(self) -> Sequence[str]:
        """The names of those that are there. Known without calling, and no more than the manifest names."""
        ...


@runtime_checkable
class CountsServed(Protocol):
    """What an adapter may offer besides, where its provider counts refused requests too: evidence `usage`."""

    async def served(self, context: Context, planned: Planned) -> Served | None:
        """The count now, by reading only; None for a lever about which the provider counts nothing.

        A provider that counts only what it served cannot offer this: its silence would look like a refusal.
        """
        ...


@runtime_checkable
class TellsUse(Protocol):
    """What an adapter may offer besides, where its provider tells when a credential was used last.

    It is asked of leaked credentials and of their replacements, about plans of a lever that revokes.
    """

    async def last_use(self, context: Context, planned: Planned) -> LastUse | None:
        """The last use of what the plan selects, by reading only; None where this provider does not tell it.

        Where an unset time may as well mean that nobody writes it down, the answer is None, not "never".
        """
        ...


@runtime_checkable
class CountsRunning(Protocol):
    """What an adapter may offer besides, where its provider tells what runs already: a block on new calls leaves it.

    Where people may choose, the lever has a parameter `RUNNING` with the values `FINISH` (its default) and `STOP`, and
    a plan with `STOP` holds the requests that end what runs.
    """

    async def running(self, context: Context, planned: Planned) -> Sequence[Running] | None:
        """What runs now, by reading only: nothing (empty) is an answer; None where the provider counts none of it.

        It is asked before people sign, and again when the plan is in effect.
        """
        ...


@runtime_checkable
class CountsTraffic(Protocol):
    """What an adapter may offer besides, where its provider counts calls by model: what went round a gateway shows so.

    The console asks gateway and vendor about the same window and compares. An answer is a hint and proves nothing.
    `passes_on`: it hands each call on to somebody else who serves the model, as a gateway does.
    """

    passes_on: ClassVar[bool]

    async def traffic(self, context: Context, surface_key: str, since_ms: int, until_ms: int) -> Traffic | None:
        """The calls to this surface in that time, by reading only; None where it keeps no count of them."""
        ...


@runtime_checkable
class TellsChanges(Protocol):
    """What an adapter may offer besides, where its provider keeps a log of who changed what.

    It is asked when what was in force is found undone: people then read who did it, and when.
    """

    async def changes(self, context: Context, planned: Planned, since_ms: int) -> Sequence[Change] | None:
        """What its log holds about what the plan writes since then, the newest first, by reading only.

        Nothing (empty) is an answer: the log knows of no change. None: it keeps no lines about what this lever writes.
        Whose doing it was stays the provider's word.
        """
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Whole:
    """One set as it was read (the exact text at `path`), and the exact request that writes it whole.

    `accounts` are those that it puts in or takes out; everything else is written as it was read.
    """

    path: str
    read: str
    request: Request
    accounts: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Rendered:
    """What is to be sent now, in order, and for whom there is no way, with the reason. Nobody else needs a write."""

    wholes: tuple[Whole, ...]
    refused: Mapping[str, str] = field(default_factory=dict[str, str])


@runtime_checkable
class WritesWhole(Protocol):
    """What an adapter offers besides, whose provider takes a set of accounts only whole.

    Its plans hold requests MEMBER (`adapters.membership`), which are signed and never sent. What is sent is made of
    them at the moment, and checked: it changes these accounts in what was read, and nothing else.
    """

    async def render(self, context: Context, planned: Sequence[Planned]) -> Rendered:
        """The exact writes by which these plans come true, by reading only. It answers about `requests`.

        Each set is read by `context.call("GET", path, effect="read")` with a path that the plans name.
        """
        ...


@runtime_checkable
class TakesLists(Protocol):
    """What an adapter may offer besides, where its provider tells about many at once: lists of thousands of accounts.

    Without it the console asks about one after the other, some at a time. All only read, and answer in the order asked.
    """

    async def plan_many(self, context: Context, wishes: Sequence[Wish]) -> Sequence[Planned | Refused]:
        """As `plan` for each wish; a wish that cannot be met is answered by its refusal and stops no other."""
        ...

    async def read_back_many(self, context: Context, planned: Sequence[Planned]) -> Sequence[ReadBack]:
        """As `read_back` for each."""
        ...

    async def served_many(self, context: Context, planned: Sequence[Planned]) -> Sequence[Served | None]:
        """As `CountsServed.served` for each; None for each where the provider counts nothing."""
        ...
