"""What a file may declare, as models: every name in it is checked here, before anything is sent anywhere.

The words are those of `adapters/http/README.md`. A file says data only; what it cannot say needs an adapter.
"""

from __future__ import annotations

import re
from typing import Annotated, Any, Final, Literal
from urllib.parse import urlsplit

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    TypeAdapter,
    ValidationError,
    field_validator,
    model_validator,
)
from pydantic_core import SchemaError

from adapters.contract import Category, Evidence, Reach, Reversal
from adapters.http import template
from adapters.http.lines import Json

FORMAT: Final = "http/1"
_LOOPBACK: Final = frozenset({"127.0.0.1", "::1", "localhost"})
_SEND: Final = re.compile(r"(GET|POST|PUT|PATCH|DELETE) (/[!-~]*)\Z")
_LIMITED: Final = 429
Word = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,31}$")]
Line = Annotated[str, Field(min_length=1, max_length=120, pattern=r"^[^\x00-\x1f\x7f]+$")]
Value = Any  # plain data out of the file: `lines.read` makes nothing else
Scalar = None | bool | int | float | str


def alike(pattern: str, text: str) -> bool:
    """Whether the whole text is of that form; in time linear to its length, whatever the pattern."""
    try:
        TypeAdapter(Annotated[str, Field(pattern=rf"^(?:{pattern})$")]).validate_python(text)
    except ValidationError:
        return False
    return True


def _listed(value: object) -> object:
    return value if isinstance(value, list) else [value]


def _asked(value: object) -> object:
    return {"send": value} if isinstance(value, str) else value


def _placed(value: object) -> object:
    return {"path": value} if isinstance(value, str) else value


