"""`standdown org`: found or join an organisation; words, signatures, rehearsal."""

from __future__ import annotations

import sys
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from console.cli.frame import Call, harmless, moment, pass_call, when
from console.cli.org_keys import COMMANDS, device_option
from console.domain.errors import Problem, WaitsForPeople, WrongUse

if TYPE_CHECKING:
    from console.services.roster import Outcome, Waiting
    from console.services.session import Session


_MOST_TYPED = 64 * 1024


@click.group(
    "org",
    epilog="""\b
Founding, two people, one shared folder:
  first   standdown org found --folder /mnt/shared          (reads out the words it prints)
  second  standdown org join  --folder /mnt/shared --words "..." --name "..."   (reads out the words it prints)
  first   standdown org admit --words "..."
  second  standdown org sign
  both    standdown sync run, then standdown org rehearse, standdown org envelopes --delete
Later, each change signed by enough admins:
  third   standdown org join  --folder /mnt/shared --words "..." --name "..."
  admin   standdown org admit --words "..." --name "..." --role approver --role scribe
  others  standdown org pending, then standdown org sign
  a lost device:  standdown org revoke c-... --reason "laptop stolen" --since 14:00
At any time: standdown org next""",
)
def command() -> None:
    """Found or join an organisation; words, signatures, rehearsal; members, lost keys, the lodging letter."""


folder_option = click.option("--folder", type=click.Path(path_type=Path), required=True, help="The shared folder.")
envelopes_option = click.option(
    "--envelopes", type=click.Path(path_type=Path), help="Where the two recovery sheets go (default: in the profile)."
)


@command.command()
@folder_option
@envelopes_option
@device_option
@pass_call
def found(call: Call, folder: Path, envelopes: Path | None, on_device: bool) -> None:  # noqa: FBT001  click's options
    """Make your approver key and sealed recovery key, and lay the record's beginning into the folder."""
    from console.services import organisation, setup

    with call.session() as session:
        where = envelopes or session.paths.root / "envelopes"
        made = organisation.prepare_founding(session, folder, where, on_device=on_device)
        setup.write_note(
            session.paths, setup.Note(None, str(folder.absolute()), str(made.envelopes[0].parent.absolute()))
        )
    call.tell(
        {"ok": True, "words": made.genesis_words, "envelopes": [str(path) for path in made.envelopes]},
        "Read these words to your colleague, by voice:",
        f"  {made.genesis_words}",
        f"Print and seal the two envelopes in {made.envelopes[0].parent}, then: standdown org envelopes --delete",
    )


@command.command()
@folder_option
@click.option("--words", required=True, help="The words your colleague reads out.")
@click.option("--name", required=True, help="Your name, as colleagues will read it.")
@envelopes_option
@click.option("--person", help="Your id there (p-...): a further device of yours, or one in place of a lost one.")
@click.option("--agent", metavar="KEY", help="Your writer key is this key of your ssh-agent: fingerprint or .pub file.")
@device_option
@pass_call
def join(
    call: Call,
    folder: Path,
    words: str,
    name: str,
    envelopes: Path | None,
    person: str | None,
    agent: str | None,
    on_device: bool,  # noqa: FBT001  click hands options by name
) -> None:
    """Make a profile and keys of your own, and ask to be admitted."""
    from console.keys.agent import agent_of
    from console.services import organisation, setup

    paths = call.paths()
    made = organisation.join(
        paths, call.passphrase, folder=folder, words=words, name=name, member=person,
        held=None if agent is None else agent_of().find(agent), on_device=on_device,
        envelopes=envelopes or paths.root / "envelopes",
    )  # fmt: skip
    setup.write_note(paths, setup.Note(None, str(folder.absolute()), str(made.envelopes[0].parent.absolute())))
    call.tell(
        {"ok": True, "words": made.words, "envelopes": [str(path) for path in made.envelopes]},
        "Read these words to an admin, by voice:",
        f"  {made.words}",
        f"Print and seal the two envelopes in {made.envelopes[0].parent}, then: standdown org envelopes --delete",
    )


