"""Frames come in any order, twice, of several sets, damaged, swapped: put together is what was cut, or nothing."""

from __future__ import annotations

import random
import tracemalloc
import zlib

import pytest

from console.domain import frames
from console.domain.frames import NotTogether, Pile

DATA = random.Random(7).randbytes(3_000)
OTHER = random.Random(8).randbytes(1_500)


def pile_of(lines) -> Pile:
    pile = Pile()
    for line in lines:
        pile.add(line)
    return pile


def forged(line: str, piece: bytes) -> str:
    """A frame whose check sum is right and whose piece is not."""
    found = frames.read(line)
    return frames._line(found.set, found.number, found.count, piece)


def test_letters_that_spell_no_bytes_are_a_damaged_frame():
    line = next(iter(frames.cut(frames.pack(OTHER))))
    name, number, count = frames.read(line).set, 1, frames.read(line).count
    data = "A"  # one letter of five bits is no byte
    check = zlib.crc32(f"{name}:{number}:{count}:{data}".encode())
    with pytest.raises(NotTogether, match="damaged"):
        frames.read(f"{frames.MARK}:{name}:{number}:{count}:{check:08X}:{data}")


def test_frames_in_any_order_and_twice_make_up_what_was_cut():
    packed = frames.pack(DATA)
    lines = list(frames.cut(packed))
    assert len(lines) == -(-len(packed) // frames.PICTURE_BYTES) == 5
    random.Random(1).shuffle(lines)
    pile = pile_of([*lines, *lines])
    (standing,) = pile.standings()
    assert standing.missing == ()
    assert frames.unpack(pile.put_together(standing.set), 3_000) == DATA


def test_a_frame_is_of_the_letters_that_a_qr_picture_packs_best():
    for line in frames.cut(DATA):
        assert set(line) <= set("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ:")
        assert len(line) <= 1_134  # 105 modules at level M


def test_what_is_missing_is_said_by_number():
    lines = frames.cut(DATA)
    pile = pile_of([lines[0], lines[4]])
    (standing,) = pile.standings()
    assert standing.missing == (2, 3, 4)
    with pytest.raises(NotTogether, match=r"missing of 5: frames 2-4\."):
        pile.put_together(standing.set)
    assert frames.told((3,)) == "frame 3"
    assert frames.told((1, 2, 4, 6, 7, 8)) == "frames 1-2, 4, 6-8"


def test_frames_of_two_sets_are_kept_apart():
    mine, other = frames.cut(DATA), frames.cut(OTHER)
    mixed = [*mine[::2], *other, *mine[1::2]]
    pile = pile_of(mixed)
    found = {pile.put_together(one.set) for one in pile.standings()}
    assert found == {DATA, OTHER}


@pytest.mark.parametrize("at", [*range(44), 100, 500, 900, 958])
def test_one_letter_changed_is_a_damaged_frame(at):
    line = frames.cut(DATA)[0]
    letter = "A" if line[at] != "A" else "B"
    with pytest.raises(NotTogether):
        frames.read(line[:at] + letter + line[at + 1 :])


@pytest.mark.parametrize("line", [
    "", "SDQ1:", "https://example.org", f"SDQ1:{'A' * 20}:0:1:00000000:AA", f"SDQ1:{'A' * 20}:2:1:00000000:AA",
    f"SDQ1:{'A' * 20}:1:1:00000000:A=", "x" * 5_000,
])  # fmt: skip
def test_what_is_no_frame_is_refused(line):
    with pytest.raises(NotTogether):
        frames.read(line)


def test_a_newer_version_is_told_from_damage():
    line = frames.cut(DATA)[0].replace("SDQ1:", "SDQ2:")
    assert frames.looks_like_one(line)
    with pytest.raises(NotTogether, match="newer version"):
        frames.read(line)


def test_a_forged_frame_beside_the_true_one_changes_nothing():
    lines = list(frames.cut(DATA))
    pile = pile_of([forged(lines[2], b"x" * 680), *lines])
    assert pile.put_together(pile.standings()[0].set) == DATA


def test_a_forged_frame_in_place_of_the_true_one_is_found_out():
    lines = list(frames.cut(DATA))
    lines[2] = forged(lines[2], b"x" * 680)
    pile = pile_of(lines)
    with pytest.raises(NotTogether, match="swapped or altered"):
        pile.put_together(pile.standings()[0].set)


def test_swapped_numbers_are_found_out():
    lines = [frames.read(one) for one in frames.cut(DATA)]
    swapped = {1: lines[1].piece, 2: lines[0].piece}
    pile = pile_of(frames._line(one.set, one.number, one.count, swapped.get(one.number, one.piece)) for one in lines)
    with pytest.raises(NotTogether, match="swapped or altered"):
        pile.put_together(lines[0].set)


def test_a_frame_that_counts_otherwise_is_refused():
    pile = pile_of(frames.cut(DATA)[:1])
    one = frames.read(frames.cut(DATA)[1])
    with pytest.raises(NotTogether, match="an earlier one said 5"):
        pile.add(frames._line(one.set, one.number, 9, one.piece))


def test_a_flood_of_sets_or_forms_is_refused():
    with pytest.raises(NotTogether, match="more than 16 sets"):
        pile_of(frames.cut(random.Random(seed).randbytes(50))[0] for seed in range(20))
    first = frames.cut(DATA)[0]
    with pytest.raises(NotTogether, match="too many forms"):
        pile_of(forged(first, bytes([letter])) for letter in b"abcdef")


def test_what_unpacks_to_more_than_was_said_is_refused_before_it_is_unpacked():
    bomb = frames.pack(bytes(50_000_000))
    tracemalloc.start()
    with pytest.raises(NotTogether, match="too long"):
        frames.unpack(bomb, 1_000)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 1_000_000
    for broken in (b"", b"not packed", frames.pack(DATA)[:-4], frames.pack(DATA) + b"more", zlib.compress(DATA)[::-1]):
        with pytest.raises(NotTogether):
            frames.unpack(broken, 3_000)


def test_what_takes_too_many_pictures_is_sent_to_a_file():
    with pytest.raises(NotTogether, match="Carry it as a file"):
        frames.cut(bytes(frames.PICTURE_BYTES * 401))
