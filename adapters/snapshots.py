"""Names of models by OpenAI's way: a name, and dated snapshots of it, which are named each by itself.

Which snapshot a bare name answers with, its vendor decides and changes.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

_DATED = re.compile(r"-(?:\d{4}-\d{2}-\d{2}|\d{4})\Z")


def snapshots(model: str, served: Sequence[str]) -> list[str]:
    """The model, and its dated snapshots. `gpt-x` is not `gpt-x-mini`."""
    dated = {one for one in served if one.startswith(model) and _DATED.fullmatch(one[len(model) :])}
    return [model, *sorted(dated)]


def bare(model: str, served: Sequence[str]) -> str:
    """The name without a date under which a dated snapshot may answer too; empty where there is none."""
    found = _DATED.sub("", model)
    return found if found != model and found in served else ""
