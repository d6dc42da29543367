"""What a lever asks of a person, where no call of the provider does it: who, and the text that is put somewhere.

A lever `by_hand` has a plan without requests. Its parameters say what is to be done (`INSTRUCTION`), the exact text
(`PATCH`) and the one that takes it back (`BACK`); its fields are read and tried like any other's, once it is done.
"""

from __future__ import annotations

from typing import Final

from pydantic import Field

from adapters.forms import Params

INSTRUCTION: Final = "instruction"
PATCH: Final = "patch"
BACK: Final = "back"
FILE: Final = "file"  # under which name the text is kept


class HandParams(Params):
    """Who does it. `by` is a time in words or ISO 8601; inherit to ask for more."""

    who: str = Field(default="whoever runs it", min_length=1, max_length=200, title="Who does it")
    by: str = Field(default="", max_length=100, title="By when")
    contact: str = Field(default="", max_length=200, title="Contact")
    ticket: str = Field(default="", max_length=200, title="Ticket")
