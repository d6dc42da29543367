"""`standdown agreement`: the register of what the terms with downstream users allow, and with what notice."""

from __future__ import annotations

import re

import click

from console.cli.frame import Call, pass_call, when
from console.domain.errors import WrongUse

_NOTICE = re.compile(r"(\d{1,5}) ?(h|d)?\Z")
_HOURS = {"h": 1, "d": 24, None: 1}


@click.group("agreement")
def command() -> None:
    """Which corrections the terms with downstream users allow, and with what notice."""


def _hours(text: str) -> int:
    if text.strip() in ("", "none"):
        return 0
    found = _NOTICE.match(text.strip())
    if found is None:
        raise WrongUse(f"{text!r} is no notice.", "Write none, 72h or 3d.")
    return int(found[1]) * _HOURS[found[2]]


def _listed(text: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(one.strip() for one in text.split(",") if one.strip()))


@command.command(
    epilog="\b\nExample:\n  standdown agreement add 'Acme Ltd' --allows user,frequency --notice 72h --where 'terms 7.2'"
)
@click.argument("partner")
@click.option("--allows", required=True, help="user, frequency, capability, use-case, shutdown: several with commas.")
@click.option("--notice", default="none", help="How long before they have to hear of it: none, 72h, 3d.")
@click.option("--where", "where", default="", help="Where it stands: contract and clause.")
@click.option("--model", "models", default="", help="Only of these models (default: all), with commas.")
@pass_call
def add(call: Call, partner: str, allows: str, notice: str, where: str, models: str) -> None:
    """Enter an agreement with a downstream user."""
    from console.domain.agreements import Agreement
    from console.services import agreements

    made = Agreement(
        partner=partner, allows=_listed(allows), notice_h=_hours(notice), where=where, models=_listed(models)
    )
    with call.session() as session:
        stored = agreements.register(session, made)
    call.tell({"ok": True, "entry": stored.id}, f"Saved as {stored.id[:16]}.", *made.text().split("\n"))


@command.command("list")
@pass_call
def list_(call: Call) -> None:
    """Every agreement in force, with who entered it."""
    from console.services import agreements

    with call.session() as session:
        found = [(one, session.name_of(one.by)) for one in agreements.agreements(session)]
    told = [
        {"entry": one.entry, "with": one.agreement.partner, "allows": list(one.agreement.allows),
         "notice_h": one.agreement.notice_h, "where": one.agreement.where, "models": list(one.agreement.models),
         "by": by, "at_ms": one.at_ms}
        for one, by in found
    ]  # fmt: skip
    lines: list[str] = []
    for one, by in found:
        terms = one.agreement
        models = f" of {', '.join(terms.models)}" if terms.models else ""
        where = f"; {terms.where}" if terms.where else ""
        lines.append(f"{one.entry[:16]}  {terms.partner}: allows {', '.join(terms.allows)}{models}, "
                     f"notice {terms.notice_h} h{where}  (entered {when(one.at_ms)} by {by})")  # fmt: skip
    call.tell({"ok": True, "agreements": told}, *(lines or ["No agreement is registered."]))


@command.command()
@click.argument("agreement")
@click.option("--reason", required=True, help="Why it no longer holds.")
@pass_call
def end(call: Call, agreement: str, reason: str) -> None:
    """End an agreement (by its entry, or with whom it is); what was signed under it stays as it was."""
    from console.services import agreements

    with call.session() as session:
        stored = agreements.end(session, agreement, reason)
    call.tell({"ok": True, "entry": stored.id}, "Ended.")
