"""A gateway's configuration file in the hands of a person who does what a text says, line by line."""

from __future__ import annotations

ENTRY = "  - model_name: "


def follow(text: str, file: str, name: str) -> str:
    """The file as it is left by somebody who follows this text about one model."""
    lines, entry = file.splitlines(), _entry(file, name)
    added = [f"  {line[3:]}" for line in text.splitlines() if line.startswith("+")]
    gone = [f"  {line[3:]}" for line in text.splitlines() if line.startswith("-")]
    inside = [lines[at] for at in entry]
    if "Put a # sign" in text:
        inside = [f"# {line}" for line in inside]
    elif "take the signs away" in text:
        inside = [line.removeprefix("# ") for line in inside]
    elif gone:
        assert inside[-len(gone) :] == gone, inside
        inside = inside[: -len(gone)]
    else:
        inside += added
    return "\n".join([*lines[: entry[0]], *inside, *lines[entry[-1] + 1 :]]) + "\n"


def _entry(file: str, name: str) -> list[int]:
    """The lines of one entry, also where they are behind signs."""
    found: list[int] = []
    for at, line in enumerate(file.splitlines()):
        bare = line.removeprefix("# ")
        if found and not bare.startswith("    "):
            break
        if found or bare == f"{ENTRY}{name}":
            found.append(at)
    assert found, f"no entry of {name}"
    return found
