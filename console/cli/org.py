"""`standdown org`: found or join an organisation; words, signatures, rehearsal."""

from __future__ import annotations

from pathlib import Path

import click

from console.cli.frame import Call, pass_call, when
from console.domain.errors import WaitsForPeople


@click.group(
    "org",
    epilog="""\b
Founding, two people, one shared folder:
  first   standdown org found --folder /mnt/shared          (reads out the words it prints)
  second  standdown org join  --folder /mnt/shared --words "..." --name "..."   (reads out the words it prints)
  first   standdown org admit --words "..."
  second  standdown org sign
  both    standdown sync run, then standdown org rehearse, standdown org envelopes --delete
At any time: standdown org next""",
)
def command() -> None:
    """Found or join an organisation; words, signatures, rehearsal."""


folder_option = click.option("--folder", type=click.Path(path_type=Path), required=True, help="The shared folder.")
envelopes_option = click.option(
    "--envelopes", type=click.Path(path_type=Path), help="Where the two recovery sheets go (default: in the profile)."
)


@command.command()
@folder_option
@envelopes_option
@pass_call
def found(call: Call, folder: Path, envelopes: Path | None) -> None:
    """Make your approver key and sealed recovery key, and lay the record's beginning into the folder."""
    from console.services import organisation, setup

    with call.session() as session:
        made = organisation.prepare_founding(session, folder, envelopes or session.paths.root / "envelopes")
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
@pass_call
def join(call: Call, folder: Path, words: str, name: str, envelopes: Path | None) -> None:
    """Make a profile and keys of your own, and ask to be admitted."""
    from console.services import organisation, setup

    paths = call.paths()
    made = organisation.join(
        paths, call.passphrase, folder=folder, words=words, name=name, envelopes=envelopes or paths.root / "envelopes"
    )
    setup.write_note(paths, setup.Note(None, str(folder.absolute()), str(made.envelopes[0].parent.absolute())))
    call.tell(
        {"ok": True, "words": made.words, "envelopes": [str(path) for path in made.envelopes]},
        "Read these words to the founder, by voice:",
        f"  {made.words}",
        f"Print and seal the two envelopes in {made.envelopes[0].parent}, then: standdown org envelopes --delete",
    )


@command.command()
@click.option("--words", required=True, help="The words the newcomer reads out.")
@pass_call
def admit(call: Call, words: str) -> None:
    """Compare the newcomer's words, write the roster with both of you, and sign it."""
    from console.services import organisation

    with call.session() as session:
        sha = organisation.admit(session, words)
    call.tell({"ok": True, "roster": sha}, "Signed. Your colleague signs next: standdown org sign")


@command.command()
@pass_call
def sign(call: Call) -> None:
    """Sign the roster that waits for you."""
    from console.services import organisation

    with call.session() as session:
        sha = organisation.sign_roster(session)
        n = session.roster.roster.n
    call.tell({"ok": True, "roster": sha, "in_force": n}, f"Signed. Roster {n} is in force here.")


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
    """The organisation as it stands here, and what is missing."""
    from console.services import readiness

    with call.session() as session:
        facts = readiness.organisation_facts(session)
    lines = ["PROVISIONAL: ONE PERSON"] if facts["provisional"] else []
    lines += [f"Organisation {facts['org']}, roster {facts['roster']} of {when(facts['created_ms'])}"]
    lines += [
        f"  {p['name']:<16} {', '.join(p['roles'])}{'' if p['rehearsed'] else '  (not rehearsed)'}"
        for p in facts["people"]
    ]
    lines += [f"Missing: {one}" for one in facts["missing"]]
    call.tell({"ok": True, **facts}, *lines)
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


@command.command()
@click.option("--delete", is_flag=True, help="They are printed and sealed: delete the files.")
@pass_call
def envelopes(call: Call, delete: bool) -> None:  # noqa: FBT001  click hands options by name
    """Your recovery envelopes that still lie as files."""
    from console.services import setup

    left = [str(path) for path in setup.envelopes_left(call.paths())]
    gone = setup.delete_envelopes(call.paths()) if delete else 0
    lines = [f"Deleted: {path}" for path in left] if delete else left
    call.tell({"ok": True, "envelopes": [] if delete else left, "deleted": gone}, *(lines or ["None lies as a file."]))


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
