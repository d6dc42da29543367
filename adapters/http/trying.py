"""What an answer to a probe proves, by the file's own words for it: passed, refused, or nothing."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Literal

from adapters.contract import Malformed, Planned, Reply
from adapters.http import template
from adapters.http.form import Answer, Trial
from adapters.http.surfaces import same

Outcome = Literal["refused", "passed", "cannot-tell"]
_LIMITED = 429


def judge(trial: Trial, reply: Reply, values: template.Values, planned: Planned) -> tuple[Outcome, str]:
    """The outcome and one clause about it."""
    if _fits(trial.refused, reply, values):
        return "refused", "refused in the words the file gives"
    if not _fits(trial.passed, reply, values):
        return "cannot-tell", "an answer that proves neither"
    if _LIMITED in trial.refused.status and not _stops_all(planned.wanted):
        return "cannot-tell", "a call below a limit passes rightly"
    return "passed", "it answered"


def limited(trial: Trial) -> Outcome:
    """What a 429 proves: a refusal where the lever's refusal is a limit."""
    return "refused" if _LIMITED in trial.refused.status else "cannot-tell"


def _fits(form: Answer, reply: Reply, values: template.Values) -> bool:
    if reply.status not in form.status or form.path is None:
        return False
    try:
        found = template.look(reply.json(), form.path, values)
    except Malformed:
        return False
    if form.is_ is not None and not any(same(found, one) for one in form.is_):
        return False
    return form.says is None or (isinstance(found, str) and form.says.casefold() in found.casefold())


def _stops_all(wanted: Mapping[str, str]) -> bool:
    """Whether a limit leaves nothing: every number wanted is zero."""
    numbers = [value for value in map(json.loads, wanted.values()) if isinstance(value, int | float)]
    return all(number == 0 for number in numbers)
