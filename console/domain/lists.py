"""Lists of accounts: hostile text and tables made into normalised lines, the rows drawn for both screens, templates.

Pure rules (protocol.md sections 6 and 12). A list is what its lines' hash names; it never shortens or mends a line.
"""

from __future__ import annotations

import csv
import hashlib
import io
import string
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from console.domain.deceit import warnings_about
from console.domain.errors import BadForm, WrongUse
from console.domain.ids import is_sha256
from console.domain.profile import check_text
from console.domain.spreadsheet import plain_cell

MAX_BYTES: Final = 32 * 1024 * 1024
MAX_LINES: Final = 100_000
MAX_CHARS: Final = 256
DRAWN: Final = 20
HEAVIEST: Final = 10
PREFIX: Final = "list:"
MARK: Final = "<<account>>"
LIFTS: Final = "list.lifts"  # of a list that gives back: the document whose list it lifts
_UNRESERVED: Final = frozenset(string.ascii_letters.encode() + string.digits.encode() + b"-._~")
_SHOWN_PROBLEMS: Final = 200
_DELIMITERS: Final = (",", ";", "\t", "|")
# what the column of accounts is called in the exports people bring
_HEADERS: Final = (
    "selector", "account", "account_id", "user", "user_id", "userid", "username", "key", "key_id", "api_key", "token",
    "team", "team_id", "customer", "customer_id", "email", "id",
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Imported:
    """A list as read: `lines` sorted, each once; how often one came again; what was not taken, by line, and why.

    `column` is the column taken, empty for plain text; `odd` are lines that may not be what they look like.
    """

    source: str
    lines: tuple[str, ...]
    read: int
    again: int
    refused: int
    problems: tuple[tuple[int, str], ...]
    odd: tuple[tuple[str, str], ...]
    column: str = ""

    @property
    def raw(self) -> bytes:
        """The bytes that the list's hash names."""
        return to_bytes(self.lines)

    @property
    def sha256(self) -> str:
        """The list's name."""
        return hashlib.sha256(self.raw).hexdigest()


def to_bytes(lines: Sequence[str]) -> bytes:
    """The normalised form: each line once, in order of code points, a line feed after each."""
    return "".join(f"{line}\n" for line in sorted(set(lines))).encode()


def from_bytes(raw: bytes, sha256: str) -> tuple[str, ...]:
    """The lines of a stored list.

    Raises:
        BadForm: when the bytes are not those of this name, or not the normalised form.
    """
    if hashlib.sha256(raw).hexdigest() != sha256:
        raise BadForm("list", "its lines are not the ones that were signed")
    try:
        lines = tuple(raw.decode().split("\n")[:-1])
    except UnicodeDecodeError:
        raise BadForm("list", "its lines are no text") from None
    if to_bytes(lines) != raw:
        raise BadForm("list", "its lines are not in the normalised form")
    return lines


def list_of(params: Mapping[str, str]) -> str | None:
    """The hash of the lines of a list target, from its parameters; None for every other target."""
    found = params.get("list")
    return found if is_sha256(found) else None


def read_list(raw: bytes, source: str, column: str = "") -> Imported:
    """Read a text (one account a line) or a table (CSV, semicolons, tabs) with or without a heading.

    Empty lines and comments (`#`) are left out. A line that cannot be an account is refused by number, never mended.

    Raises:
        WrongUse: for a file that is no UTF-8 text, too long, without any account, or without the column named.
    """
    if len(raw) > MAX_BYTES:
        raise WrongUse(f"The list is longer than {MAX_BYTES // 1024 // 1024} MiB.", "Split it.")
    text = _decoded(raw)
    rows, found = _rows(text, column)
    lines: set[str] = set()
    problems: list[tuple[int, str]] = []
    refused = again = read = 0
    for number, cell in rows:
        if not cell or (cell.startswith("#") and not found):
            continue
        read += 1
        why = _why_not(cell)
        if why:
            refused += 1
            problems.append((number, why))
        elif (line := unicodedata.normalize("NFC", cell)) in lines:
            again += 1
        else:
            lines.add(line)
        if len(lines) > MAX_LINES:
            raise WrongUse(f"The list has more than {MAX_LINES} accounts.", "Restrict the whole surface, or split it.")
    if not lines:
        raise WrongUse("No account is in it.", problems[0][1] if problems else "Write one account a line.")
    odd = tuple((line, told[0]) for line in sorted(lines) if (told := warnings_about(line)))
    return Imported(
        source=source, lines=tuple(sorted(lines)), read=read, again=again, refused=refused,
        problems=tuple(problems[:_SHOWN_PROBLEMS]), odd=odd, column=found,
    )  # fmt: skip


def _decoded(raw: bytes) -> str:
    encoding = "utf-16" if raw[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8-sig"
    try:
        return raw.decode(encoding)
    except UnicodeDecodeError:
        raise WrongUse("The list is no UTF-8 text.", "Save it as UTF-8 (in a spreadsheet: CSV UTF-8).") from None


def _why_not(cell: str) -> str:
    if len(cell) > MAX_CHARS:
        return f"longer than {MAX_CHARS} characters"
    if "\n" in cell or "\t" in cell:
        return "more than one line in a cell"
    try:
        check_text(unicodedata.normalize("NFC", cell))
    except BadForm as fault:
        return fault.why
    return ""


def _rows(text: str, column: str) -> tuple[list[tuple[int, str]], str]:
    """Cells with their line numbers, and the column's heading where the text is a table with one."""
    plain = text.replace("\r\n", "\n").replace("\r", "\n")
    first = next((line for line in plain.split("\n") if line.strip()), "")
    delimiter = max(_DELIMITERS, key=first.count)
    table = first.count(delimiter) > 0 or bool(column) or first.strip().strip('"').casefold() in _HEADERS
    if not table:
        return [(number, line.strip()) for number, line in enumerate(plain.split("\n"), 1)], ""
    reader = csv.reader(io.StringIO(plain), delimiter=delimiter, strict=False)
    try:
        return _column(iter(reader), reader, column)
    except csv.Error:
        raise WrongUse("The table cannot be read: a cell is too long or never ends.", "Save it as CSV anew.") from None


def _column(rows: Iterator[list[str]], reader: object, column: str) -> tuple[list[tuple[int, str]], str]:
    head = next((row for row in rows if any(cell.strip() for cell in row)), [])
    names = [cell.strip().casefold() for cell in head]
    wanted = column.strip().casefold()
    if wanted.isdigit() and 1 <= int(wanted) <= len(head):
        at, kept = int(wanted) - 1, [head] if not set(names) & set(_HEADERS) else []
    elif wanted:
        if wanted not in names:
            raise WrongUse(f"The table has no column {column!r}.", f"It has: {', '.join(names[:12])}.")
        at, kept = names.index(wanted), []
    elif known := [name for name in _HEADERS if name in names]:
        at, kept = names.index(known[0]), []
    else:
        if len(head) > 1:
            raise WrongUse("It is not clear which column holds the accounts.", "Name it, or give its number.")
        at, kept = 0, [head]
    number = getattr(reader, "line_num", 1)
    found = [(number, row[at].strip() if at < len(row) else "") for row in kept]
    for row in rows:
        number = getattr(reader, "line_num", number)
        if any(cell.strip() for cell in row):
            found.append((number, row[at].strip() if at < len(row) else ""))
    return found, (names[at] if not kept else f"column {at + 1}")


def drawn(doc_sha: str, lines: Sequence[str], count: int = DRAWN) -> tuple[str, ...]:
    """The rows that both signers see: those with the smallest SHA-256 of the document's hash and the line."""
    ranked = sorted(lines, key=lambda line: hashlib.sha256(f"{doc_sha}{line}".encode()).digest())
    return tuple(ranked[:count])


def to_csv(rows: Sequence[Sequence[str]], head: Sequence[str]) -> str:
    """A table for a spreadsheet; a cell that it could take for a formula is kept from that with an apostrophe."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(head)
    for row in rows:
        writer.writerow(map(plain_cell, row))
    return out.getvalue()


# -- one request for every line ----------------------------------------------------------------------------------------


def to_path(text: str) -> str:
    """An account as it stands in a path."""
    return "".join(chr(one) if one in _UNRESERVED else f"%{one:02X}" for one in text.encode())


def marked(text: str, account: str, spelled: str) -> str:
    """A request's text with this account (as it is spelled there) replaced by the mark."""
    return text.replace(spelled, MARK) if account and spelled else text


def filled(text: str, spelled: str) -> str:
    """A template's text with an account in its place."""
    return text.replace(MARK, spelled)
