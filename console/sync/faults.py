"""What can be wrong with a shared place or a file in it, named by the fact. Nothing of ours is ever lost by it."""

from __future__ import annotations

from console.domain.errors import Problem, WaitsForConnection


class PlaceGone(WaitsForConnection):
    """The shared place cannot be reached: unplugged, unmounted, or removed."""

    def __init__(self, where: str) -> None:
        """`where` is the place as the person wrote it."""
        super().__init__(
            f"The shared folder {where} is not there.",
            "Nothing is lost: mount or plug it in again; what was written here goes out at the next sync.",
        )


class PlaceFull(WaitsForConnection):
    """The shared place takes no more data (full, or read-only)."""

    def __init__(self, where: str, why: str) -> None:
        """`why` is the operating system's word for it."""
        super().__init__(
            f"The shared folder {where} could not be written: {why}.",
            "Nothing is lost: make room or ask for the right to write, then sync again.",
        )


class FileRefused(Problem):
    """One file of a place that is not taken: a link, too large, or not what its name says."""

    def __init__(self, name: str, why: str) -> None:
        """`name` is the file's path in the place."""
        super().__init__(f"The file {name} was not taken: {why}.", "It is left where it is and tried again next time.")
        self.name = name
        self.why = why


class FileVanished(FileRefused):
    """A file that was listed and is gone: its owner put another in its place, or somebody removed it."""

    def __init__(self, name: str) -> None:
        """`name` is the file's path in the place."""
        super().__init__(name, "it vanished while it was read")