@command.command()
@click.option("--words", required=True, help="The words the newcomer reads out.")
@click.option("--name", default="", help="What colleagues will read as their name (a third person and further).")
@click.option("--role", "roles", multiple=True, help="A role they may hold; several times. Default: those asked for.")
@click.option(
    "--device", is_flag=True, help="A member's further device or renewed key: their own voice read the words."
)
@click.option("--lost", default="", help="With --device: the console (c-...) that is lost; its keys are revoked.")
@click.option("--since", default="", help="With --lost: when it was lost (HH:MM UTC, or ISO). Nothing later is good.")
@click.option("--reason", default="", help="Why; kept in the record.")
@pass_call
def admit(
    call: Call,
    words: str,
    name: str,
    roles: tuple[str, ...],
    device: bool,  # noqa: FBT001  click hands options by name
    lost: str,
    since: str,
    reason: str,
) -> None:
    """Compare the newcomer's words, write the roster with them, and sign it first."""
    from console.services import members

    with call.session() as session:
        outcome = members.admit(
            session, words, name=name, roles=roles or None, device=device, lost=lost,
            since_ms=moment(since, session.clock.wall_ms()) if since else None, reason=reason,
        )  # fmt: skip
        share(session)
    tell_outcome(call, outcome, "Signed. Your colleague signs next: standdown org sign")


@command.command()
@pass_call
def pending(call: Call) -> None:
    """Rosters that wait for signatures: who is added or removed, with which roles and keys, and who signed."""
    from console.services import roster

    with call.session() as session:
        found = roster.waiting(session)
        told = [{**_facts(session, one), "text": _paper(session, one)} for one in found]
    lines = [line for one in told for line in (*one["text"], "")]
    call.tell({"ok": True, "waiting": told}, *(lines or ["No roster waits."]))


@command.command()
@click.option("--roster", "which", default="", help="The beginning of its hash, where several wait.")
@click.option(
    "--recovery",
    type=click.Path(path_type=Path, dir_okay=False, allow_dash=True),
    help="Sign with the sealed recovery key: a file with what stands on envelope 1 (- types it here).",
)
@pass_call
def sign(call: Call, which: str, recovery: Path | None) -> None:
    """Show the roster that waits, from its very bytes, and sign it."""
    from console.keys.recovery import read_sheet
    from console.services import roster

    sealed = None if recovery is None else read_sheet(sheet_text(recovery))
    with call.session() as session:
        one = roster.find(session, which)
        lines = _paper(session, one)
        if not call.as_json:
            click.echo(harmless("\n".join(lines)))
        if one.mine != "signed" or sealed is not None:
            _confirm(lines, one, named=bool(which))
        outcome = roster.sign(session, one.sha, recovery=sealed)
        in_force = session.roster.roster.n
    told = "is in force here." if outcome.in_force else f"waits: {outcome.missing}"
    call.tell(
        {"ok": True, "roster": outcome.sha, "in_force": in_force, "complete": outcome.in_force, "text": lines},
        f"Signed. Roster {outcome.n} {told}",
    )


def sheet_text(path: Path) -> str:
    """What stands on envelope 1: from a file, or typed here up to the end of the input. It is kept nowhere."""
    if str(path) == "-":
        return sys.stdin.read(_MOST_TYPED)
    return path.read_text(encoding="utf-8", errors="replace")[:_MOST_TYPED]


def _confirm(lines: list[str], one: Waiting, *, named: bool) -> None:
    """A person types the first word of what they read; a script has to name the roster it means."""
    if sys.stdin.isatty():
        word = lines[-1].partition(":")[2].split()[0]
        typed: str = click.prompt(f"To sign, type its first word ({word})", prompt_suffix=": ")
        if typed.strip() != word:
            raise WrongUse("That is not what was asked for; nothing was signed.", "Read it again, then try again.")
    elif not named and one.n > 1:
        raise WrongUse("A signature names what it signs.", f"standdown org sign --roster {one.sha[:12]}")


