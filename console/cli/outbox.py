"""`standdown outbox`: send what was approved, and watch it take hold."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict
from typing import TYPE_CHECKING, Final

import click

from console.cli.frame import Call, exit_with, pass_call, when

if TYPE_CHECKING:
    from console.outbox.item import Settled

_TRIES: Final = 3
STOPPED = "Stopped. What is queued stays queued; what was under way is read back at the next start."
_SAID: Final = {
    "goes": "goes", "held": "held", "turn": "another console", "connection": "waits for connection",
    "back": "back to people", "again": "confirm again", "anew": "decide anew", "unknown": "outcome unknown",
}  # fmt: skip


@click.group("outbox")
def command() -> None:
    """Send what was approved, and watch it take hold."""


@command.command("list")
@pass_call
def list_(call: Call) -> None:
    """Every target on its way, with its state."""
    from console.services import dispatch, standing

    with call.session() as session:
        rows = dispatch.rows(session)
        known = {(one.doc, target.index): target for one in standing.corrections(session) for target in one.targets}
    lifted = {key for key, target in known.items() if target.state == "lifted"}
    found = [
        {"op": r.op, "document": r.doc, "target": r.target, "instance": r.instance,
         "state": "lifted" if r.key in lifted else r.state, "since_ms": r.since_ms, "attempt": r.attempt,
         "detail": "" if r.key in lifted else r.detail, "by_hand": r.by_hand}
        for r in rows
    ]  # fmt: skip
    lines = [
        f"{one['op']} target {one['target']}  {one['state']:<12} since {when(r.since_ms)}  {one['detail']}"
        for one, r in zip(found, rows, strict=True)
    ]
    call.tell({"ok": True, "rows": found}, *(lines or ["The outbox is empty."]))


@command.command("waiting")
@pass_call
def waiting_(call: Call) -> None:
    """What was decided and not carried out yet: what goes, and when; what people have to confirm again; what lapsed."""
    from console.services import waiting

    with call.session() as session:
        found = waiting.waiting(session)
    lines = [
        f"{_SAID[one.fate]:<22} {one.title} at {one.where}, {one.state}, valid until {when(one.until_ms)}"
        + (f", goes at {when(one.at_ms)}" if one.at_ms else "") + f". {one.why} {one.next_step}".rstrip()
        for one in found
    ]  # fmt: skip
    call.tell({"ok": True, "waiting": [asdict(one) for one in found]}, *(lines or ["Nothing waits."]))


@command.command()
@click.argument("named")
@pass_call
def now(call: Call, named: str) -> None:
    """End the visible hold of a correction whose provider came back: it goes now."""
    from console.services import resending

    with call.session() as session:
        count = resending.release(session, named)
    call.tell({"ok": bool(count), "released": count}, f"{count} {'target goes' if count == 1 else 'targets go'} now.")
    if not count:
        exit_with(3)


@command.command()
@click.argument("named")
@pass_call
def changed(call: Call, named: str) -> None:
    """What changed at its targets since it was signed: as signed, as read now, as it would be. It only reads."""
    from console.services import changes

    with call.session() as session:
        found = changes.changes(session, named)
    lines: list[str] = []
    for one in found:
        lines.append(f"{one.target}: {one.title} at {one.where}, {one.state}. {one.sentence}")
        lines += [
            f"     {'!' if each.differs else ' '} {each.name}: signed as {each.signed}, "
            f"now {'not read' if each.now is None else each.now}, would be {each.wanted}"
            for each in one.fields
        ]
    call.tell({"ok": True, "targets": changes.told(found)}, *(lines or ["Nothing of it is left to be sent."]))


@command.command()
@click.argument("named")
@pass_call
def refusals(call: Call, named: str) -> None:
    """Whether a correction bites, over time: what tries of it came to at each target since it was accepted."""
    from console.services import bites

    with call.session() as session:
        found = bites.series(session, named)
    lines: list[str] = []
    for one in found:
        lines.append(f"{one.target}: {one.title} at {one.where}  [{one.verdict}]  {bites.sentence(one, when)}")
        lines += [
            f"     {when(moment.at_ms)}  {moment.passed} passed, {moment.refused} refused"
            + (f", {moment.unclear} unclear" if moment.unclear else "")
            + (f" (until {when(moment.until_ms)}, as entered)" if moment.entered else "")
            for moment in one.moments
        ]
    call.tell({"ok": True, "targets": bites.told(found, when)}, *(lines or ["Nothing of it has reached a provider."]))


@command.command()
@click.argument("named")
@click.option("--reason", default="", help="Why (else the reason it had).")
@pass_call
def again(call: Call, named: str, reason: str) -> None:
    """Propose what is left of a correction again: its next revision, read anew, sent from here. It needs signatures."""
    from console.services import resending

    with call.session() as session:
        made = resending.again(session, named, reason)
        _tell_proposed(call, made.op, made.sha, made.action.rev, len(made.plans))


@command.command("take-over")
@click.argument("named")
@click.option("--reason", default="", help="Why (else the reason it had).")
@pass_call
def take_over(call: Call, named: str, reason: str) -> None:
    """Propose that this console sends what another one was to send: its next revision. It needs signatures."""
    from console.services import resending

    with call.session() as session:
        made = resending.take_over(session, named, reason)
        _tell_proposed(call, made.op, made.sha, made.action.rev, len(made.plans))


def _tell_proposed(call: Call, op: str, sha: str, rev: int, targets: int) -> None:
    call.tell(
        {"ok": True, "op": op, "document": sha, "revision": rev, "targets": targets},
        f"Revision {rev} of {op} proposed with {targets} {'target' if targets == 1 else 'targets'}: {sha}",
        f"No approval carries over. Approve it: standdown approve sign {sha[:16]}",
    )


@command.command(
    epilog="""\b
