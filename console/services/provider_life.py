"""A provider or a canary that changes or goes: another name, address or credential; removed here, or for everybody.

Whatever is still in force or on its way there is named before anything goes, and recorded when it goes all the same.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from console.domain.corrections import IN_FORCE, PENDING, QUEUED
from console.domain.errors import Problem, WaitsForPeople, WrongUse
from console.domain.profile import JsonValue
from console.journal.values import Draft
from console.providers.instance import Instance, Instances, check_settings
from console.services import standing
from console.services.inventory import known_instance, retired, surfaces
from console.services.providers import instances_of
from console.services.secrets import open_secrets
from console.services.session import Session

_HOLDS: Final = (*PENDING, *QUEUED, *IN_FORCE, "attention")
_SHOWN: Final = 12
_LIFT_FIRST: Final = "Lift or cancel them first, or say that it goes all the same (--anyway)."
LEFT_ALONE: Final = (
    "What is in force there stays in force: this console will neither look at it again, nor prove it, nor lift it."
)


class StillHeld(WaitsForPeople):
    """Corrections stand or wait where something is to be removed: a person has to lift them, or say that it goes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Hold:
    """One target that is in force, queued or proposed where something is to be removed."""

    doc: str
    op: str
    inc: str
    title: str
    name: str
    state: str

    @property
    def sentence(self) -> str:
        """It as people read it, also in the record."""
        return f"{self.title}: {self.name}, {self.state}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Removal:
    """What was removed: surfaces taken from the organisation, credentials deleted here, and what stays in force."""

    instance: str
    name: str
    everywhere: bool
    surfaces: int
    secrets: int
    holds: tuple[Hold, ...]


def holds(session: Session, provider: str, selector: str | None = None) -> tuple[Hold, ...]:
    """Every target at a provider (of one selector, where given) that is proposed, queued or in force.

    Raises:
        NoSuchInstance: when there is no such provider here.
    """
    instance = instances_of(session).get(provider)
    return tuple(
        Hold(doc=one.doc, op=one.op, inc=one.inc, title=target.lever_title, name=target.name, state=target.state)
        for one in standing.corrections(session) if one.group != "over"
        for target in one.targets
        if target.instance == instance.id and target.state in _HOLDS and selector in (None, target.selector)
    )  # fmt: skip


# -- it goes -----------------------------------------------------------------------------------------------------------


def remove(session: Session, provider: str, reason: str, *, everywhere: bool = True, anyway: bool = False) -> Removal:
    """Remove a provider: its credentials and its place on this console; `everywhere` retires it for the organisation.

    Retired, its surfaces are no surfaces of ours any more; consoles of colleagues show that it was, and keep their own
    credentials until they remove it too. It can be connected anew at any time.

    Raises:
        NoSuchInstance: when there is no such provider here.
        WrongUse: without a reason.
        StillHeld: when something is in force or on its way there, and it was not said to go `anyway`.
        Locked, VaultUnusable: when its credentials cannot be deleted; nothing is removed then.
    """
    instances = instances_of(session)
    instance = instances.get(provider)
    _check_reason(reason)
    found = holds(session, instance.id)
    _check_holds(found, instance.name, anyway=anyway)
    place, names = open_secrets(session), _secrets_of(instances, instance)
    place.prime(names)  # asks for what it needs now: nothing is half removed for want of a passphrase
    kept = [name for name in names if place.get(name) is not None]
    here = [one for one in surfaces(session) if one.instance == instance.id]
    _record(session, instance, [one.surface for one in here], reason, found, everywhere=everywhere)
    for name in names:
        place.forget(name)
    instances.remove(instance.id)
    return Removal(
        instance=instance.id, name=instance.name, everywhere=everywhere, surfaces=len(here) if everywhere else 0,
        secrets=len(kept), holds=found,
    )  # fmt: skip


def _record(
    session: Session, instance: Instance, here: Sequence[str], reason: str, found: Sequence[Hold], *, everywhere: bool
) -> None:
    left = f" {_told(found)}" if found else ""
    if not everywhere:
        text = f"The provider {instance.name} was disconnected from this console, and its credentials deleted here."
        session.append(Draft("note", disclosures={"text": f"{text} Reason: {_plain(reason)}.{left}"}))
        return
    if instance.id in retired(session):  # a colleague retired it; what goes here is only what was left of it
        return
    words: dict[str, JsonValue] = {"reason": reason}
    if left:
        words["text"] = left.strip()
    drafts = [Draft("surface.removed", pub={"surface": one}, disclosures={"reason": reason}) for one in here]
    drafts.append(Draft("provider.removed", pub={"instance": instance.id}, disclosures=words))
    session.append_all(drafts)


