"""The command `standdown`: which groups there are, and what becomes of a fault. It holds no rule of its own.

Groups are imported when they are used, so that `standdown --help` answers at once.
"""

from __future__ import annotations

import sys
from pathlib import Path

import click

from console import __version__
from console.cli.frame import Call, hoist, report_fault

# name -> (module, one line); the order is the order of a first day
GROUPS: dict[str, tuple[str, str]] = {
    "window": ("console.cli.window", "Open the window: everything below, on screen."),
    "drill": ("console.cli.drill", "Practise the whole job on simulators, in under a minute."),
    "record": ("console.cli.record", "Start a record now, alone, without any network."),
    "org": ("console.cli.org", "Found or join an organisation; words, signatures, rehearsal."),
    "person": ("console.cli.person", "Who is in the organisation, with which roles and keys."),
    "policy": ("console.cli.policy", "Who has to sign what, and who can now; try and propose another policy."),
    "provider": ("console.cli.provider", "Connect control planes: gateways, model servers, people."),
    "adapter": ("console.cli.adapter", "What speaks to control planes: list, write your own, try a file."),
    "status": ("console.cli.status", "Every model on every surface, with the age of what is known."),
    "coverage": ("console.cli.coverage", "What can be done where, how fast it was in force when rehearsed; gaps."),
    "incident": ("console.cli.incident", "Declare, command, rate, close."),
    "note": ("console.cli.note", "Write into the timeline, or paste a chat log."),
    "decide": ("console.cli.decide", "Record a decision, or a decision not to act."),
    "fact": ("console.cli.fact", "Record who knew what, since when."),
    "evidence": ("console.cli.evidence", "Attach a file with its hash."),
    "clock": ("console.cli.clock", "Reporting clocks: what is owed to whom, and how long there is."),
    "checklist": ("console.cli.checklist", "The response plan's steps and other tasks, ticked off by whom and when."),
    "brief": ("console.cli.brief", "The situation in fifteen lines, for whom; the room page for a wall."),
    "search": ("console.cli.search", "Find words in the record, newest first."),
    "correct": ("console.cli.correct", "Propose, lift, undo and attest corrections."),
    "agreement": ("console.cli.agreement", "What the terms with downstream users allow, and with what notice."),
    "list": ("console.cli.lists", "Thousands of accounts as one correction, signed once."),
    "callout": ("console.cli.callout", "Reach people: hooks, order and waits; who was paged, heard, opened, signed."),
    "approve": ("console.cli.approve", "Read what would be signed, from its very bytes; sign or refuse it."),
    "rotate": ("console.cli.rotate", "Rotate leaked credentials: slow, replace, see in use, revoke."),
    "emergency": ("console.cli.emergency", "When one has to act: break-glass, ratify, more time, assume command."),
    "stages": ("console.cli.stages", "Give a correction back in stages, with holds and stops."),
    "redact": ("console.cli.redact", "Forget a secret everywhere, once two people signed it."),
    "outbox": ("console.cli.outbox", "Send what was approved, and watch it take hold."),
    "watch": ("console.cli.watch", "The engine without a window or authority, for a server."),
    "sync": ("console.cli.sync", "Exchange the record with colleagues through a folder."),
    "export": ("console.cli.export", "Write a bundle that stock tools verify."),
    "review": ("console.cli.review", "After action: when it was seen, contained, reported; what failed; what follows."),
    "verify": ("console.cli.verify", "Verify a profile or a bundle."),
    "doctor": ("console.cli.doctor", "Say what is missing for this console to do its work."),
    "bench": ("console.cli.bench", "Measure against raw floors on this machine."),
}


class Groups(click.Group):
    """The top of the command line; its groups are imported on use."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002  click's signature
        """The names in their own order."""
        return list(GROUPS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002  click's signature
        """Import and return one group."""
        import importlib

        if cmd_name not in GROUPS:
            return None
        found: object = importlib.import_module(GROUPS[cmd_name][0]).command
        return found if isinstance(found, click.Command) else None

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002  click's signature
        """List the groups by their one line, without importing any."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, line) for name, (_, line) in GROUPS.items()])


@click.command(
    cls=Groups,
    context_settings={"help_option_names": ["-h", "--help"]},
    epilog="""\b
Examples:
  standdown drill run
  standdown record start --name "Team red"
  standdown note "Reports of harmful answers from F-7"

Exit codes: 0 done, 1 it is not so, 2 wrong use, 3 waits for people, 4 waits for a connection.""",
)
@click.option("--profile", type=click.Path(path_type=Path), help="Profile folder (default: your data folder).")
@click.option("--json", "as_json", is_flag=True, help="One JSON object on standard output.")
@click.option("--passphrase-fd", type=int, help="Read passphrases from this descriptor, one a line, in order asked.")
@click.option("--secret-fd", type=int, help="Read provider secrets from this descriptor, one a line, in order asked.")
@click.version_option(__version__, message="standdown %(version)s")
@click.pass_context
def cli(
    ctx: click.Context,
    profile: Path | None,
    as_json: bool,  # noqa: FBT001  click hands options by name
    passphrase_fd: int | None,
    secret_fd: int | None,
) -> None:
    """Correct a deployed AI model that has turned out dangerous, with two signatures, and prove it afterwards."""
    ctx.obj = Call(profile=profile, as_json=as_json, passphrase_fd=passphrase_fd, secret_fd=secret_fd)


def main(arguments: list[str] | None = None) -> int:
    """Run one command; returns the exit status and never shows a traceback."""
    given = hoist(sys.argv[1:] if arguments is None else arguments)
    as_json = "--json" in given[:8]
    try:
        answer: object = cli.main(args=given, prog_name="standdown", standalone_mode=False)
    except click.exceptions.Abort:
        click.echo("Stopped.", err=True)
        return 130
    except click.exceptions.NoArgsIsHelpError as fault:
        click.echo(fault.format_message(), err=True)
        return 2
    except click.ClickException as fault:
        fault.show()
        return 2
    except Exception as fault:  # noqa: BLE001  the last door: whatever comes here becomes one sentence and a log
        return report_fault(fault, as_json=as_json)
    return answer if isinstance(answer, int) else 0
