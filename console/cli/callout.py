"""`standdown callout`: hooks, order and waits; who was paged, who answered; acknowledge."""

from __future__ import annotations

import click

from console.cli.frame import Call, pass_call, when


@click.group(
    "callout",
    epilog="""\b
  standdown callout add-hook pager --kind pagerduty --for "Approver"      (its routing key is asked for)
  standdown callout add-hook room --kind slack --for everyone
  standdown callout order "Approver" "Deputy" --wait 5
  standdown doctor --page-test
  standdown watch                                                        (on a server: pages while all lids are closed)
  standdown callout show; standdown callout acknowledge DOCUMENT""",
)
def command() -> None:
    """Reach people: hooks, order and waits; who was paged, who has heard, opened, signed."""


@command.command("add-hook")
@click.argument("name")
@click.option("--kind", required=True, help="command, webhook, pagerduty, opsgenie, slack, teams or smtp.")
@click.option("--for", "person", required=True, help="A member's name or id, or `everyone`.")
@click.option("--address", default="", help="A command line, a URL, or host:port of a mail server.")
@click.option("--to", default="", help="Of a mail: its receiver.")
@click.option("--from", "sender", default="", help="Of a mail: its sender.")
@pass_call
def add_hook(call: Call, name: str, kind: str, person: str, address: str, to: str, sender: str) -> None:
    """Add a hook; its secret (a routing key, a secret address) is asked for, never an argument."""
    from console.services import callout_settings, members
    from console.services.hooks import SECRET_OF, Hook, kind_of

    word = kind_of(kind)
    with call.session() as session:
        who = person if person == callout_settings.EVERYONE else members.find_member(session, person).person
        asked = SECRET_OF.get(word)
        secret = call.secret(f"{name}: {asked}") if asked is not None else ""
        hook = Hook(name=name, kind=word, address=address, to=to, sender=sender)
        callout_settings.add_hook(session, hook, who, secret)
    call.tell({"ok": True, "hook": name}, f"The hook {name} is kept. Try it: standdown doctor --page-test")


@command.command("remove-hook")
@click.argument("name")
@pass_call
def remove_hook(call: Call, name: str) -> None:
    """Take a hook out, with its secret."""
    from console.services import callout_settings

    with call.session() as session:
        callout_settings.remove_hook(session, name)
    call.tell({"ok": True, "hook": name}, f"The hook {name} is gone.")


@command.command()
@pass_call
def hooks(call: Call) -> None:
    """The hooks of this console, whom each reaches, the order and the wait."""
    from console.services import callout_settings

    with call.session() as session:
        found = callout_settings.read(session)
        names = {one.person: session.name_of(one.person) for one in session.roster.roster.persons}
    ladder = found.ladder
    whom = {
        one.name: [names.get(p, p) for p, own in ladder.hooks.items() if one.name in own]
        + (["everyone"] if one.name in ladder.everyone else [])
        for one in found.hooks
    }
    facts = [{"name": one.name, "kind": one.kind, "address": one.address, "for": whom[one.name]} for one in found.hooks]
    lines = [f"{one.name:<16} {one.kind:<10} for {', '.join(whom[one.name]) or 'nobody'}" for one in found.hooks]
    lines.append(f"Order: {', '.join(names.get(p, p) for p in ladder.order) or 'as asked'}; "
                 f"each is waited for {ladder.wait_ms // 1000} s (half of it at SEV-1)")  # fmt: skip
    call.tell(
        {"ok": True, "hooks": facts, "order": list(ladder.order), "wait_ms": ladder.wait_ms},
        *(lines if found.hooks else ["No hook is set: nobody is called out from this console."]),
    )


@command.command()
@click.argument("people", nargs=-1)
@click.option("--wait", type=float, help="Minutes each is waited for before the next one is paged.")
@pass_call
def order(call: Call, people: tuple[str, ...], wait: float | None) -> None:
    """In which order people are paged, and how long each is waited for."""
    from console.services import callout_settings, members

    with call.session() as session:
        who = tuple(members.find_member(session, one).person for one in people)
        kept = callout_settings.read(session).ladder.order
        after = callout_settings.set_order(session, who or kept, None if wait is None else round(wait * 60_000))
    call.tell({"ok": True, "order": list(after.ladder.order), "wait_ms": after.ladder.wait_ms}, "Kept.")


@command.command()
@pass_call
def show(call: Call) -> None:
    """What people are called out for now: who was paged, who has heard of it, opened it, signed."""
    from console.domain.callout import WHY_WORDS
    from console.services import callout

    with call.session() as session:
        found = callout.called(session)
        facts = []
        lines: list[str] = []
        for one in found:
            people = [
                {"person": p, "name": session.name_of(p), "state": one.state_of(p)} for p in one.call.asked
            ]  # fmt: skip
            facts.append({
                "why": one.call.why, "document": one.call.doc, "incident": one.call.incident,
                "severity": one.call.severity, "until_ms": one.call.until_ms, "people": people,
                "pages": [{"hook": p.hook, "name": session.name_of(p.person), "at_ms": p.at_ms, "ok": p.ok,
                           "detail": p.detail} for p in one.pages],
            })  # fmt: skip
            until = "" if one.call.until_ms is None else f", until {when(one.call.until_ms)}"
            lines.append(f"{WHY_WORDS[one.call.why]}: {(one.call.doc or '')[:16]} ({one.call.incident}{until})")
            lines += [f"    {p['name']}: {p['state'] or 'not paged'}" for p in people]
            lines += [
                f"    {when(p.at_ms)}  {p.hook or 'no hook'} for {session.name_of(p.person)}: "
                f"{'' if p.ok else 'FAILED, '}{p.detail}"
                for p in one.pages
            ]
    call.tell({"ok": True, "calls": facts}, *(lines or ["Nobody has to be called out."]))


@command.command()
@click.argument("document")
@pass_call
def acknowledge(call: Call, document: str) -> None:
    """Say that you have heard of it: everybody sees it, and nobody else is paged."""
    from console.services import callout

    with call.session() as session:
        stored = callout.acknowledge(session, document)
    call.tell({"ok": True, "entry": stored.id}, "Everybody sees that you have heard of it.")