@command.command()
@click.option("--roster", "which", default="", help="The beginning of its hash, where several wait.")
@pass_call
def withdraw(call: Call, which: str) -> None:
    """Take a roster that only you signed out of the folder, so that another can be proposed."""
    from console.services import roster

    with call.session() as session:
        one = roster.withdraw(session, roster.find(session, which).sha)
    call.tell({"ok": True, "roster": one.sha}, "Withdrawn: it lies in no folder of this profile any more.")


@command.command()
@click.argument("what")
@click.option("--reason", required=True, help="Why; kept in the record and read by whoever signs.")
@click.option("--since", default="", help="From when on nothing is good (HH:MM UTC, or ISO). Default: from now on.")
@pass_call
def revoke(call: Call, what: str, reason: str, since: str) -> None:
    """Revoke the keys of a person (name or p-...), of a lost console (c-...), or one key (SHA256:...)."""
    from console.services import members

    with call.session() as session:
        outcome = members.revoke(session, what, reason, moment(since, session.clock.wall_ms()) if since else None)
        share(session)
    tell_outcome(call, outcome, "Signed. It counts once enough admins signed: standdown org sign")


@command.command()
@click.option("--reason", required=True, help="Why the version in force here is the one that goes on.")
@pass_call
def settle(call: Call, reason: str) -> None:
    """End a split of the roster in favour of the version in force here; admins of every branch have to sign it."""
    from console.services import settling

    with call.session() as session:
        left_out = [session.name_of(person) for person in settling.left_out(session)]
        outcome = settling.settle(session, reason)
        share(session)
        again = f" Afterwards admit again: {', '.join(left_out)}." if left_out else ""
        tell_outcome(call, outcome, f"The admins of each branch sign it: `standdown org sign`.{again}")


def share(session: Session) -> None:
    """Send what was just written, so that whoever signs next reads names and reasons; a place that is gone waits."""
    from console.services import dispatch

    with suppress(Problem):
        dispatch.sync_all(session)


def tell_outcome(call: Call, outcome: Outcome, next_step: str) -> None:
    """What became of a proposal: what it still lacks, and who goes on."""
    call.tell(
        {"ok": True, "roster": outcome.sha, "complete": outcome.in_force, "missing": outcome.missing},
        next_step if not outcome.in_force else f"Roster {outcome.n} is in force.",
        *([outcome.missing] if outcome.missing else []),
    )  # fmt: skip


def _facts(session: Session, one: Waiting) -> dict[str, Any]:
    return {
        "roster": one.sha, "n": one.n, "created_ms": one.created_ms, "mine": one.mine, "reason": one.reason,
        "proposer": session.name_of(one.proposer) if one.proposer else None, "missing": one.missing,
        "signed": [one.name_of(session)(person) for person in one.signed], "problem": one.problem,
    }  # fmt: skip


def _paper(session: Session, one: Waiting) -> list[str]:
    """The roster for a reader, made from the bytes that would be signed; its words are the last line."""
    from console.viewmodels.organisation import ground_of
    from console.viewmodels.roster_paper import roster_view

    name_of = one.name_of(session)
    view = roster_view(one.raw, ground_of(session, one.raw), name_of, session.clock.wall_ms())
    lines = [view.headline, f"  {one.sha}  made {when(one.created_ms)}"]
    lines += [f"  Proposed by {session.name_of(one.proposer)}." if one.proposer else "  Nobody recorded why."]
    lines += [f"  Why: {one.reason}"] if one.reason else []
    for section in view.sections:
        lines += [section.heading, *(f"    {line}" for line in section.lines)]
    lines += [f"LOOK: {text}" for text in view.warnings]
    lines += [f"CANNOT BE SIGNED: {text}" for text in dict.fromkeys((*view.problems, *filter(None, [one.problem])))]
    lines += [f"Signed by {', '.join(name_of(person) for person in one.signed)}. {one.missing}".rstrip()]
    return [*lines, f"The roster in words: {' '.join(view.digest_words)}"]


