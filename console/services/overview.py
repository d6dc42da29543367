"""Corrections as every console sees them, from entries alone; and watching what was done by hand. It sends nothing."""

from __future__ import annotations

from typing import Any

from console.domain.actions import Action
from console.domain.errors import Problem, WrongUse
from console.domain.profile import JsonValue
from console.journal.values import Draft, Stored
from console.outbox.facts import read_document
from console.outbox.item import STEP_KINDS, state_told
from console.providers.plane import Planes
from console.providers.wishes import AdapterFault, wish
from console.services import approvals, providers
from console.services.session import Session


def corrections(session: Session, inc: str | None, op: str | None) -> list[dict[str, Any]]:
    """Every action of an incident (or one op), its state by target, who signed."""
    found: list[dict[str, Any]] = []
    for sha, kind, _ in session.reader.documents():
        if kind != "action.v1":
            continue
        try:
            with session.reader.snapshot() as connection:
                held = read_document(connection, sha)
        except Problem:
            continue
        action = held.document
        if not isinstance(action, Action) or (inc and action.inc != inc) or (op and action.op != op):
            continue
        found.append(_told(session, sha, action, [held.disclosed(at) for at in range(len(action.targets))]))
    return found


def _told(session: Session, sha: str, action: Action, disclosed: list[dict[str, JsonValue]]) -> dict[str, Any]:
    entries = [one for one in session.reader.entries(action.inc) if one.entry.pub.get("doc") == sha]
    entries = [one for one in entries if one.standing == "good"]
    kinds = [one.entry.kind for one in entries]
    whole = "proposed"
    for kind, word in (
        ("correction.refused", "refused"),
        ("correction.cancelled", "cancelled"),
        ("dispatch.authorised", "approved"),
    ):
        if kind in kinds:
            whole = word
    targets = [_target(at, action, told, entries, whole) for at, told in enumerate(disclosed)]
    with session.reader.snapshot() as connection:
        waiting = approvals.judge(session, read_document(connection, sha))
    states = {str(one["state"]) for one in targets}
    return {
        "op": action.op, "document": sha, "direction": action.direction, "gravity": action.gravity,
        "undoes": action.undoes, "proposer": session.name_of(waiting.proposer),
        "signed": len([one for one in entries if one.entry.kind == "correction.approved"]),
        "authorised": "dispatch.authorised" in kinds, "targets": targets,
        "state": states.pop() if len(states) == 1 else f"partial: {', '.join(sorted(states))}",
    }  # fmt: skip


def _target(at: int, action: Action, told: dict[str, JsonValue], entries: list[Stored], whole: str) -> dict[str, Any]:
    steps = [one for one in entries if one.entry.kind in STEP_KINDS and one.entry.pub.get("target") == at]
    state = state_told([(one.entry.kind, one.entry.pub) for one in steps])[0] if whole == "approved" else whole
    detail = ""
    if steps:
        last = steps[-1]
        detail = str(last.disclosed.get("why") or last.disclosed.get("text") or last.entry.pub.get("evidence") or "")
    target = action.targets[at]
    return {
        "target": at, "name": str(told.get("name", "?")), "selector": str(told.get("selector", "?")),
        "lever": target.lever, "model": target.model, "by_hand": target.by_hand, "canary": target.canary,
        "state": state, "detail": detail, "execute_by_ms": action.execute_by,
    }  # fmt: skip


def watch(session: Session, entry: str, provider: str, lever: str, selector: str, surface: str) -> dict[str, Any]:
    """Read back and, where a credential is known, probe once what somebody did by hand; two entries at most.

    Raises:
        WrongUse: when there is no such provider, surface or lever.
    """
    instance = providers.instances_of(session).get(provider)
    where = providers.find_surface(session, instance, surface)
    device = session.device()

    async def work(planes: Planes) -> tuple[str, str, dict[str, str], str]:
        plane = planes.get(instance.id)
        if plane is None:
            raise WrongUse(planes.why_not(instance.id), "See `standdown provider list`.")
        try:
            planned = await plane.plan(wish(lever, selector, where.key, {}))
            read = await plane.read_back(planned)
            credential = plane.credential_for(selector) or plane.credential_for(planned.selector)
            probed = "cannot-tell" if credential is None else (await plane.probe(planned, credential)).outcome
        except AdapterFault as fault:
            raise WrongUse(f"{instance.name}: {fault.detail}.", "Check the selector and the provider.") from None
        return read.verdict, probed, dict(read.fields), planned.name

    verdict, probed, fields, name = providers.on_planes(session, work)
    of = [one.id for one in session.reader.entries(kinds=("correction.attested",)) if one.id.startswith(entry)]
    inc = next((one.entry.inc for one in session.reader.entries() if one.id in of), None)
    drafts = [_reading(instance.id, where.surface, "read-back", verdict, of, name, selector, inc)]
    if probed != "cannot-tell":
        drafts.append(_reading(instance.id, where.surface, "probe", probed, of, name, selector, inc))
    ref = session.ref
    session.store.write(lambda tx: [tx.append(device, draft, roster=ref) for draft in drafts])
    words = f"{name}: read back {verdict}" + (f", probe {probed}" if probed != "cannot-tell" else ", no probe here")
    return {
        "recorded": verdict == "in-effect", "bites": probed == "refused", "read_back": verdict, "probe": probed,
        "fields": fields, "text": words,
    }  # fmt: skip


def _reading(
    instance: str, surface: str, what: str, verdict: str, of: list[str], name: str, selector: str, inc: str | None
) -> Draft:
    pub: dict[str, JsonValue] = {"instance": instance, "surface": surface, "what": what, "verdict": verdict, "count": 1}
    if of:
        pub["of"] = list(of)
    return Draft("reading.observed", inc, None, pub, {"name": name, "selector": selector})
