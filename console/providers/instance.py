"""The provider instances of this profile: which adapter, where, and the names of the credentials that probe it.

Kept in one local file, written durably and whole. It must never hold a secret: those are in the vault, by name.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Final, Literal

import orjson
from pydantic import BaseModel, ConfigDict, ValidationError

from console.domain.errors import Problem, WrongUse
from console.domain.ids import is_id
from console.providers.registry import Registry
from console.runtime import platform
from console.runtime.ids import Entropy, new_id

World = Literal["real", "drill"]
PRACTICE: Final = "practice"
MANUAL: Final = "manual"
FILE_NAME: Final = "providers.json"
_MAX_BYTES: Final = 4 * 1024 * 1024
_NAME_CHARS: Final = 120


class BadSettings(WrongUse):
    """Settings that the adapter's own model refuses; values are never echoed."""


class WrongWorld(WrongUse):
    """A real provider in a drill, or the practice estate among real ones."""


class NoSuchInstance(WrongUse):
    """No provider instance has this id or name here."""


class BadProvidersFile(Problem):
    """The profile's list of provider instances cannot be read."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Instance:
    """One control plane as this console reaches it.

    `settings` are the adapter's, as plain JSON. `probe_credentials` maps a selector (a key, team or canary) to the
    name of the secret with which it may be probed; `called` gives the word by which a person registered it, where the
    provider's own is another (an alias of a key).
    """

    id: str
    adapter: str
    name: str
    settings: Mapping[str, Any]
    probe_credentials: Mapping[str, str] = field(default_factory=dict)
    called: Mapping[str, str] = field(default_factory=dict)

    def secret(self, name: str) -> str:
        """The vault's name for one of this instance's secrets."""
        return f"{self.id}/{name}"


class _Stored(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    id: str
    adapter: str
    name: str
    settings: dict[str, Any]
    probe_credentials: dict[str, str] = {}
    called: dict[str, str] = {}


class _File(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    version: Literal[1]
    instances: list[_Stored]


def check_settings(model: type[BaseModel], settings: Mapping[str, Any]) -> dict[str, Any]:
    """Settings as the adapter's model understands them, in plain JSON.

    Raises:
        BadSettings: naming every field that is missing, unknown or wrong.
    """
    try:
        return model.model_validate(dict(settings)).model_dump(mode="json")
    except ValidationError as fault:
        told = "; ".join(
            f"{'.'.join(str(part) for part in error['loc']) or 'settings'}: {error['msg']}"
            for error in fault.errors(include_input=False, include_url=False, include_context=False)
        )
        raise BadSettings(f"The settings do not fit: {told}.", "Correct them and try again.") from None


def check_world(adapter: str, world: World) -> None:
    """Keep practice and reality apart (protocol.md section 11, Drill).

    Raises:
        WrongWorld: for a real provider in a drill, or practice in a real world.
    """
    if world == "drill" and adapter not in (PRACTICE, MANUAL):
        raise WrongWorld(f"This is a drill: {adapter} cannot be connected here.", "Use a profile of the real world.")
    if world == "real" and adapter == PRACTICE:
        raise WrongWorld("The practice estate cannot be connected in the real world.", "Use `standdown drill`.")


def _check_name(name: str) -> None:
    if not name.strip() or len(name) > _NAME_CHARS or not name.isprintable():
        raise WrongUse("A provider needs a name of 1 to 120 printable characters.", "Choose one, and try again.")


class Instances:
    """The list in the profile's file. Every change rewrites the file durably; readers see the old or the new one."""

    __slots__ = ("_entropy", "_path", "_registry", "_world")

    def __init__(self, profile: Path, registry: Registry, world: World, entropy: Entropy) -> None:
        self._path = profile / FILE_NAME
        self._registry = registry
        self._world: World = world
        self._entropy = entropy

    @property
    def world(self) -> World:
        """Whether this profile is practice."""
        return self._world

    @property
    def registry(self) -> Registry:
        """The adapters that were loaded."""
        return self._registry

    def all(self) -> tuple[Instance, ...]:
        """Every instance in the order in which they were added.

        Raises:
            BadProvidersFile: when the file is there and is not what this console writes.
        """
        if not self._path.exists():
            return ()
        raw = self._path.read_bytes()
        try:
            stored = _File.model_validate(orjson.loads(raw[:_MAX_BYTES])).instances
        except ValueError:  # pydantic's and orjson's faults are ValueErrors; neither text is for people
            raise BadProvidersFile(
                f"The list of providers ({self._path.name}) cannot be read.",
                "Put back a sound copy, or remove the file and add the providers again; secrets are kept elsewhere.",
            ) from None
        return tuple(Instance(**dict(one)) for one in stored)

    def stamp(self) -> tuple[int, int] | None:
        """What changes whenever the list does, whoever changed it: the file's time and number. None: no list yet."""
        try:
            found = self._path.stat()
        except OSError:
            return None
        return found.st_mtime_ns, found.st_ino

    def get(self, id_or_name: str) -> Instance:
        """The instance with this id or exact name.

        Raises:
            NoSuchInstance: when there is none, or the name is not unique.
        """
        found = [one for one in self.all() if id_or_name in (one.id, one.name)]
        if len(found) == 1:
            return found[0]
        what = "There is no" if not found else "There is more than one"
        raise NoSuchInstance(f"{what} provider {id_or_name[:64]!r} here.", "See `standdown provider list`.")

    def add(
        self,
        adapter: str,
        name: str,
        settings: Mapping[str, Any],
        *,
        probe_credentials: Mapping[str, str] | None = None,
        id: str | None = None,  # noqa: A002  the field's own name
    ) -> Instance:
        """Check and keep a new instance; `id` is given where a colleague's console has made it already.

        Raises:
            UnknownAdapter, WrongWorld, BadSettings: as their names say.
            WrongUse: for an empty or taken name, or an id that is none.
        """
        usable = self._registry.usable(adapter)
        check_world(adapter, self._world)
        settled = check_settings(usable.manifest.settings, settings)
        _check_name(name)
        if id is not None and not is_id(id, "g"):
            raise WrongUse("That is not the id of a provider instance.", "Copy it from the other console.")
        made = Instance(
            id=id or new_id("g", self._entropy),
            adapter=adapter,
            name=name,
            settings=settled,
            probe_credentials=dict(probe_credentials or {}),
        )
        with self._changing():
            there = self.all()
            if any(made.name == one.name or made.id == one.id for one in there):
                raise WrongUse(f"There is a provider named {name!r} already.", "Choose another name.")
            self._write((*there, made))
        return made

    def change(self, instance: str, *, name: str, settings: Mapping[str, Any]) -> Instance:
        """Another name or other settings for an instance; its id and its credentials stay.

        Raises:
            NoSuchInstance, UnknownAdapter, BadSettings: as their names say.
            WrongUse: for an empty or taken name.
        """
        with self._changing():
            found, there = self.get(instance), self.all()
            settled = check_settings(self._registry.usable(found.adapter).manifest.settings, settings)
            _check_name(name)
            if any(name == one.name and one.id != found.id for one in there):
                raise WrongUse(f"There is a provider named {name!r} already.", "Choose another name.")
            changed = replace(found, name=name, settings=settled)
            self._write(tuple(changed if one.id == found.id else one for one in there))
        return changed

    def set_probe_credential(self, instance: str, selector: str, secret: str | None, called: str = "") -> Instance:
        """Name the secret with which `selector` may be probed at `instance`, and what people call it; None forgets it.

        Raises:
            NoSuchInstance: when there is no such instance.
        """
        with self._changing():
            found = self.get(instance)
            probes = {key: value for key, value in found.probe_credentials.items() if key != selector}
            if secret is not None:
                probes[selector] = secret
            names = {key: value for key, value in found.called.items() if key != selector}
            if secret is not None and called not in ("", selector):
                names[selector] = called
            changed = replace(found, probe_credentials=probes, called=names)
            self._write(tuple(changed if one.id == found.id else one for one in self.all()))
        return changed

    def remove(self, instance: str) -> Instance:
        """Forget an instance here (its secrets are the vault's to forget).

        Raises:
            NoSuchInstance: when there is no such instance.
        """
        with self._changing():
            found = self.get(instance)
            self._write(tuple(one for one in self.all() if one.id != found.id))
        return found

    def _changing(self) -> platform.FileLock:
        lock = platform.FileLock.try_take(self._path.with_suffix(".lock"))
        if lock is None:
            raise Problem("Another process is changing the list of providers.", "Try again in a moment.")
        return lock

    def _write(self, instances: tuple[Instance, ...]) -> None:
        rows = [
            {
                "id": one.id, "adapter": one.adapter, "name": one.name, "settings": dict(one.settings),
                "probe_credentials": dict(one.probe_credentials),
                **({"called": dict(one.called)} if one.called else {}),  # older software knows no such field
            }
            for one in instances
        ]  # fmt: skip
        text = orjson.dumps({"version": 1, "instances": rows}, option=orjson.OPT_INDENT_2 | orjson.OPT_SORT_KEYS)
        platform.write_durably(self._path, text + b"\n")
