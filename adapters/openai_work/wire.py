"""What OpenAI says of batches and fine-tuning jobs, read tolerantly. Shapes: its SDK (openai 3.22.1)."""

from __future__ import annotations

from adapters.openai_admin.wire import Said

OVER = frozenset({"completed", "failed", "expired", "cancelled", "succeeded"})  # any other state still works


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
