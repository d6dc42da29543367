"""A step for a person, or a request to a vendor: who does what, by when, and under which ticket.

It calls nothing. What it comes to is attested by people; it never claims that anything was observed.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from adapters.contract import (
    Category,
    Context,
    Found,
    Lever,
    Manifest,
    Planned,
    Probe,
    Reach,
    ReadBack,
    Receipt,
    Refused,
    Status,
    SurfaceState,
    Wish,
)


class Surface(BaseModel):
    """A surface that only people can change. `key` is stable, `name` is what people call it."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    key: str = Field(min_length=1, max_length=200)
    name: str = Field(min_length=1, max_length=200)
    model: str = Field(min_length=1, max_length=200)
    reach: Reach = "only-us"


class Settings(BaseModel):
    """Who is asked where nobody is named, how they are reached, and the surfaces they can change."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    who: str = Field(default="", max_length=200, title="Who", description="role or vendor desk asked by default")
    contact: str = Field(default="", max_length=500, title="Contact", description="telephone, address or portal")
    surfaces: tuple[Surface, ...] = ()


class Ask(BaseModel):
    """What is asked. `by` is a time in words or ISO 8601; `category` is the kind of correction it amounts to."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    instruction: str = Field(min_length=1, max_length=4000, title="Instruction")
    category: Category = Field(default="shutdown", title="Kind of correction")
    who: str = Field(default="", max_length=200, title="Who")
    by: str = Field(default="", max_length=100, title="By when")
    contact: str = Field(default="", max_length=500, title="Contact")
    ticket: str = Field(default="", max_length=200, title="Ticket")


_ASK = Lever(
    name="manual.ask", title="Ask a person or a vendor", category="shutdown", selector="anything", wide=False,
    idempotency="none", reversal="best-effort", reach="only-us", propagation_s=0, read_back_lag_s=0, probe=None,
    params=Ask,
)  # fmt: skip


class Manual:
    """Steps that people take. A plan has no requests; everything asked is in its parameters."""

    manifest: ClassVar[Manifest] = Manifest(
        name="manual", version=1, title="By hand, or through a vendor", settings=Settings, secrets={}, auth="none",
        levers=(_ASK,),
    )  # fmt: skip

    def __init__(self, settings: Settings) -> None:
        self._settings = settings

    def base_url(self) -> str:
        """Nowhere: no host may be called."""
        return ""

    async def discover(self, context: Context) -> Sequence[Found]:  # noqa: ARG002  nothing is called
        """The surfaces that were written into the settings."""
        return [
            Found(key=surface.key, name=surface.name, model=surface.model, control="none", detail="changed by people")
            for surface in self._settings.surfaces
        ]

    async def status(self, context: Context) -> Status:
        """Unknown, every one: nobody asks on our behalf."""
        surfaces = tuple(
            SurfaceState(key=surface.key, model=surface.model, state="unknown", detail="nothing can be read here")
            for surface in self._settings.surfaces
        )
        return Status(at_ms=context.now_ms(), latency_ms=0, surfaces=surfaces, detail="known only from people")

    async def plan(self, context: Context, wish: Wish) -> Planned:
        """What will be asked, in the parameters; no request, no reading."""
        if wish.lever != _ASK.name:
            raise Refused(f"there is no lever {wish.lever} here")
        surface = next((found for found in self._settings.surfaces if found.key == wish.surface_key), None)
        if surface is None:
            raise Refused(f"no surface is called {wish.surface_key}")
        try:
            ask = Ask.model_validate(dict(wish.params))
        except ValidationError as fault:
            where = ", ".join(str(error["loc"][0]) for error in fault.errors() if error["loc"])
            raise Refused(f"the request is not complete or not understood: {where}") from fault
        who, contact = ask.who or self._settings.who, ask.contact or self._settings.contact
        if not who:
            raise Refused("say who is asked")
        params = {**ask.model_dump(), "who": who, "contact": contact}
        return Planned(
            lever=_ASK.name, selector=wish.selector, surface_key=surface.key, name=surface.name, model=surface.model,
            params=params, pre={}, pre_read_ms=context.now_ms(), wanted={}, requests=(), revert=(),
            selectors=1 if wish.selector else 0, reach=surface.reach, reversal=_ASK.reversal, direction=wish.direction,
            notes=("done by people: it can be attested, not observed",),
        )  # fmt: skip

    async def apply(self, context: Context, planned: Planned) -> Receipt:  # noqa: ARG002  nothing is sent
        """Nothing is sent. The receipt says only that the step may now be taken."""
        return _receipt("asked", planned)

    async def read_back(self, context: Context, planned: Planned) -> ReadBack:  # noqa: ARG002  nothing can be read
        """It cannot be told from here."""
        return ReadBack(verdict="cannot-tell", fields={}, at_ms=context.now_ms(), detail="attested by people only")

    async def probe(
        self,
        context: Context,  # noqa: ARG002  nothing is called
        planned: Planned,  # noqa: ARG002  as above
        credential: str | None,  # noqa: ARG002  as above
    ) -> Probe:
        """It cannot be measured from here."""
        return Probe(outcome="cannot-tell", evidence="client-view", detail="attested by people only")

    async def revert(self, context: Context, planned: Planned) -> Receipt:  # noqa: ARG002  nothing is sent
        """The same people are asked to take it back."""
        return _receipt("asked to take it back", planned)


def _receipt(what: str, planned: Planned) -> Receipt:
    outcome: Literal["accepted"] = "accepted"
    return Receipt(outcome=outcome, detail=f"{planned.params['who']} is {what}")
