"""Which adapters there are: shipped with the console, installed under `standdown.adapters`, or declared in a file.

An adapter that cannot be used is kept as `Broken` with its reason; it must never stop another one.
"""

from __future__ import annotations

import functools
import importlib
import inspect
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import partial
from importlib.metadata import EntryPoint, entry_points
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final, Literal, cast

from adapters.contract import CONTRACT_VERSION, Adapter, Manifest
from console.domain.errors import WrongUse
from console.providers import declared as files

BUILT_IN: Final = (
    "anthropic_admin",
    "aws_bedrock",
    "azure_openai",
    "google_vertex",
    "haproxy",
    "hf_endpoints",
    "kubernetes",
    "litellm",
    "manual",
    "open_inference",
    "openai_admin",
    "openai_work",
    "practice",
    "ray_serve",
    "status_page",
    "unleash",
    "vllm",
)
GROUP: Final = "standdown.adapters"
_METHODS: Final = ("base_url", "discover", "status", "plan", "apply", "read_back", "probe", "revert")
_REASON_CHARS: Final = 300

AdapterType = Callable[..., Adapter]
Kind = Literal["built-in", "installed", "declared"]


@dataclass(frozen=True, slots=True)
class Broken:
    """An adapter that is there and cannot be used, and why in one line."""

    name: str
    reason: str
    kind: Kind = "installed"


@dataclass(frozen=True, slots=True)
class Usable:
    """An adapter's class and what it says of itself; `address` where a file fixes it."""

    manifest: Manifest
    make: AdapterType
    kind: Kind = "installed"
    address: str = ""


class UnknownAdapter(WrongUse):
    """No adapter of this name is installed, or it is broken."""


def _built_in(name: str) -> object:
    module = importlib.import_module(f"adapters.{name}.adapter")
    for _, found in inspect.getmembers(module, inspect.isclass):
        manifest: object = getattr(found, "manifest", None)
        if isinstance(manifest, Manifest) and manifest.name == name and found.__module__.startswith("adapters."):
            return found
    raise ImportError(f"adapters.{name}.adapter holds no class whose manifest is named {name}")


def _checked(name: str, found: object, kind: Kind) -> Usable:
    manifest: object = getattr(found, "manifest", None)
    if not inspect.isclass(found) or not isinstance(manifest, Manifest):
        raise TypeError("it is no class with a manifest")
    if manifest.name != name:
        raise TypeError(f"its manifest is named {manifest.name}")
    if manifest.contract != CONTRACT_VERSION:
        raise TypeError(f"it speaks contract {manifest.contract}, this console speaks {CONTRACT_VERSION}")
    missing = [method for method in _METHODS if not callable(getattr(found, method, None))]
    if missing:
        raise TypeError(f"it lacks {', '.join(missing)}")
    address = str(getattr(getattr(found, "form", None), "base_url", "")) if kind == "declared" else ""
    return Usable(manifest, cast("AdapterType", found), kind, address)


@functools.cache
def _installed() -> tuple[EntryPoint, ...]:
    """Read once a process: it opens a file of every installed distribution, and each plan asks many times."""
    return tuple(entry_points(group=GROUP))


def declared(path: Path) -> Usable:
    """The adapter that this file declares, wherever it lies and whatever the file is called.

    Raises:
        BadAdapterFile: when it declares none; it says each fault with its line.
    """
    made = files.read(path)
    return _checked(cast("Manifest", getattr(made, "manifest", None)).name, made, "declared")


def _in_folder(path: Path) -> object:
    return declared(path).make


def _attempt(name: str, load: Callable[[], object], kind: Kind) -> Usable | Broken:
    try:
        return _checked(name, load(), kind)
    except (Exception, SystemExit) as fault:  # noqa: BLE001  a stranger's module may raise anything when imported
        told = fault.what if isinstance(fault, WrongUse) else f"{type(fault).__name__}: {fault}"
        return Broken(name, " ".join(told.split()).rstrip(" .:")[:_REASON_CHARS], kind)


class Registry:
    """Every adapter by name, usable or broken. Immutable once loaded."""

    __slots__ = ("_found",)

    def __init__(self, found: Mapping[str, Usable | Broken]) -> None:
        self._found = MappingProxyType(dict(found))

    @classmethod
    def load(
        cls,
        built_in: Iterable[str] = BUILT_IN,
        extra: Iterable[EntryPoint] | None = None,
        folder: Path | None = None,
    ) -> Registry:
        """Import every adapter, and read those declared in `folder` (default: the user's own).

        One that takes the name of another is broken: it may not replace it.
        """
        found: dict[str, Usable | Broken] = {}
        for name in built_in:
            found[name] = _attempt(name, partial(_built_in, name), "built-in")
        for point in _installed() if extra is None else extra:
            if point.name in found or point.name.startswith(files.PREFIX):
                shadow = f"{point.name} ({point.value})"
                found[shadow] = Broken(shadow, "the name belongs to another adapter")
                continue
            found[point.name] = _attempt(point.name, point.load, "installed")
        for path in sorted((folder or files.folder()).glob("*.yaml")):
            name = files.PREFIX + path.stem
            found[name] = _attempt(name, partial(_in_folder, path), "declared")
        return cls(found)

    def names(self) -> tuple[str, ...]:
        """All names, broken ones included, in order."""
        return tuple(sorted(self._found))

    def broken(self) -> tuple[Broken, ...]:
        """Those that cannot be used."""
        found = (self._found[name] for name in self.names())
        return tuple(one for one in found if isinstance(one, Broken))

    def look_up(self, name: str) -> Usable | Broken | None:
        """What is known under this name."""
        return self._found.get(name)

    def usable(self, name: str) -> Usable:
        """The usable adapter of this name.

        Raises:
            UnknownAdapter: when there is none, or it is broken; the text says why.
        """
        found = self._found.get(name)
        if isinstance(found, Usable):
            return found
        if found is None:
            known = ", ".join(known for known in self.names() if isinstance(self._found[known], Usable))
            raise UnknownAdapter(f"There is no adapter named {name[:64]!r}.", f"Known here: {known or 'none'}.")
        raise UnknownAdapter(
            f"The adapter {name} cannot be used here ({found.reason}).", "Repair its installation; all others go on."
        )

    def manifest(self, name: str) -> Manifest:
        """What the usable adapter of this name says of itself.

        Raises:
            UnknownAdapter: as `usable`.
        """
        return self.usable(name).manifest


def make_adapter(usable: Usable, settings: Mapping[str, Any]) -> Adapter:
    """The adapter for one instance, from settings checked before (`instance.check_settings`)."""
    return usable.make(usable.manifest.settings.model_validate(dict(settings)))