Exit code 3: something waits for people, or the providers' secrets stay locked: then nothing was taken up or sent.
4: something waits for a connection, or for more time. 130: stopped by Ctrl+C."""
)
@click.option("--until-settled", "settled", is_flag=True, help="End when nothing is left to do now (else go on).")
@click.option(
    "--for", "seconds", type=click.IntRange(min=1), help="At most so many seconds, then finish what is under way."
)
@click.option("--without-secrets", is_flag=True, help="Where secrets stay locked, go on with what needs none.")
@click.option("--fast", is_flag=True, hidden=True, help="Short waits between looks and holds, for tests.")
@pass_call
def run(call: Call, settled: bool, seconds: int | None, without_secrets: bool, fast: bool) -> None:  # noqa: FBT001  click
    """Be this profile's dispatcher: sync, decide, send, read back, probe, and look again at what is in force."""
    from console.outbox.steps import Pace
    from console.services import dispatch
    from console.services.verification import Phase, Progressed, Verification

    def heard(state: Progressed) -> None:
        if state.phase in {Phase.wrong, Phase.failed}:  # said, and nothing more: no guard stops an emergency
            click.echo(state.sentence, err=True)

    short = Pace(
        sync_ms=1000, poll_ms=1000, settle_ms=500, hold_ms=2000, stable_ms=3000, usage_ms=1000, watch_ms=2000
    )  # fmt: skip
    try:
        with call.session() as session, Verification(session, heard) as verification:
            verification.start()
            told = _typed_again(call, lambda: dispatch.run_outbox(
                session, "settled" if settled or seconds else "forever",
                deadline_ms=None if seconds is None else seconds * 1000, pace=short if fast else None,
                on_start=lambda: call.progress("Dispatching for this profile ..."), without_secrets=without_secrets,
            ))  # fmt: skip
    except KeyboardInterrupt:
        call.tell({"ok": False, "stopped": True, "what": STOPPED, "exit": 130})
        click.echo(STOPPED, err=True)
        exit_with(130)
    rows = [{"op": r.op, "target": r.target, "state": r.state, "detail": r.detail} for r in told.rows]
    lines = [f"{r.op} target {r.target}  {r.state}  {r.detail}" for r in told.rows]
    lines += [f"Waits for people: {one}" for one in told.people]
    lines += [f"Waits for a connection: {one}" for one in told.connection]
    lines += [f"Not finished yet, run it again: {one}" for one in told.unfinished]
    lines += [f"Odd: {one}" for one in told.odd]
    result = {
        "ok": told.done, "rows": rows, "people": list(told.people), "connection": list(told.connection),
        "unfinished": list(told.unfinished), "odd": list(told.odd),
    }  # fmt: skip
    call.tell(result, *(lines or ["Nothing to do."]))
    if told.connection:
        exit_with(4)
    if told.people:
        exit_with(3)
    if told.unfinished:
        exit_with(4)


def _typed_again(call: Call, work: Callable[[], Settled]) -> Settled:
    """Where somebody mistyped the passphrase of the secrets, nothing was taken up yet: they type it again."""
    from console.keys.faults import WrongPassphrase
    from console.services.provider_secrets import SecretsLocked
    from console.services.session import SECRETS

    for _ in range(_TRIES - 1):
        try:
            return work()
        except SecretsLocked as fault:
            if not isinstance(fault.__cause__, WrongPassphrase) or not call.ask_anew(SECRETS):
                raise
            click.echo(fault.__cause__.what, err=True)
    return work()
