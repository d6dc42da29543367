"""The adapters themselves: which there are, and one that a file declares: check it, try it, keep it, let it go.

Trying reads only. What pulls a lever goes through the kit, and only against a server on this machine.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from console.domain.errors import WrongUse
from console.providers import declared as files
from console.providers import kit
from console.providers.address import BadAddress
from console.providers.instance import Instance, check_settings
from console.providers.kit import Tried
from console.providers.plane import Plane
from console.providers.planned import Planned
from console.providers.registry import Broken, Registry, Usable, declared, make_adapter
from console.providers.wishes import AdapterFault, wish
from console.runtime import platform
from console.runtime.clock import SystemClock
from console.runtime.ids import SystemEntropy, new_id
from console.services.connection import ConnectionReport, try_plane

_TRIAL: Final = "trial"


@dataclass(frozen=True, slots=True, kw_only=True)
class AdapterLine:
    """One adapter. `kind` is where it comes from, `address` what a file fixes; `broken` says why it cannot be used."""

    name: str
    kind: str
    title: str = ""
    version: int = 0
    contract: int = 0
    address: str = ""
    levers: tuple[str, ...] = ()
    unproven: tuple[str, ...] = ()
    broken: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What somebody wants tried: a lever, what it selects, its parameters."""

    lever: str
    selector: str
    params: Mapping[str, str] = field(default_factory=dict[str, str])


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """A declared adapter tried by reading: what answers, and each plan or why there is none."""

    report: ConnectionReport
    plans: tuple[tuple[Asked, Planned | None, str], ...]

    @property
    def lines(self) -> tuple[str, ...]:
        """For a terminal: the report, then the exact requests, there and back."""
        return (*self.report.lines, *(line for one in self.plans for line in _plan_lines(*one)))


class _Given:
    def __init__(self, secrets: Mapping[str, str]) -> None:
        self._secrets = secrets

    def get(self, name: str) -> str | None:
        return self._secrets.get(name.partition("/")[2])


def known() -> tuple[AdapterLine, ...]:
    """Every adapter on this computer, broken ones with their reason."""
    registry = Registry.load()
    return tuple(_line(name, registry.look_up(name)) for name in registry.names())


def _line(name: str, found: Usable | Broken | None) -> AdapterLine:
    if not isinstance(found, Usable):
        kind, why = ("installed", "unknown") if found is None else (found.kind, found.reason)
        return AdapterLine(name=name, kind=kind, broken=why)
    told = found.manifest
    return AdapterLine(
        name=name, kind=found.kind, title=told.title, version=told.version, contract=told.contract,
        address=found.address, levers=tuple(one.name for one in told.levers),
        unproven=tuple(one.name for one in told.levers if not one.proven and one.name != "manual.ask"),
    )  # fmt: skip


# -- one that a file declares ------------------------------------------------------------------------------------------


def check(path: Path) -> Usable:
    """The adapter that the file declares.

    Raises:
        BadAdapterFile: with every fault and its line.
    """
    return declared(path)


def try_file(path: Path, settings: Mapping[str, Any], secrets: Mapping[str, str], asked: Sequence[Asked]) -> Trial:
    """Try the file's adapter on its real host, behind the console's guard, by reading only. Nothing is kept.

    Raises:
        WrongUse: for a faulty file, or settings it does not take.
    """
    usable = check(path)
    settled = check_settings(usable.manifest.settings, settings)
    instance = Instance(id=new_id("g", SystemEntropy()), adapter=usable.manifest.name, name=_TRIAL, settings=settled)
    plane = Plane(instance, make_adapter(usable, settled), _Given(secrets), SystemClock(), world="real")
    return asyncio.run(_try(plane, asked))


async def _try(plane: Plane, asked: Sequence[Asked]) -> Trial:
    report = await try_plane(plane, plane.manifest.name, {one.lever: one.selector for one in asked})
    plans: list[tuple[Asked, Planned | None, str]] = []
    try:
        for one in asked if report.answers else ():
            try:
                surface = one.selector if plane.lever(one.lever).wide else _only(report)
                plans.append((one, await plane.plan(wish(one.lever, one.selector, surface, one.params)), ""))
            except AdapterFault as fault:
                plans.append((one, None, fault.detail))
    finally:
        await plane.aclose()
    return Trial(report=report, plans=tuple(plans))