class _Form(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Ask(_Form):
    """One request: `METHOD /path`, and a JSON body where there is one."""

    send: str
    body: Value = None

    @field_validator("send")
    @classmethod
    def _a_request(cls, value: str) -> str:
        found = _SEND.match(value)
        if found is None:
            raise ValueError("expected METHOD /path, like GET /api/flags/{selector}; the host stands in base_url")
        plain = found[2].partition("?")[0].replace("%2e", ".").replace("%2E", ".")
        if found[2].startswith("//") or {".", ".."} & set(plain.split("/")) or "#" in found[2] or "\\" in found[2]:
            raise ValueError("a path begins with one slash, and has no dot segments, # or backslash")
        return value

    @property
    def method(self) -> str:
        """The method."""
        return self.send.partition(" ")[0]

    @property
    def path(self) -> str:
        """The path, still with its placeholders."""
        return self.send.partition(" ")[2]


AskForm = Annotated[Ask, BeforeValidator(_asked)]


class Place(_Form):
    """Where a field stands in an answer; with `contains` it says whether the list there holds that text."""

    path: str = ""
    contains: str | None = None


class Answer(_Form):
    """How an answer is told: its status, and what stands in it."""

    status: Annotated[list[int], BeforeValidator(_listed)] = Field(default=[200], min_length=1)
    path: str | None = None
    is_: Annotated[list[Scalar], BeforeValidator(_listed)] | None = Field(default=None, alias="is")
    says: str | None = None

    @model_validator(mode="after")
    def _whole(self) -> Answer:
        if self.path is None and (self.is_ is not None or self.says is not None):
            raise ValueError("is and says need a path: where in the answer")
        return self


class Trial(_Form):
    """How enforcement is tried, as a caller would: one request, and the answers that mean passed and refused."""

    evidence: Evidence
    send: str
    body: Value = None
    passed: Answer
    refused: Answer

    @field_validator("evidence")
    @classmethod
    def _tried(cls, value: Evidence) -> Evidence:
        if value == "usage":
            raise ValueError("a count of use cannot be declared in a file: expected credential, canary or client-view")
        return value

    @property
    def ask(self) -> Ask:
        """The request."""
        return Ask(send=self.send, body=self.body)

    @model_validator(mode="after")
    def _tells_apart(self) -> Trial:
        if self.passed.path is None:
            raise ValueError("passed needs a path: a status alone could be any page")
        limited = self.refused.status == [_LIMITED]
        if not limited and (self.refused.path is None or (self.refused.is_ is None and self.refused.says is None)):
            raise ValueError("refused needs a path with is or says: only the lever's own words prove a refusal")
        return self


class Param(_Form):
    """One parameter of a lever."""

    title: Line
    type: Literal["whole", "text"] = "text"
    least: int | None = None
    most: int | None = None
    choices: list[Line] | None = None


class Setting(_Form):
    """One setting of a connection: a project's name, say. It can fill a path or a body, never the host."""

    title: Line
    help: str = ""
    default: str | None = None


class Write(_Form):
    """What brings the fields to their values; `when` says for which values."""

    when: dict[str, Scalar] = {}
    send: Annotated[list[AskForm], BeforeValidator(_listed)] = Field(min_length=1, max_length=8)


class LeverForm(_Form):
    """One lever: what it reads, the desired states, what it sends, and how enforcement is tried."""

    title: Line
    category: Category
    selector: Word | None = None
    like: str | None = None
    reach: Reach
    wide: bool = False
    reversal: Reversal = "exact"
    idempotency: Literal["desired-state", "none"] = "desired-state"
    propagation_s: int = Field(ge=0, le=86_400)
    read_back_lag_s: int = Field(default=0, ge=0, le=86_400)
    revokes_credential: bool = False
    milder: str | None = None
    params: dict[Word, Param] = {}
    exists: AskForm | None = None
    read: AskForm
    called: str | None = None
    missing: dict[str, Scalar] | None = None
    fields: dict[Word, Annotated[Place, BeforeValidator(_placed)]] = Field(min_length=1)
    contain: dict[str, Value]
    restore: dict[str, Value]
    write: Annotated[list[Write], BeforeValidator(_listed)] = Field(min_length=1)
    already: Annotated[list[int], BeforeValidator(_listed)] = []
    probe: Trial | None = None
    notes: list[Line] = []

    @model_validator(mode="before")
    @classmethod
    def _back(cls, value: object) -> object:
        """What is true or false and nothing else is given back as its opposite, where the file does not say how."""
        if not isinstance(value, dict) or "restore" in value:
            return value
        contain = value.get("contain")
        if not isinstance(contain, dict) or not all(isinstance(one, bool) for one in contain.values()):
            raise ValueError("say restore: only of true and false is it known what gives them back")
        return {**value, "restore": {name: not one for name, one in contain.items()}}

    @field_validator("like")
    @classmethod
    def _a_pattern(cls, value: str | None) -> str | None:
        if value is not None:
            try:
                alike(value, "")
            except SchemaError:
                raise ValueError("it is no regular expression this console can read") from None
        return value

    @model_validator(mode="after")
    def _about_its_fields(self) -> LeverForm:
        names = set(self.fields)
        for told, said in (("contain", self.contain), ("restore", self.restore), ("missing", self.missing)):
            if said is not None and set(said) != names:
                raise ValueError(f"{told} has to say each field and no other: {', '.join(sorted(names))}")
        for one in self.write:
            if not set(one.when) <= names:
                raise ValueError(f"when may name fields only: {', '.join(sorted(names))}")
        for told, wanted in (("contain", self.contain), ("restore", self.restore)):
            if not template.names(wanted) and self.writes_for(wanted) is None:
                raise ValueError(f"no write says how to bring the fields to what {told} says")
        if self.contain == self.restore:
            raise ValueError("contain and restore say the same: the lever would do nothing")
        return self

    def writes_for(self, fields: dict[str, Json]) -> list[Ask] | None:
        """The requests for these values, or None where the file tells none."""
        for one in self.write:
            if all(fields[name] == value and type(fields[name]) is type(value) for name, value in one.when.items()):
                return one.send
        return None


class State(_Form):
    """How a surface's state is told; any other value is unknown, never green."""

    path: str
    serving: Annotated[list[Scalar], BeforeValidator(_listed)]
    stopped: Annotated[list[Scalar], BeforeValidator(_listed)] = []


class Fixed(_Form):
    """A surface that the service does not list itself: what stands behind it."""

    key: Annotated[str, Field(pattern=r"^[A-Za-z0-9._:/@+-]{1,120}$")]
    name: Line
    model: Line
    kind: Literal["public", "partner", "internal"] = "public"


class Surfaces(_Form):
    """The surfaces: read from a list (`each`, `key`, `name`, `model`), or `fixed` and `read` only says how they are."""

    read: AskForm
    each: str = ""
    key: str = ""
    name: str = ""
    model: str = ""
    fixed: list[Fixed] = []
    state: State | None = None
    control: Literal["developer", "cloud", "reseller", "none"] = "developer"

    @model_validator(mode="after")
    def _one_way(self) -> Surfaces:
        if self.fixed and (self.key or self.each):
            raise ValueError("either fixed surfaces, or each and key to read them: not both")
        if not self.fixed and not self.key:
            raise ValueError("say fixed surfaces, or key: where each one's name stands")
        if self.fixed and self.state is None:
            raise ValueError("fixed surfaces need state: what in the answer says that it serves")
        if len({one.key for one in self.fixed}) != len(self.fixed):
            raise ValueError("a key stands twice")
        return self


class Declaration(_Form):
    """A whole file."""

    standdown: Literal["http/1"]
    name: Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,26}$")]
    version: int = Field(default=1, ge=1, le=9999)
    title: Line
    base_url: str
    auth: Literal["bearer", "x-api-key", "none"] = "bearer"
    secret: Line | None = None
    settings: dict[Word, Setting] = {}
    surfaces: Surfaces
    levers: dict[Annotated[str, Field(pattern=r"^[a-z][a-z0-9._-]{0,63}$")], LeverForm] = Field(min_length=1)
    not_possible: dict[Category, Line] = {}

    @field_validator("base_url")
    @classmethod
    def _one_host(cls, value: str) -> str:
        try:
            parts, _ = urlsplit(value), urlsplit(value).port
        except ValueError:
            raise ValueError("expected an address like https://flags.example") from None
        if "{" in value or not value.isascii() or not value.isprintable() or " " in value:
            raise ValueError("the host is fixed by the file: no placeholder, plain letters")
        if not parts.hostname or parts.username or parts.password or parts.query or parts.fragment:
            raise ValueError("expected an address like https://flags.example, without a name, a query or a fragment")
        if parts.scheme != "https" and not (parts.scheme == "http" and parts.hostname in _LOOPBACK):
            raise ValueError("expected https: over plain http anybody between could read the credential")
        return value.rstrip("/")
