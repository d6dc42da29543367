#!/usr/bin/env python3
"""Checks this bundle with Python's standard library and ssh-keygen alone, without the software that wrote it.

Usage, from the bundle's folder:  python3 verify.py [--genesis SHA256]
The rules below (SOURCES) are the very source the console runs. Exit 0: it holds. Exit 1: it does not, and why.
"""

# A program of its own for the auditor's Python, so it speaks to a terminal and goes without annotations:
# ruff: noqa: ANN001, ANN201, ANN204, ARG002, D102, D103, PLC0415, S102, T201, UP036

import sys

# Python looks for modules beside a program first, and what lies beside this one came with the bundle, to the last file
if not (sys.flags.isolated or getattr(sys.flags, "safe_path", False)):
    del sys.path[0]

import argparse
import importlib.abc
import importlib.machinery
import pathlib
import shutil
import subprocess
import tempfile

SOURCES = {}  # filled in when the bundle is written
MAX_BYTES = 1024 * 1024 * 1024


class Carried(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    """Finds the carried modules before any that may be installed here."""

    def find_spec(self, name, path=None, target=None):
        if name not in SOURCES:
            return None
        return importlib.machinery.ModuleSpec(name, self, is_package=not SOURCES[name])

    def exec_module(self, module):
        exec(compile(SOURCES[module.__name__], module.__name__, "exec"), module.__dict__)


class SshKeygen:
    """Verifies signatures with the stock tool, one child process each."""

    def __init__(self, folder, problem):
        self.folder = folder
        self.problem = problem
        self.program = shutil.which("ssh-keygen")
        if self.program is None:
            raise problem("ssh-keygen is not installed.", "Install the OpenSSH client.")
        self.signers = {}

    def verify(self, line, namespace, message, armoured):
        allowed = self.signers.get((line, namespace))
        if allowed is None:
            allowed = self.folder / f"signers{len(self.signers)}"
            allowed.write_text(f'signer namespaces="{namespace}" {line}\n', encoding="ascii")
            self.signers[line, namespace] = allowed
        signature = self.folder / "signature"
        signature.write_text(armoured, encoding="utf-8")
        done = subprocess.run(
            [self.program, "-Y", "verify", "-f", str(allowed), "-I", "signer", "-n", namespace, "-s", str(signature)],
            input=message, capture_output=True, check=False, timeout=60,
        )  # fmt: skip
        if done.returncode:
            raise self.problem("the signature does not hold: ssh-keygen refuses it.")


def read_folder(root, is_known, wrong):
    """Every file, by its name; whatever a bundle does not have is refused unread, by name."""
    files = {}
    total = 0
    for path in sorted(root.rglob("*")):
        name = path.relative_to(root).as_posix()
        if path.is_symlink() or not (path.is_file() or path.is_dir()):
            raise wrong(name, "it is a link or no plain file")
        if path.is_file():
            total += path.stat().st_size
            if not is_known(name):
                raise wrong(name, "a bundle has no such file")
            if total > MAX_BYTES:
                raise wrong(name, "the bundle holds more than is read")
            files[name] = path.read_bytes()
    return files


def main():
    sys.dont_write_bytecode = True
    if sys.version_info < (3, 11):
        raise SystemExit("verify.py needs Python 3.11 or later.")
    parser = argparse.ArgumentParser(description="Check this bundle; exit 0 when it holds, 1 when it does not.")
    parser.add_argument("--genesis", help="the SHA-256 of roster 0, as you had it another way than by this bundle")
    parser.add_argument("folder", nargs="?", default=pathlib.Path(__file__).resolve().parent, type=pathlib.Path)
    asked = parser.parse_args()
    sys.meta_path.insert(0, Carried())
    from console.domain.errors import Problem
    from console.exports.evidence import Wrong
    from console.exports.names import is_known
    from console.exports.proof import read_bundle
    from console.exports.rulings import Judge, close_of

    with tempfile.TemporaryDirectory() as folder:
        try:
            seal = SshKeygen(pathlib.Path(folder), Problem)
            evidence = read_bundle(read_folder(asked.folder, is_known, Wrong), seal, asked.genesis)
            judge = Judge(evidence, seal)
            judge.judge_all()
            close = close_of(evidence)
        except Problem as fault:
            print(f"WRONG  {fault}")
            return 1
    print(f"HOLDS  {len(evidence.entries)} entries, {evidence.signatures} signatures, {evidence.rulings} decisions.")
    for note in evidence.notes:
        print(f"note   {note}")
    print("note   the incident is not closed" if close is None else f"note   {len(close.after)} entries after close")
    if asked.genesis is None:
        print(f"note   no --genesis was given: compare {evidence.about.genesis} with what you had another way,")
        print("       or this proves only that the bundle agrees with itself.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
