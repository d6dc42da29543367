"""What OpenAI says of batches and fine-tuning jobs, read tolerantly. Shapes: its SDK (openai 3.22.1)."""

from __future__ import annotations

from urllib.parse import quote

from pydantic import BaseModel, ConfigDict

from adapters.answers import Voice
from adapters.contract import Context, Malformed, Reply

NOT_FOUND = 404
OVER = frozenset({"completed", "failed", "expired", "cancelled", "succeeded"})  # any other state still works
CANCELLING = "cancelling"
PAGE = 100
MOST_PAGES = 200  # a list that never ends is no list


class Said(BaseModel):
    """Anything it says."""

    model_config = ConfigDict(extra="ignore", frozen=True)


class Work(Said):
    """A batch, or a fine-tuning job. A batch need not say its model; a job says the one it starts from."""

    id: str
    object: str
    status: str
    model: str | None = None

    @property
    def runs(self) -> bool:
        """Whether it may still do something: a state that is not known is taken for one that does."""
        return self.status not in OVER


class Page(Said):
    """A part of a list; the next one begins after its last."""

    data: list[Work]
    has_more: bool = False


class Named(Said):
    """A model; `created` in seconds."""

    id: str
    created: int | None = None


class Models(Said):
    """GET /models."""

    data: list[Named]


class ErrorBody(Said):
    """A refusal, in its own words."""

    type: str | None = None
    code: str | None = None


class ErrorReply(Said):
    """The error envelope."""

    error: ErrorBody


def quoted(step: str) -> str:
    """One step of a path."""
    return quote(step, safe="")


async def every(context: Context, path: str) -> tuple[list[Work], int]:
    """A whole list of work, and how long it took in ms."""
    rows: list[Work] = []
    elapsed_ms, after = 0, ""
    for _ in range(MOST_PAGES):
        reply = await context.call("GET", f"{path}?limit={PAGE}{after}", effect="read")
        page = read(Page, check(reply, "work in flight"))
        rows += page.data
        elapsed_ms += reply.elapsed_ms
        if not page.has_more or not page.data:
            return rows, elapsed_ms
        after = f"&after={quoted(page.data[-1].id)}"
    raise Malformed("work in flight: the list does not end")


def _words(reply: Reply) -> tuple[str | None, ...]:
    try:
        error = read(ErrorReply, reply).error
    except Malformed:
        return ()
    return error.code, error.type


_VOICE = Voice("OpenAI", "its SDK", _words)
read, check = _VOICE.read, _VOICE.check
