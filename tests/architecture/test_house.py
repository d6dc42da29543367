"""Lint exceptions say why, files name no machine, and what the README tells people to type exists."""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
import tomllib
from pathlib import Path

import click
import pytest

ROOT = Path(__file__).parents[2]
SETTINGS = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
README = (ROOT / "README.md").read_text(encoding="utf-8")
SOURCES = sorted(p for top in ("console", "adapters", "tests", "packaging") for p in (ROOT / top).rglob("*.py"))
# put together, so that this file does not name them either
MACHINE_PATHS = re.compile(
    "|".join(("/" + "work/", "/" + "root/", "/tmp" + "/sd", "/opt" + "/pypi", "/home" + "/[a-z]"))
)
INVENTED = {"/home" + "/commander", "/home" + "/approver"}


# -- exceptions from the rules -----------------------------------------------------------------------------------------


def test_every_rule_left_out_says_why() -> None:
    lint = SETTINGS[SETTINGS.index("[tool.ruff.lint]") : SETTINGS.index("[tool.ruff.lint.pylint]")]
    rules = [line for line in lint.splitlines() if re.match(r'\s+"[A-Z]+[0-9]*",', line)]
    assert len(rules) > 10
    assert not [line for line in rules if not re.search(r"# \S+ \S+", line)]


def test_every_loosened_check_says_why() -> None:
    checks = re.findall(r'^(?:report\w+ = "none"|\w+ = false)(.*)$', SETTINGS, re.MULTILINE)
    assert checks
    assert not [rest for rest in checks if not re.search(r"# \S+ \S+", rest)]


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_every_exception_in_a_line_says_why(path: Path) -> None:
    exception = re.compile(r"# (?:noqa|type: ignore|pyright: ignore)\b(?P<rest>.*)$")
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
        if found := exception.search(line):
            reason = re.fullmatch(r"(?::\s*[A-Z]+\d+(?:,\s*[A-Z]+\d+)*|\[[\w, -]+\])\W+\w.*", found["rest"])
            assert reason, f"line {number} names no rule or no reason: {line.strip()}"


# -- nothing of this machine -------------------------------------------------------------------------------------------


def _tracked() -> list[Path]:
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, check=False, capture_output=True, timeout=300)
    if listed.returncode == 0:
        return [ROOT / name for name in listed.stdout.decode().split("\0") if name]
    return [path for path in ROOT.rglob("*") if path.is_file() and not {".venv", ".git"} & set(path.parts)]


def test_no_file_names_a_machine() -> None:
    found: list[str] = []
    for path in _tracked():
        if not path.is_file():
            continue
        text = path.read_bytes().decode("utf-8", "replace")
        for invented in INVENTED:
            text = text.replace(invented, "")
        found += [f"{path.relative_to(ROOT)}: {hit[0]}" for hit in MACHINE_PATHS.finditer(text)]
    assert not found


# -- the README --------------------------------------------------------------------------------------------------------


def _typed() -> list[list[str]]:
    """Every command in the README's shell blocks, as words; a trailing backslash goes on in the next line."""
    blocks = re.findall(r"^```(?:sh|bash|console|shell)\n(.*?)^```", README, re.MULTILINE | re.DOTALL)
    lines = "\n".join(blocks).replace("\\\n", " ").splitlines()
    words = [shlex.split(line.removeprefix("$ "), comments=True) for line in lines]
    return [line for line in words if line]


def _commands(start: str) -> list[list[str]]:
    return [line for line in _typed() if line[0] == start]


def test_the_readme_has_its_two_commands() -> None:
    shown = [line[1:] for line in _commands("python3")]
    assert ["packaging/bootstrap.py", "run"] in shown
    assert ["packaging/bootstrap.py", "test"] in shown


@pytest.mark.parametrize("words", _commands("python3"), ids=" ".join)
def test_scripts_in_the_readme_exist(words: list[str]) -> None:
    assert (ROOT / words[1]).is_file()
    if words[1] == "packaging/bootstrap.py":
        usage = subprocess.run(
            [sys.executable, ROOT / words[1], "--help"], check=True, capture_output=True, text=True, timeout=300
        )
        assert re.search(rf"^  {re.escape(words[2])}\b", usage.stdout, re.MULTILINE)


def _ours() -> list[list[str]]:
    """`standdown` lines, and what is handed to it through the bootstrap."""
    through = [line[3:] for line in _commands("python3") if line[2:3] == ["standdown"]]
    return [line[1:] for line in _commands("standdown")] + through


@pytest.mark.parametrize("words", _ours(), ids=" ".join)
def test_commands_in_the_readme_exist(words: list[str]) -> None:
    from console.app import cli

    command: click.Command = cli
    context = click.Context(command, info_name="standdown")
    options = set(_options(command, context))
    rest = list(words)
    while isinstance(command, click.Group):
        while rest and rest[0].startswith("-"):
            assert rest[0].split("=")[0] in options
            rest = rest[1:] if "=" in rest[0] else rest[2:]
        if not rest:
            break
        found = command.get_command(context, rest[0])
        if found is None and command.invoke_without_command:
            break
        assert found is not None, f"there is no {rest[0]!r}"
        command, rest = found, rest[1:]
        context = click.Context(command, info_name=command.name, parent=context)
        options |= set(_options(command, context))
    assert command.get_help(context)
    written = [word.split("=")[0] for word in rest if re.match(r"--?[a-z]", word)]
    assert not [option for option in written if option not in options]


def _options(command: click.Command, context: click.Context) -> list[str]:
    return [name for parameter in command.get_params(context) for name in (*parameter.opts, *parameter.secondary_opts)]


def test_the_version_is_written_once() -> None:
    assert "version" in tomllib.loads(SETTINGS)["project"]["dynamic"]
    assert re.fullmatch(r"\d+\.\d+\.\d+", _version())


def test_the_command_knows_its_version_without_being_installed() -> None:
    command = [sys.executable, "-m", "console", "--version"]
    done = subprocess.run(command, cwd=ROOT, check=False, capture_output=True, text=True, timeout=300)
    assert (done.returncode, done.stdout.split()) == (0, ["standdown", _version()])


def _version() -> str:
    import console

    return console.__version__
