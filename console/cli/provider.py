"""`standdown provider`: connect control planes."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import click

from console.cli.bypass import bypass
from console.cli.frame import Call, pass_call
from console.domain.errors import WaitsForConnection, WrongUse


@click.group("provider")
def command() -> None:
    """Connect control planes: gateways, model servers, people."""


command.add_command(bypass)


@command.command()
@pass_call
def adapters(call: Call) -> None:
    """Every adapter: settings, secrets, levers."""
    from console.services import providers

    found = providers.adapters()
    lines: list[str] = []
    for one in found:
        if "broken" in one:
            lines.append(f"{one['name']}  BROKEN: {one['broken']}")
            continue
        lines.append(f"{one['name']}  {one['title']}  settings: {', '.join(one['settings'])}")
        lines += [
            f"    {lever['name']:<18} {lever['title']} ({lever['category']}, {lever['reversal']}, "
            f"reach {lever['reach']}, takes hold within {lever['propagation_s']} s)"
            f"{'' if lever['proven'] or one['name'] == 'manual' else '  UNPROVEN'}" for lever in one["levers"]
        ]  # fmt: skip
    call.tell({"ok": True, "adapters": found}, *lines)


def _settings(pairs: tuple[str, ...], file: Path | None) -> dict[str, Any]:
    found: dict[str, Any] = {}
    if file is not None:
        try:
            loaded: object = json.loads(file.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            raise WrongUse(f"{file} is no JSON file.", "Give settings as one JSON object.") from None
        if not isinstance(loaded, dict):
            raise WrongUse(f"{file} holds no object.", "Give settings as one JSON object.")
        found.update(loaded)
    for pair in pairs:
        name, sign, value = pair.partition("=")
        if not sign:
            raise WrongUse(f"{pair!r} is no name=value.", "Write --set name=value.")
        try:
            found[name] = json.loads(value)
        except ValueError:
            found[name] = value
    return found


@command.command(
    epilog="""\b
Example:
  standdown provider add litellm --name gateway --set base_url=http://127.0.0.1:4000
The secrets are asked for one by one, or read from --secret-fd N."""
)
@click.argument("adapter")
@click.option("--name", required=True, help="What colleagues call it.")
@click.option("--set", "pairs", multiple=True, help="A setting, name=value (value may be JSON).")
@click.option("--settings", "file", type=click.Path(path_type=Path), help="Settings as a JSON file.")
@click.option("--id", "ident", help="Its id on a colleague's console (found by adapter and name otherwise).")
@click.option("--no-secret", is_flag=True, help="Connect without credentials (this console will not dispatch to it).")
@click.option(
    "--test", "trial", is_flag=True, help="Try it first, by reading only; keep nothing where it does not answer."
)
@pass_call
def add(
    call: Call, adapter: str, name: str, pairs: tuple[str, ...], file: Path | None, ident: str | None,
    no_secret: bool, trial: bool,  # noqa: FBT001  click hands options by name
) -> None:  # fmt: skip
    """Connect a provider through its adapter, and name its surfaces."""
    from console.services import connection, provider_settings, providers

    tried: list[str] = []
    with call.session() as session:
        schema = provider_settings.settings_schema(adapter)
        asked = partial(call.secret, blank=len(schema.secrets) > 1)  # of several ways to prove oneself one is enough
        secret_for: Callable[[str], str] = _no_secret if no_secret else asked
        settings = _settings(pairs, file)
        if trial:
            given = {one.name: secret_for(f"{schema.title}: {one.help}") for one in schema.secrets}
            report = connection.try_connection(session, adapter, settings, given)
            connection.require_answer(report, f"{name} (nothing was kept)")
            tried = list(report.lines)
            secret_for = _typed_before(iter(given.values()))
        instance, where = providers.add(session, adapter, name, settings, secret_for, id=ident)
        try:
            new = providers.adopt_surfaces(session, instance.id)
            fault = ""
        except WaitsForConnection as unreachable:
            new, fault = [], unreachable.what
    result = {
        "ok": True, "instance": instance.id, "name": instance.name, "secrets_in": where, "fault": fault,
        "surfaces": [{"surface": one.surface, "key": one.key, "name": one.name, "model": one.model} for one in new],
    }  # fmt: skip
    lines = [*tried, f"{instance.name} is connected as {instance.id}. {where}"]
    lines += [f"  surface {one.name or one.key} ({one.model})" for one in new]
    call.tell(result, *lines, *([f"Its surfaces are not known yet: {fault}"] if fault else []))


def _typed_before(given: Iterator[str]) -> Callable[[str], str]:
    """What was typed for the trial, asked for again in the same order."""

    def secret_for(what: str) -> str:  # noqa: ARG001  the order says what is meant
        return next(given)

    return secret_for


def _no_secret(what: str) -> str:  # noqa: ARG001  whatever is asked for
    return ""


@command.command("list")
@pass_call
def list_(call: Call) -> None:
    """Every provider connected here; one that was retired for everybody says so, and is removed here with `remove`."""
    from console.services import inventory, providers

    with call.session() as session:
        gone = inventory.retired(session)
        found = [
            {"instance": one.id, "name": one.name, "adapter": one.adapter, "settings": dict(one.settings),
             "probes": sorted(one.probe_credentials), "retired": one.id in gone}
            for one in providers.instances_of(session).all()
        ]  # fmt: skip
    lines = [
        f"{o['name']:<16} {o['adapter']:<16} {o['instance']}{'  RETIRED for everybody' if o['retired'] else ''}"
        for o in found
    ]
    call.tell({"ok": True, "providers": found}, *lines)


@command.command(
    epilog="""\b