def _only(report: ConnectionReport) -> str:
    """The surface on which a narrow lever is tried: the first, as a person would."""
    return report.surfaces[0][0] if report.surfaces else ""


def _plan_lines(asked: Asked, planned: Planned | None, why: str) -> Iterator[str]:
    yield f"{asked.lever} on {asked.selector}:"
    if planned is None:
        yield f"  CANNOT be planned: {why}"
        return
    yield f"  called {planned.name}, surface {planned.surface_key}, model {planned.model}"
    for name, now in planned.pre.items():
        yield f"  {name}: {now} now, {planned.wanted[name]} then"
    for told, requests in (("would send", planned.requests), ("and to revert", planned.revert)):
        for one in requests:
            yield f"  {told}: {one.method} {one.path} {one.body}".rstrip()


def pull(
    path: Path, settings: Mapping[str, Any], secrets: Mapping[str, str], asked: Asked, *, caller: str | None
) -> Iterator[Tried]:
    """Run the whole kit, which really pulls the lever and puts it back: only against a server on this machine.

    Raises:
        WrongUse: for a faulty file, settings it does not take, or an address elsewhere.
    """
    usable = check(path)
    settled = check_settings(usable.manifest.settings, settings)
    if asked.lever not in {one.name for one in usable.manifest.levers}:
        raise WrongUse(f"The file declares no lever {asked.lever[:64]!r}.", "Name one of its levers.")
    surface = asked.selector if usable.manifest.lever(asked.lever).wide else ""
    meant = wish(asked.lever, asked.selector, surface, asked.params)
    try:
        yield from kit.run(usable, settled, secrets, meant, caller=caller)
    except BadAddress:
        raise WrongUse(
            "The kit really pulls the lever, without anybody's signature: it runs against this computer only.",
            "Put http://127.0.0.1:PORT of a test server into base_url of a copy, and try that.",
        ) from None


def keep(path: Path, *, replace: bool = False) -> AdapterLine:
    """Keep a copy of the file where every profile of this user finds it.

    Raises:
        WrongUse: for a faulty file, or where another one of that name is kept.
    """
    usable = check(path)
    name = usable.manifest.name
    kept = _kept(name)
    raw = path.read_bytes()
    if kept.exists() and kept.read_bytes() != raw and not replace:
        raise WrongUse(
            f"Another file declares {name} already.", "Raise its version and use --replace, or choose another name."
        )
    kept.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    platform.write_durably(kept, raw)
    return _line(name, declared(kept))


def forget(name: str) -> Path:
    """Remove a kept file; providers connected through it are shown as broken until it is kept again.

    Raises:
        WrongUse: when no file of that name is kept.
    """
    kept = _kept(name if name.startswith(files.PREFIX) else files.PREFIX + name)
    try:
        kept.unlink()
    except OSError:
        raise WrongUse(f"No file that declares {name[:64]!r} is kept here.", "See `standdown adapter list`.") from None
    return kept


def _kept(name: str) -> Path:
    plain = name.removeprefix(files.PREFIX)
    if not plain.isascii() or not plain.replace("_", "").isalnum():
        raise WrongUse(f"{name[:64]!r} is no adapter's name.", "See `standdown adapter list`.")
    return files.folder() / f"{plain}.yaml"


def example(name: str) -> str:
    """The text of an example file that ships with the console.

    Raises:
        WrongUse: naming those there are.
    """
    there = files.examples()
    if name not in there:
        raise WrongUse(f"There is no example named {name[:64]!r}.", f"There are: {', '.join(there)}.")
    return there[name].read_text(encoding="utf-8")


__all__ = [
    "AdapterLine", "Asked", "Trial", "Tried", "check", "example", "forget", "keep", "known", "pull", "try_file",
]  # fmt: skip