def remove_canary(
    session: Session, provider: str, selector: str, reason: str, *, anyway: bool = False
) -> tuple[Instance, tuple[Hold, ...]]:
    """Delete the credential with which a selector was probed here; gives what goes on unproven.

    Raises:
        NoSuchInstance: when there is no such provider here.
        WrongUse: when nothing is kept for that selector, or without a reason.
        StillHeld: when something that it proves is in force or on its way, and it was not said to go `anyway`.
        Locked, VaultUnusable: as `remove`.
    """
    instances = instances_of(session)
    instance = instances.get(provider)
    name = instance.probe_credentials.get(selector)
    if name is None:
        raise WrongUse(
            f"No credential is kept for {selector[:64]!r} at {instance.name}.", "See `standdown provider list`."
        )
    _check_reason(reason)
    found = holds(session, instance.id, selector)
    _check_holds(found, f"{selector} at {instance.name}", anyway=anyway)
    place = open_secrets(session)
    place.prime([instance.secret(name)])
    left = f" {_told(found)}" if found else ""
    text = f"The canary {selector} at {instance.name} was removed from this console, and its credential deleted here."
    session.append(Draft("note", disclosures={"text": f"{text} Reason: {_plain(reason)}.{left}"}))
    place.forget(instance.secret(name))
    return instances.set_probe_credential(instance.id, selector, None), found


# -- it changes --------------------------------------------------------------------------------------------------------


def change(
    session: Session, provider: str, *, name: str | None = None, settings: Mapping[str, Any] | None = None,
    secrets: Mapping[str, str] | None = None,
) -> tuple[Instance, tuple[str, ...]]:  # fmt: skip
    """Another name, other settings, other credentials; gives it and what was changed, in words without a secret.

    `settings` replace all there are. A name is the organisation's: it is announced again. What else changes is noted,
    for a changed address sends corrections elsewhere.

    Raises:
        NoSuchInstance, UnknownAdapter, BadSettings: as their names say.
        WrongUse: for a bad or taken name, an unknown credential, or when nothing changes.
        Locked, VaultUnusable: when a credential cannot be kept; nothing is changed then.
    """
    instances = instances_of(session)
    before = instances.get(provider)
    manifest = instances.registry.manifest(before.adapter)
    called = before.name if name is None else name.strip()
    wanted = dict(before.settings) if settings is None else check_settings(manifest.settings, settings)
    given = {one: secret for one, secret in (secrets or {}).items() if secret}
    if unknown := [one for one in given if one not in manifest.secrets]:
        raise WrongUse(f"{manifest.title} has no credential {unknown[0][:64]!r}.", "See `standdown provider adapters`.")
    told = _changes(before, called, wanted, given)
    if not told:
        raise WrongUse("Nothing of it changes.", "Give another name, setting or credential.")
    if called != before.name and known_instance(session, before.adapter, called) not in (None, before.id):
        raise WrongUse(f"A colleague's provider is named {called!r} already.", "Choose another name.")
    session.person()
    place = open_secrets(session)
    place.prime([before.secret(one) for one in given])
    changed = instances.change(before.id, name=called, settings=wanted)
    for one, secret in given.items():
        place.put(before.secret(one), secret)
    session.append_all(_change_drafts(before, changed, manifest.version, told))
    return changed, told


def _change_drafts(before: Instance, changed: Instance, version: int, told: Iterable[str]) -> list[Draft]:
    drafts: list[Draft] = []
    if changed.name != before.name:
        pub: dict[str, JsonValue] = {"instance": before.id, "adapter": f"{before.adapter}/{version}"}
        drafts.append(Draft("provider.added", pub=pub, disclosures={"name": changed.name}))
    text = f"The provider {before.name} was changed on this console: {'; '.join(told)}."
    return [*drafts, Draft("note", disclosures={"text": text})]


def _changes(before: Instance, name: str, settings: Mapping[str, Any], secrets: Mapping[str, str]) -> tuple[str, ...]:
    told = [f"its name is {name} now"] if name != before.name else []
    for field in sorted({*before.settings, *settings}):
        old, new = before.settings.get(field), settings.get(field)
        if old != new:
            told.append(f"{field} from {_value(old)} to {_value(new)}")
    return (*told, *(f"another credential {one}" for one in secrets))


def _value(value: object) -> str:
    return "nothing" if value in (None, "") else f"{len(value)} rows" if isinstance(value, list) else str(value)


# -- parts -------------------------------------------------------------------------------------------------------------


def _check_reason(reason: str) -> None:
    if not reason.strip():
        raise WrongUse("A removal needs a reason.", "Give it with --reason.")


def _plain(reason: str) -> str:
    return reason.strip().rstrip(".")


def _check_holds(found: Sequence[Hold], what: str, *, anyway: bool) -> None:
    if found and not anyway:
        raise StillHeld(f"{what} is not removed: {_told(found)}", _LIFT_FIRST)


def _told(found: Sequence[Hold]) -> str:
    told = "; ".join(one.sentence for one in found[:_SHOWN])
    more = f"; and {len(found) - _SHOWN} more" if len(found) > _SHOWN else ""
    count = "1 target is" if len(found) == 1 else f"{len(found)} targets are"
    return f"{count} in force or under way there: {told}{more}."


def _secrets_of(instances: Instances, instance: Instance) -> list[str]:
    """Every name under which the vault may hold something of it; an adapter that is gone names none of its own."""
    try:
        own = tuple(instances.registry.manifest(instance.adapter).secrets)
    except Problem:
        own = ("admin",)
    return [instance.secret(name) for name in (*own, *instance.probe_credentials.values())]
