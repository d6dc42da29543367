"""Models that the gateway's configuration file holds: no call changes them, so a person edits the file and restarts.

What is edited is rendered here, both ways, from what the gateway tells; of an entry it needs only name and model, so
that no key and no address gets into a record. Whether it took is read and tried like anything else.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from textwrap import wrap
from typing import Any, Final, Literal

from pydantic import Field
from pydantic.json_schema import SkipJsonSchema

from adapters.contract import Context, Lever, Planned, Refused, Wish
from adapters.hand import BACK, FILE, INSTRUCTION, PATCH, HandParams
from adapters.litellm import wire
from adapters.litellm.gateway import ROUND_IT, Gateway, dependants, dependants_note, gateway

LEVER: Final = "model.file"
# what can be done about a model of the file, the mildest first
WAYS: Final = ("model.delist", "model.reroute", LEVER)
FIELD: Final = "served_from_file"
MOST_ENTRIES: Final = 50
_WIDTH: Final = 72
_PLAIN: Final = re.compile(r"[A-Za-z][A-Za-z0-9._/-]*")
_WORDS: Final = frozenset({"true", "false", "null", "yes", "no", "on", "off", "y", "n"})
_RESTART: Final = "Restart every process of the gateway that is started with this file: it is read at the start only."


class FileParams(HandParams):
    """How it is kept from answering; `entries` is what a way back puts back, and nobody is asked for it."""

    who: str = Field(default="whoever runs the gateway", min_length=1, max_length=200, title="Who does it")
    how: Literal["block", "remove"] = Field(
        default="block", title="How", description="block it in its entry, or take the entry out"
    )
    entries: SkipJsonSchema[str] = ""


async def plan(context: Context, lever: Lever, wish: Wish, params: Mapping[str, str]) -> Planned:
    """The text for a person, and what is read before and after. Nothing of it is sent.

    Raises:
        Refused: when no entry of the file serves this model, or what is to be put back is not known.
    """
    there = await gateway(context)
    contain = wish.direction == "contain"
    name = there.named(wish.selector, wish.surface_key) if contain else wish.surface_key or wish.selector
    entries = _filed(there, name) if contain else _entries(params["entries"])
    if not entries:
        raise Refused(f"{name} does not stand in the gateway's configuration file", instead=("model.block",))
    if len(entries) > MOST_ENTRIES:
        raise Refused(f"{len(entries)} entries of the file serve {name}: too many for one text")
    now, whole = json.dumps(_served(there, name)), json.dumps(entries)
    block = params["how"] == "block"
    text = {
        INSTRUCTION: _instruction(name, entries, block=block, contain=contain), FILE: f"{_word(name)}.patch",
        PATCH: patch(name, entries, block=block), BACK: patch(name, entries, block=block, back=True),
    }  # fmt: skip
    ids = json.dumps([found.model_info.id for found in there.behind(name)])
    found = await dependants(context, name) if contain else None
    beside = sum(found.model_info.db_model for found in there.behind(name))
    notes = ["nothing is sent: a person edits the file; what they say is read back and tried afterwards"]
    notes += [f"NOT stopped by it: {beside} deployments of this name in the database; block them too"] if beside else []
    notes += ["a process that is started from another copy of the file serves it on"]
    notes += [dependants_note(found), ROUND_IT] if contain else []
    return Planned(
        lever=lever.name, selector=name, surface_key=name, name=name, model=name,
        params={**params, **text, "entries": whole, "probe_model": name, "deployments": ids}, pre={FIELD: now},
        pre_read_ms=context.now_ms(), wanted={FIELD: json.dumps([]) if contain else whole}, requests=(), revert=(),
        selectors=0, reach=lever.reach, reversal=lever.reversal, direction=wish.direction,
        affected=None if found is None else found.callers, notes=tuple(notes),
    )  # fmt: skip


async def fields_now(context: Context, planned: Planned) -> dict[str, str]:
    """What the file serves of this model: none, where its entries are blocked or gone."""
    return {FIELD: json.dumps(_served(await gateway(context, planned.surface_key), planned.surface_key))}


def _served(there: Gateway, name: str) -> list[str]:
    """The models that entries of the file call under this name, as far as they are not blocked."""
    return sorted(found.litellm_params.model for found in _of_file(there, name) if not found.model_info.blocked)


def _filed(there: Gateway, name: str) -> list[str]:
    return sorted(found.litellm_params.model for found in _of_file(there, name))


def _of_file(there: Gateway, name: str) -> list[wire.Deployment]:
    return [found for found in there.behind(name) if not found.model_info.db_model]


def _entries(told: str) -> list[str]:
    """What the correction that took it out knows.

    Raises:
        Refused: where it is not said.
    """
    try:
        found: Any = json.loads(told)
    except ValueError:
        found = None
    if not isinstance(found, list) or not all(isinstance(one, str) for one in found):
        raise Refused("which entries are put back only the correction knows that took them out: lift that one")
    return list(map(str, found))


# -- the text ----------------------------------------------------------------------------------------------------------


def _instruction(name: str, entries: Sequence[str], *, block: bool, contain: bool) -> str:
    how = {
        (True, True): "block", (True, False): "unblock", (False, True): "take out", (False, False): "put back",
    }[block, contain]  # fmt: skip
    what = "its entry" if len(entries) == 1 else f"its {len(entries)} entries"
    return (
        f"In the file with which the gateway is started (config.yaml), {how} {name}: {what} under model_list, as the "
        "text below has it. Then restart every process of the gateway."
    )


def patch(name: str, entries: Sequence[str], *, block: bool, back: bool = False) -> str:
    """Lines of the file, those that change marked as in a patch, with where, how and how one sees that it took."""
    seen = "serves it again" if back else "serves it no more"
    answers = "200" if back else "403, Model is blocked" if block else "400, Invalid model name"
    told = "no longer blocked" if back else "blocked: true" if block else "not there"
    said = (
        f"LiteLLM configuration file (config.yaml): {_does(block=block, back=back)} {_one_line(name)}.",
        _how(block=block, back=back), _RESTART,
        f"Then the gateway {seen}: GET /v2/model/info tells it as {told}, a call of it is answered {answers}.",
    )  # fmt: skip
    lines = [line for one in said for line in wrap(one, _WIDTH, initial_indent="# ", subsequent_indent="#   ")]
    lines.append(" model_list:")
    for model in entries:
        lines += _entry(name, model, block=block, back=back)
    return "\n".join(lines) + "\n"


def _does(*, block: bool, back: bool) -> str:
    if block:
        return "no longer block" if back else "block"
    return "put back" if back else "take out"


def _how(*, block: bool, back: bool) -> str:
    if block and back:
        return "Take out the lines marked with -. Where model_info holds more than that, take out the second one only."
    if block:
        return "Add the lines marked with +. Where an entry has model_info already, add only the second one, below it."
    if back:
        return "These entries were put behind # signs: take the signs away again, from every line of them."
    return "Put a # sign before every line of these entries, and leave them in the file: so they can be put back."


def _entry(name: str, model: str, *, block: bool, back: bool) -> list[str]:
    kept = " " if block else "+" if back else "-"
    mark = "-" if back else "+"
    lines = [
        f"{kept}  - model_name: {_word(name)}", f"{kept}    litellm_params:", f"{kept}      model: {_word(model)}",
        f"{kept}      # and whatever else stands in this entry",
    ]  # fmt: skip
    return [*lines, f"{mark}    model_info:", f"{mark}      blocked: true"] if block else lines


def _word(text: str) -> str:
    """As it is written in YAML; quoted where it would be read as something else."""
    return text if _PLAIN.fullmatch(text) and text.lower() not in _WORDS else json.dumps(text)


def _one_line(text: str) -> str:
    """A name within a comment: whatever it holds, it ends no line."""
    return text if text.isprintable() else json.dumps(text)


__all__ = ["FIELD", "LEVER", "WAYS", "FileParams", "fields_now", "patch", "plan"]
