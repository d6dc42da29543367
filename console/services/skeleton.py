"""The beginning of somebody's own adapter: a package that installs beside Standdown and passes the kit as it stands."""

from __future__ import annotations

import re
from pathlib import Path
from string import Template
from typing import Final

from console.domain.errors import Problem, WrongUse
from console.providers import declared
from console.providers.registry import Registry

_NAME: Final = re.compile(r"[a-z][a-z0-9_]{0,30}[a-z0-9]\Z")
_PACKAGE: Final = Path(__file__).resolve().parents[1]
# where each template goes; `$package` is the import package's folder
_FILES: Final = {
    "pyproject.toml": "pyproject.toml", "README.md": "README.md", "__init__.py": "$package/__init__.py",
    "adapter.py": "$package/adapter.py", "simulator.py": "$package/simulator.py",
    "test_conformance.py": "tests/test_conformance.py",
}  # fmt: skip


def make(name: str, folder: Path) -> tuple[Path, ...]:
    """Write the package into `folder`, which must not be there or be empty; gives its files.

    Raises:
        WrongUse: for a name an adapter cannot have, or a folder with something in it.
    """
    if not _NAME.match(name) or name.startswith(declared.PREFIX) or "__" in name:
        raise WrongUse(
            f"{name[:64]!r} cannot be an adapter's name.", "Use small letters, digits and single underscores."
        )
    if Registry.load().look_up(name) is not None:
        raise WrongUse(f"There is an adapter named {name} already.", "Choose another name.")
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise WrongUse(f"There is something at {folder} already.", "Name a new folder with --folder.")
    words = {
        "name": name, "dashed": name.replace("_", "-"), "package": f"standdown_{name}",
        "class_name": "".join(part.capitalize() for part in name.split("_")),
        "title": name.replace("_", " ").capitalize(),
    }  # fmt: skip
    made: list[Path] = []
    for template, place in _FILES.items():
        path = folder / Template(place).substitute(words)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(Template(_text(template)).substitute(words), encoding="utf-8")
        made.append(path)
    return tuple(made)


def _text(template: str) -> str:
    for root in (_PACKAGE.parent, _PACKAGE):  # a checkout; an installed package, which carries them inside
        path = root / "resources" / "templates" / "adapter" / f"{template}.txt"
        if path.exists():
            return path.read_text(encoding="utf-8")
    raise Problem(f"The template of {template} is missing.", "Install Standdown again.")
