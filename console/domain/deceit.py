"""Text that could look like other text: scripts mixed in a word, look-alikes, invisible or direction-changing marks.

Rules on code points only (after Unicode UTS 39's idea of mixed-script and confusable detection, with a table of its own
for the letters that pass for Latin). It never changes what is signed, only how it is shown.
"""

from __future__ import annotations

import re
import unicodedata
from typing import Final

# letters of other scripts that pass for a Latin letter or a digit in common fonts
LOOK_ALIKES: Final = {
    **dict(zip("аеорсухіјѕԁһӏԛԝьАВЕКМНОРСТУХІЈЅ", "aeopcyxijsdhlqwbABEKMHOPCTYXIJS", strict=True)),
    **dict(zip("αονρυικτΑΒΕΖΗΙΚΜΝΟΡΤΥΧ", "aovpuiktABEZHIKMNOPTYX", strict=True)),
    **dict(zip("օոսհցԼՕՍ", "onuhgLOU", strict=True)),
}
_DIRECTIONS: Final = re.compile("[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]")
_INVISIBLE: Final = re.compile(
    "[\u00ad\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200d\u2060-\u2064\u206a-\u206f\u3164\ufe00-\ufe0f\ufeff"
    "\uffa0\U0001d173-\U0001d17a\U000e0000-\U000e0fff]"
)
_WORD: Final = re.compile(r"[^\W_]+")
_SPACES: Final = re.compile("[\u00a0\u1680\u2000-\u200a\u202f\u205f\u3000]")
_SCRIPTS: Final = (
    "LATIN", "CYRILLIC", "GREEK", "ARMENIAN", "HEBREW", "ARABIC", "CHEROKEE", "COPTIC", "GEORGIAN", "FULLWIDTH",
    "MATHEMATICAL", "DEVANAGARI", "THAI", "HANGUL", "HIRAGANA", "KATAKANA", "CJK",
)  # fmt: skip
_TOGETHER: Final = ({"HIRAGANA", "KATAKANA", "CJK"}, {"HANGUL", "CJK"})


def warnings_about(text: str) -> tuple[str, ...]:
    """Why this text may not be what it looks like, as clauses; none for plain text of one script."""
    if text.isascii():
        return ()
    found: list[str] = []
    if _DIRECTIONS.search(text):
        found.append("it holds marks that change the direction of writing")
    if _INVISIBLE.search(text):
        found.append("it holds invisible characters")
    if _SPACES.search(text):
        found.append("it holds unusual spaces")
    if any(unicodedata.bidirectional(char) in ("R", "AL", "AN") for char in text):
        found.append("part of it is written from right to left")
    words = _WORD.findall(text)
    mixed = [word for word in words if len(_scripts(word)) > 1 and _scripts(word) not in _TOGETHER]
    if mixed:
        found.append(f"letters of different scripts are mixed in {_spelled(mixed[0])}")
    alike = [word for word in words if word not in mixed and _passes_for_latin(word)]
    if alike:
        found.append(f"{_spelled(alike[0])} is not Latin but looks like {_skeleton(alike[0])!r}")
    if unicodedata.normalize("NFKC", text) != text and not _SPACES.search(text):
        found.append("it holds letters in a special form (wide, styled or joined)")
    return tuple(found)


def shown(text: str) -> str:
    """The text with everything made visible that has no look of its own: <U+200B>. Line breaks become <U+000A>."""
    return "".join(f"<U+{ord(char):04X}>" if _hidden(char) else char for char in text)


def _hidden(char: str) -> bool:
    return (
        unicodedata.category(char) in ("Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp")
        or bool(_INVISIBLE.match(char))
        or bool(_SPACES.match(char))
    )


def _scripts(word: str) -> set[str]:
    found: set[str] = set()
    for char in word:
        name = unicodedata.name(char, "UNKNOWN")
        if char.isalpha():
            found.add(next((script for script in _SCRIPTS if name.startswith(script)), "OTHER"))
    return found


def _passes_for_latin(word: str) -> bool:
    letters = [char for char in word if char.isalpha()]
    return (
        bool(letters)
        and any(char in LOOK_ALIKES for char in letters)
        and all(char in LOOK_ALIKES or char.isascii() for char in letters)
    )


def _skeleton(word: str) -> str:
    return "".join(LOOK_ALIKES.get(char, char) for char in word)


def _spelled(word: str) -> str:
    odd = [f"U+{ord(char):04X}" for char in word if not char.isascii()]
    return f"{shown(word)!r} ({', '.join(odd[:6])})"
