"""`standdown doctor`: what is missing for this console to do its work."""

from __future__ import annotations

import shutil
import sys

import click

from console.cli.frame import Call, exit_with, pass_call
from console.domain.errors import Problem


@click.command("doctor")
@pass_call
def command(call: Call) -> None:
    """Say what is there and what is missing; changes nothing. Exit code 1: something is missing."""
    from console.runtime.faults import RuntimeProblem

    facts: list[tuple[bool, str]] = [
        (sys.version_info >= (3, 11), f"Python {sys.version.split()[0]}"),
        (shutil.which("ssh-keygen") is not None, "ssh-keygen (auditors verify with it; FIDO2 keys sign through it)"),
    ]
    try:
        with call.session() as session:
            from console.services import providers, readiness
            from console.sync.forks import known_forks

            facts.append((True, f"profile {session.paths.root}"))
            org = readiness.organisation_facts(session)
            facts.append(
                (not org["missing"], "organisation" + (f": missing {org['missing'][0]}" if org["missing"] else ""))
            )
            for folder in session.settings.places:
                from pathlib import Path

                facts.append((Path(folder).is_dir(), f"shared folder {folder}"))
            facts += [(False, one.sentence) for one in known_forks(session.store, session.settings.console)]
            instances = providers.instances_of(session).all()
            facts.append((bool(instances), f"{len(instances)} providers connected"))
            facts += [(False, f"adapter {one.name} is broken: {one.reason}")
                      for one in providers.instances_of(session).registry.broken()]  # fmt: skip
    except (Problem, RuntimeProblem) as fault:
        facts.append((False, fault.what + " " + fault.next_step))
    ok = all(good for good, _ in facts)
    call.tell(
        {"ok": ok, "facts": [{"ok": good, "what": what} for good, what in facts]},
        *(f"{'ok     ' if good else 'MISSING'}  {what}" for good, what in facts),
    )
    if not ok:
        exit_with(1)