Example:
  standdown provider test gateway --selector key.block=canary-key
Nothing is written there: what only a write would tell is said to be untried. Exit code 4: it does not answer."""
)
@click.argument("provider")
@click.option("--selector", "pairs", multiple=True, help="LEVER=SELECTOR: something to plan for trial, a canary say.")
@pass_call
def test(call: Call, provider: str, pairs: tuple[str, ...]) -> None:
    """Try one provider now: does it answer, what is there, what can this credential restrict."""
    from dataclasses import asdict

    from console.services import connection

    selectors = {lever: selector for lever, sign, selector in (pair.partition("=") for pair in pairs) if sign}
    if len(selectors) != len(pairs):
        raise WrongUse("A selector is not LEVER=SELECTOR.", "Write for instance --selector key.block=canary-key.")
    with call.session() as session:
        report = connection.try_saved(session, provider, selectors=selectors)
        connection.require_answer(report, provider)
    call.tell({"ok": True, "provider": provider, "report": asdict(report)}, *report.lines)


@command.command()
@click.argument("provider")
@pass_call
def surfaces(call: Call, provider: str) -> None:
    """Discover a provider's surfaces, name new ones for everybody, and list them."""
    from console.services import providers

    with call.session() as session:
        instance = providers.instances_of(session).get(provider)
        providers.adopt_surfaces(session, instance.id)
        found = [
            {"surface": one.surface, "key": one.key, "name": one.name, "model": one.model, "reach": one.reach}
            for one in providers.surfaces(session) if one.instance == instance.id
        ]  # fmt: skip
    lines = [f"{o['key']:<24} {o['name']:<24} {o['model']:<20} reach {o['reach']}" for o in found]
    call.tell({"ok": True, "surfaces": found}, *lines)


@command.command()
@pass_call
def models(call: Call) -> None:
    """Every model with the places that offer it, what each calls it, and what may be one model under two names."""
    from console.services import model_names, providers

    with call.session() as session:
        known = providers.surfaces(session)
        called = {one.id: one.name for one in providers.instances_of(session).all()}
    found: list[dict[str, Any]] = []
    lines: list[str] = []
    for model in sorted({one.model for one in known}):
        here = [one for one in known if one.model == model]
        maybe = model_names.likely(known, model)
        found.append({
            "model": model,
            "surfaces": [{"surface": one.surface, "name": one.name, "provider": called.get(one.instance, ""),
                          "own": one.own} for one in here],
            "maybe": [{"surface": one.surface.surface, "model": one.surface.model, "why": one.why} for one in maybe],
        })  # fmt: skip
        lines.append(model)
        lines += [
            f"    {one.surface}  {one.name} at {called.get(one.instance, 'a provider not connected here')}"
            f"{'' if one.own == model else f', calls it {one.own}'}" for one in here
        ]  # fmt: skip
        lines += [f"    maybe also {one.surface.surface}  {one.surface.model}: {one.why}" for one in maybe]
    call.tell({"ok": True, "models": found}, *(lines or ["No model is known yet."]))


@command.command(
    epilog="""\b
Examples:
  standdown provider same-model frontier-7 SURFACE SURFACE
  standdown provider same-model --own SURFACE          (under its provider's own name again)
Nothing is renamed at a provider: each goes on being told its own name."""
)
@click.argument("names", nargs=-1, required=True)
@click.option("--own", is_flag=True, help="Take the surfaces named out again: models of their own.")
@click.option("--why", default="", help="Why they are one model.")
@pass_call
def same_model(call: Call, names: tuple[str, ...], own: bool, why: str) -> None:  # noqa: FBT001  as above
    """Say that surfaces offer one MODEL, whatever their providers call it: MODEL SURFACE ..."""
    from console.services import model_names, providers

    with call.session() as session:
        if own:
            written = model_names.untie(session, names, why)
        elif len(names) < 2:  # noqa: PLR2004  a model and a surface
            raise WrongUse("Name the model, then its surfaces.", "See `standdown provider models`.")
        else:
            written = model_names.tie(session, names[1:], names[0], why)
        known = {one.surface: one.model for one in providers.surfaces(session)}
    changed = [str(one.entry.pub["surface"]) for one in written]
    call.tell({"ok": True, "surfaces": {one: known[one] for one in changed}},
              *(f"{one} is {known[one]}." for one in changed))  # fmt: skip