@command.command()
@pass_call
def rehearse(call: Call) -> None:
    """Prove that you can sign; a role counts only after it."""
    from console.services import organisation

    with call.session() as session:
        organisation.adopt_rosters(session)
        sha = organisation.rehearse(session)
    call.tell({"ok": True, "document": sha}, "Rehearsed: your signature counts once colleagues have synced.")


@command.command()
@pass_call
def words(call: Call) -> None:
    """The words of the organisation's beginning, to be compared by voice."""
    from console.keys.words import words_of
    from console.services.organisation import genesis_of

    with call.session() as session:
        genesis = genesis_of(session)
    call.tell({"ok": True, "genesis": genesis, "words": words_of(genesis)}, words_of(genesis))


@command.command()
@pass_call
def show(call: Call) -> None:
    """The organisation as it stands here: who could sign what now, and what is missing."""
    from console.services import readiness
    from console.viewmodels.organisation import abilities

    with call.session() as session:
        facts = readiness.organisation_facts(session)
    lines = ["PROVISIONAL: ONE PERSON"] if facts["provisional"] else []
    lines += [f"Organisation {facts['org']}, roster {facts['roster']} of {when(facts['created_ms'])}"]
    lines += [
        f"  {p['name']:<16} {', '.join(p['roles'])}{'' if p['rehearsed'] else '  (not rehearsed)'}"
        for p in facts["people"]
    ]
    can = abilities(facts)
    lines += [one.sentence for one in can]
    lines += [f"Missing: {one}" for one in facts["missing"]] + [f"Owed: {one}" for one in facts["owed"]]
    told = [{"what": one.gravity, "can": one.can, "sentence": one.sentence} for one in can]
    call.tell({"ok": True, **facts, "could_sign": told}, *lines)
    if facts["missing"]:
        raise WaitsForPeople(facts["missing"][0])


@command.command("next")
@pass_call
def next_(call: Call) -> None:
    """Meet the folder, and say what is to be done next on the way to two people who can act."""
    from console.services import founding

    with call.session() as session:
        found = founding.meet(session)
    lines = [_NEXT[found.stage].format(folder=found.folder, words=found.my_words, genesis=found.genesis_words)]
    if found.stage == "inviting":
        lines.append(f"Requests to join in the folder: {len(found.requests)}")
    lines += [found.trouble] if found.trouble else []
    lines += [f"An envelope still lies as a file: {path}" for path in found.envelopes]
    call.tell(
        {
            "ok": True, "stage": found.stage, "genesis_words": found.genesis_words, "my_words": found.my_words,
            "requests": len(found.requests), "folder": found.folder, "envelopes": list(found.envelopes),
            "trouble": found.trouble, "missing": found.facts["missing"],
        },
        *lines,
    )  # fmt: skip


_NEXT = {
    "alone": "One person. Found with a colleague: standdown org found --folder FOLDER",
    "inviting": 'Read out: {genesis}\nThen type what you hear: standdown org admit --words "..."',
    "admitted": "Signed here. Your colleague signs: standdown org sign",
    "asking": "Your request lies in {folder}. Read out: {words}",
    "signing": "A roster waits for your signature: standdown org sign",
    "signed": "Signed here. The roster waits for the other signature.",
    "rehearsing": "The roster is in force. Rehearse: standdown org rehearse",
    "others-rehearsing": "You have rehearsed; a colleague has not yet.",
    "ready": "Two people can act.",
}

for one in COMMANDS:
    command.add_command(one)
