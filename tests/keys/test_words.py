from __future__ import annotations

import hashlib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from console.domain.errors import Problem, WrongUse
from console.keys import words
from tests.kit.entropy import SeededEntropy

FINGERPRINT = hashlib.sha256(b"genesis").hexdigest()


def _one_letter_away(a, b):
    if len(a) == len(b):
        return sum(x != y for x, y in zip(a, b, strict=True)) == 1
    short, long = sorted((a, b), key=len)
    return len(long) - len(short) == 1 and any(long[:at] + long[at + 1 :] == short for at in range(len(long)))


def test_the_list_keeps_its_rules():
    listed = words.word_list()
    assert len(listed) == len(set(listed)) == 1024
    assert list(listed) == sorted(listed)
    assert len({word[:4] for word in listed}) == 1024
    assert all(word.isascii() and word.isalpha() and word.islower() and 4 < len(word) < 8 for word in listed)
    assert not [(a, b) for at, a in enumerate(listed) for b in listed[at + 1 :] if _one_letter_away(a, b)]


def test_the_list_is_never_edited():
    text = (Path(__file__).parents[2] / "resources" / "words" / "english-1024.txt").read_bytes()
    assert hashlib.sha256(text).hexdigest() == "02184358622e2a48d6e32e36bc7fb2aca9b32e038034a3b69a91e81e4b495124"


def test_words_are_the_bits_of_the_fingerprint():
    listed = words.word_list()
    found = words.words_of(FINGERPRINT).split(" ")
    bits = "".join(format(listed.index(word), "010b") for word in found)
    assert bits == format(int(FINGERPRINT, 16), "0256b")[:80]
    assert words.words_of("0" * 64, 4) == " ".join([listed[0]] * 4)
    assert words.words_of("f" * 64, 25) == " ".join([listed[-1]] * 25)


@given(st.binary(min_size=32, max_size=32), st.binary(min_size=32, max_size=32), st.integers(4, 25))
def test_equal_words_mean_equal_leading_bits(one, other, n):
    a, b = words.words_of(one.hex(), n), words.words_of(other.hex(), n)
    shift = 256 - 10 * n
    assert words.same_words(a, b) == (int.from_bytes(one) >> shift == int.from_bytes(other) >> shift)


@pytest.mark.parametrize(("text", "n"), [("", 8), ("F" * 64, 8), ("0" * 63, 8), ("0" * 64, 3), ("0" * 64, 26)])
def test_only_a_sha256_has_words(text, n):
    with pytest.raises(WrongUse):
        words.words_of(text, n)


def test_case_spaces_and_commas_are_forgiven_and_nothing_else():
    spoken = words.words_of(FINGERPRINT)
    first, *rest = spoken.split()
    for heard in (spoken.upper(), f"  {spoken}\n", spoken.replace(" ", ", "), spoken.replace(" ", "-"), spoken.title()):
        assert words.same_words(spoken, heard)
        words.require_words(FINGERPRINT, heard)
    for heard in (
        "",
        " ",
        " ".join(rest),
        f"{first} {spoken}",
        " ".join([*rest, first]),
        spoken.replace(" ", ""),
        spoken + "s",
    ):
        assert not words.same_words(spoken, heard)
        with pytest.raises(words.OtherWords):
            words.require_words(FINGERPRINT, heard)
    assert not words.same_words("", "")


def test_a_phrase_is_drawn_from_all_words():
    drawn = {word for seed in range(800) for word in words.random_phrase(SeededEntropy(seed)).split()}
    assert len(drawn) > 1000
    assert drawn <= set(words.word_list())
    assert (
        words.random_phrase(SeededEntropy(1))
        == words.random_phrase(SeededEntropy(1))
        != words.random_phrase(SeededEntropy(2))
    )


@pytest.mark.parametrize("content", [None, "", "able\nabout\n"])
def test_a_missing_or_damaged_list_says_what_to_do(tmp_path, monkeypatch, content):
    package = tmp_path / "lib" / "console"
    if content is not None:
        (package / "resources" / "words").mkdir(parents=True)
        (package / "resources" / "words" / "english-1024.txt").write_text(content)
    monkeypatch.setattr(words, "_PACKAGE", package)
    with pytest.raises(Problem, match="Install Standdown again"):
        words.word_list.__wrapped__()


def test_an_installed_package_carries_the_list_inside(tmp_path, monkeypatch):
    inside = tmp_path / "console" / "resources" / "words"
    inside.mkdir(parents=True)
    (inside / "english-1024.txt").write_text("\n".join(words.word_list()))
    monkeypatch.setattr(words, "_PACKAGE", tmp_path / "console")
    assert words.word_list.__wrapped__() == words.word_list()