@command.group()
def canary() -> None:
    """Credentials with which enforcement is probed."""


@command.command(
    epilog="""\b
Example:
  standdown provider remove gateway --reason "shut down; replaced by the new gateway"
Colleagues' consoles show that it was retired. With --only-here it stays the organisation's, and leaves this console."""
)
@click.argument("provider")
@click.option("--reason", required=True, help="Why it goes.")
@click.option("--only-here", is_flag=True, help="Disconnect this console only; it stays the organisation's.")
@click.option("--anyway", is_flag=True, help="Also while corrections are in force or on their way there.")
@pass_call
def remove(
    call: Call, provider: str, reason: str, only_here: bool, anyway: bool,  # noqa: FBT001  click hands options by name
) -> None:  # fmt: skip
    """Retire a provider: its surfaces go, its credentials are deleted here, and the record says so."""
    from dataclasses import asdict

    from console.services import provider_life

    with call.session() as session:
        gone = provider_life.remove(session, provider, reason, everywhere=not only_here, anyway=anyway)
    what = "is disconnected from this console" if only_here else "is retired"
    less = f"{_count(gone.surfaces, 'surface')} and {_count(gone.secrets, 'credential')} removed"
    lines = [f"{gone.name} {what}; {less}."]
    lines += [f"  left in force or under way: {one.sentence}" for one in gone.holds]
    call.tell({"ok": True, **asdict(gone)}, *lines, *([provider_life.LEFT_ALONE] if gone.holds else []))


@command.command(
    epilog="""\b
Example:
  standdown provider edit gateway --set base_url=http://127.0.0.1:4001 --credential admin
A credential named with --credential is asked for, or read from --secret-fd N."""
)
@click.argument("provider")
@click.option("--name", help="Another name, for everybody.")
@click.option("--set", "pairs", multiple=True, help="A setting, name=value (value may be JSON); the others stay.")
@click.option("--settings", "file", type=click.Path(path_type=Path), help="All settings anew, as a JSON file.")
@click.option("--credential", "secrets", multiple=True, help="A credential to replace.")
@pass_call
def edit(
    call: Call, provider: str, name: str | None, pairs: tuple[str, ...], file: Path | None, secrets: tuple[str, ...]
) -> None:
    """Change a provider's name, settings or credentials; what changed is noted in the record."""
    from console.services import provider_life, providers

    with call.session() as session:
        settings = _settings(pairs, file)
        if file is None:
            settings = {**providers.instances_of(session).get(provider).settings, **settings}
        given = {one: call.secret(f"{provider}: {one}") for one in secrets}
        changed, told = provider_life.change(session, provider, name=name, settings=settings, secrets=given)
    call.tell({"ok": True, "instance": changed.id, "name": changed.name, "changed": list(told)},
              f"{changed.name}: {'; '.join(told)}.")  # fmt: skip


def _count(number: int, word: str) -> str:
    return f"{number} {word}{'' if number == 1 else 's'}"


@canary.command("remove")
@click.argument("provider")
@click.argument("selector")
@click.option("--reason", required=True, help="Why it goes.")
@click.option("--anyway", is_flag=True, help="Also while something that it proves is in force.")
@pass_call
def canary_remove(
    call: Call, provider: str, selector: str, reason: str, anyway: bool,  # noqa: FBT001  click hands options by name
) -> None:  # fmt: skip
    """Delete the credential of SELECTOR from this console; whether a block of it took hold is no longer proven."""
    from dataclasses import asdict

    from console.services import provider_life

    with call.session() as session:
        _, found = provider_life.remove_canary(session, provider, selector, reason, anyway=anyway)
    lines = [f"{selector} is no longer probed.", *(f"  not proven any more: {one.sentence}" for one in found)]
    call.tell({"ok": True, "selector": selector, "holds": [asdict(one) for one in found]}, *lines)


@canary.command("add")
@click.argument("provider")
@click.argument("selector")
@pass_call
def canary_add(call: Call, provider: str, selector: str) -> None:
    """Keep the credential of SELECTOR (a canary key, say), asked for or read from --secret-fd N."""
    from console.services import providers

    with call.session() as session:
        providers.add_canary(session, provider, selector, call.secret(f"Credential of {selector}"))
    call.tell({"ok": True, "selector": selector}, f"Kept: {selector} can be probed.")
