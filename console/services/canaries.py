"""What this console can say of a target that its proposer marked as a canary: whether it knows it as one.

The mark keeps a target from counting (0031), and the proposer writes it. It is a warning beside the document, never a
rule: who signs may have connected the provider without any canary of their own. It opens no socket.
"""

from __future__ import annotations

from console.domain.actions import Action
from console.domain.deceit import shown
from console.outbox.facts import Held
from console.services.session import Session


def strange_canaries(session: Session, held: Held) -> tuple[str, ...]:
    """A sentence for each target marked as a canary that is not registered as one on this console."""
    action = held.document
    marked = [] if not isinstance(action, Action) else [at for at, one in enumerate(action.targets) if one.canary]
    if not marked or not isinstance(action, Action):
        return ()
    from console.services import providers  # noqa: PLC0415  what waits is shown before anything of a provider is imported

    known = {one.id: one for one in providers.instances_of(session).all()}
    found: list[str] = []
    for at in marked:
        disclosed, instance = held.disclosed(at), known.get(action.targets[at].instance)
        selector = str(disclosed.get("selector", ""))
        if instance is None:
            why = "its provider is not connected on this console, so it cannot be said whether it is one"
        elif not instance.probe_credentials:
            why = f"no canary is registered at {instance.name} on this console, so it cannot be said whether it is one"
        elif selector in instance.probe_credentials:
            continue
        else:
            why = f"it is NOT one of the canaries registered at {instance.name} on this console"
        found.append(f"Target {at + 1} ({shown(selector)}) is marked as a canary, so it may weigh nothing: {why}.")
    return tuple(found)
