"""`standdown doctor`: what is missing for this console to do its work."""

from __future__ import annotations

import shutil
import sys
from importlib.util import find_spec

import click

from console.cli.frame import Call, exit_with, pass_call
from console.domain.errors import Problem


@click.command("doctor")
@click.option("--recover", is_flag=True, help="After a restored backup: fetch what is missing, go on in new feeds.")
@click.option("--alone", is_flag=True, help="With --recover: go on although a shared place cannot be met.")
@click.option("--page-test", is_flag=True, help="Try every hook of the call-out with a message that says so.")
@pass_call
def command(call: Call, recover: bool, alone: bool, page_test: bool) -> None:  # noqa: FBT001  click hands options by name
    """Say what is there and what is missing; changes nothing unless asked to. Exit code 1: something is missing."""
    from console.runtime.faults import RuntimeProblem

    if recover:
        _recover(call, alone=alone)
        return
    if page_test:
        _page_test(call)
        return

    hints: list[str] = []
    facts: list[tuple[bool, str]] = [
        (sys.version_info >= (3, 11), f"Python {sys.version.split()[0]}"),
        (shutil.which("ssh-keygen") is not None, "ssh-keygen (auditors verify with it; FIDO2 keys sign through it)"),
        (find_spec("zxingcpp") is not None, "zxing-cpp (reads QR pictures; files and text are taken in without it)"),
    ]
    try:
        with call.session() as session:
            from console.services import clock_hint, machine_time, providers, readiness, recovery
            from console.sync.forks import known_forks
            from console.sync.unseen import unseen

            facts.append((True, f"profile {session.paths.root}"))
            facts += [
                (False, f"at least {one.entries} entries of the own feed {one.feed[:16]}: standdown doctor --recover")
                for one in recovery.lacks(session)
            ]
            facts += [(False, doubt) for doubt in [machine_time.clock_sentence(session)] if doubt]
            if (hint := clock_hint.ask_now(session)) is not None:
                hints.append(f"{hint.sentence} {hint.next_step}")
            org = readiness.organisation_facts(session)
            facts.append(
                (not org["missing"], "organisation" + (f": missing {org['missing'][0]}" if org["missing"] else ""))
            )
            for folder in session.settings.places:
                from pathlib import Path

                facts.append((Path(folder).is_dir(), f"shared folder {folder}"))
            facts += [(False, one.sentence) for one in known_forks(session.store, session.settings.console)]
            facts += [(False, one.sentence) for one in unseen(session.store)]
            instances = providers.instances_of(session).all()
            facts.append((bool(instances), f"{len(instances)} providers connected"))
            facts += [(False, f"adapter {one.name} is broken: {one.reason}")
                      for one in providers.instances_of(session).registry.broken()]  # fmt: skip
    except (Problem, RuntimeProblem) as fault:
        facts.append((False, fault.what + " " + fault.next_step))
    ok = all(good for good, _ in facts)  # a hint proves nothing, so nothing is missing by it
    call.tell(
        {"ok": ok, "facts": [{"ok": good, "what": what} for good, what in facts], "hints": hints},
        *(f"{'ok     ' if good else 'MISSING'}  {what}" for good, what in facts),
        *(f"HINT     {what}" for what in hints),
    )
    if not ok:
        exit_with(1)


def _recover(call: Call, *, alone: bool) -> None:
    from console.services import recovery

    with call.session() as session:
        done = recovery.recover(session, alone=alone)
    call.tell(
        {
            "ok": True, "was_behind": done.was_behind, "received": done.received, "away": list(done.away),
            "lost": [{"feed": one.feed, "first": one.here + 1, "last": one.written} for one in done.lost],
        },
        *done.sentences,
    )  # fmt: skip


def _page_test(call: Call) -> None:
    from console.services import callout

    with call.session() as session:
        pages = callout.try_hooks(session)
    ok = all(one.ok for one in pages)
    call.tell(
        {"ok": ok, "pages": [{"hook": one.hook, "ok": one.ok, "detail": one.detail} for one in pages]},
        *(f"{'ok     ' if one.ok else 'FAILED '}  {one.hook}: {one.detail}" for one in pages),
        "Whether it reached a person, they have to tell you.",
    )
    if not ok:
        exit_with(1)
