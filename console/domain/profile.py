"""The strict JSON profile of everything signed (protocol.md sections 3 and 12), as pure rules.

It never parses bytes: `console.keys.canon` and the bundle's verifier do, and both ask here.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator

from console.domain.errors import BadForm

_TYPES = "only null, true, false, whole numbers, text, lists and objects are allowed"

JsonValue = None | bool | int | str | list["JsonValue"] | dict[str, "JsonValue"]

MAX_INT = 2**53 - 1
MAX_DEPTH = 6
MAX_ENTRY_BYTES = 64 * 1024
MAX_DISCLOSURE_BYTES = 64 * 1024
MAX_DOCUMENT_BYTES = 256 * 1024
MAX_TARGETS = 200
MAX_KEY_CHARS = 64

# CR and every other C0/C1 control but TAB and LF, DEL, the line and paragraph separators, the bidi *format*
# characters, lone surrogates. Right-to-left letters, ZWJ and ZWNJ are allowed.
REFUSED_TEXT = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff]")
_FIELD_NAME = re.compile(r"[\x21-\x7e]{1,64}\Z")


def check_text(text: str, where: str = "") -> None:
    """Refuse text that is not NFC or holds a refused code point.

    Raises:
        BadForm: naming the first code point, never echoing the text.
    """
    if text.isascii():
        found = REFUSED_TEXT.search(text)
    else:
        if not unicodedata.is_normalized("NFC", text):
            raise BadForm(where, "the text is not in Unicode normal form C")
        found = REFUSED_TEXT.search(text)
    if found is not None:
        raise BadForm(where, f"the character U+{ord(found.group()):04X} is not allowed in text")


def check_value(value: JsonValue, where: str = "", depth: int = 1) -> None:
    """Refuse whatever the profile has no form for: floats, large integers, depth over 6, odd field names, bad text.

    Raises:
        BadForm: with the path of the first offender.
    """
    if value is None or value is True or value is False:
        return
    if type(value) is int:
        if not -MAX_INT <= value <= MAX_INT:
            raise BadForm(where, "the number is outside 53 bits")
        return
    if type(value) is str:
        check_text(value, where)
        return
    if not isinstance(value, list | dict):
        raise BadForm(where, _TYPES)
    if depth > MAX_DEPTH:
        raise BadForm(where, f"it is nested more than {MAX_DEPTH} deep")
    for path, item in _members(value, where):
        check_value(item, path, depth + 1)


def _members(value: list[JsonValue] | dict[str, JsonValue], where: str) -> Iterator[tuple[str, JsonValue]]:
    if isinstance(value, list):
        for index, item in enumerate(value):
            yield f"{where}[{index}]", item
        return
    for name, item in value.items():
        if type(name) is not str or not _FIELD_NAME.match(name):
            raise BadForm(where, "a field name is not 1 to 64 printable ASCII characters")
        yield f"{where}.{name}" if where else name, item
