"""Everything a person does at a window in the stories: one class for the process that holds the window."""

from __future__ import annotations

from tests.scenarios.acts_correct import Correcting
from tests.scenarios.acts_found import Founding
from tests.scenarios.acts_record import Recording
from tests.scenarios.acts_see import Seeing

__all__ = ["Acts"]


class Acts(Recording, Founding, Correcting, Seeing):
    """A person's acts, by name; arguments and answers are JSON."""

    def effort(self) -> dict[str, int]:
        """How many keys and clicks it took so far, and how many prompts for a passphrase were answered."""
        return {"keys": self.keys, "clicks": self.clicks, "prompts": self.prompts}
