import os
from collections.abc import Sequence

import pytest

from redaction.errors import KeysWithheld, Tampered
from redaction.segments import PLACE_BYTES, Segments, open_segment, seal_segment


def kept(*contents: bytes) -> tuple[dict[bytes, bytes], list[bytes]]:
    """What lies sealed, by id; places."""
    places = [os.urandom(PLACE_BYTES) for _ in contents]
    sealed = {place[:16]: seal_segment(content, place) for place, content in zip(places, contents, strict=True)}
    return sealed, places


@pytest.mark.parametrize("content", [b"", b"x", b"x" * 200_000])
def test_what_was_sealed_opens_at_its_place_and_nowhere_else(content: bytes) -> None:
    sealed, (place, other) = kept(content, b"another")
    assert open_segment(sealed[place[:16]], place) == content
    for wrong in (other, other[:16] + place[16:], place[:16] + other[16:]):
        with pytest.raises(Tampered):
            open_segment(sealed[place[:16]], wrong)


@pytest.mark.parametrize("at", [0, 4, 5, -1])
def test_changed_octets_are_told(at: int) -> None:
    sealed, (place,) = kept(b"content")
    octets = bytearray(sealed[place[:16]])
    octets[at] ^= 1
    for wrong in (bytes(octets), bytes(octets[:20]), b""):
        with pytest.raises(Tampered):
            open_segment(wrong, place)


def test_so_many_octets_are_held_and_the_ones_unused_for_longest_are_wiped() -> None:
    sealed, places = kept(*(bytes([each]) * 100 for each in range(1, 6)))
    asked: list[bytes] = []

    def read(ids: Sequence[bytes]) -> list[bytes | None]:
        asked.extend(ids)
        return [sealed.get(each) for each in ids]

    segments = Segments(read, held_bytes=300)
    first = segments.open(places[0])
    second = segments.open(places[1])
    for place in (places[2], places[0], places[3], places[0]):
        segments.open(place)
    assert (set(first), set(second)) == ({1}, {0})
    assert len(asked) == 4


def test_whoever_takes_over_holds_what_still_is_named() -> None:
    sealed, places = kept(b"one", b"two")
    before = Segments(lambda ids: [sealed.get(each) for each in ids])
    one, two = map(before.open, places)
    after = Segments()
    after.replace(before, {places[0]})
    assert after.open(places[0]) is one
    assert (bytes(one), bytes(two)) == (b"one", bytes(3))
    assert after.open(places[1]) == b"two", "and reads as the one before"
    after.leave(places[0])
    assert (bytes(one), after.superseded) == (bytes(3), [places[0][:16]])


def test_what_is_missing_is_told_or_withheld() -> None:
    _, (place,) = kept(b"one")
    segments, lost = Segments(), []
    with pytest.raises(Tampered, match="missing"):
        segments.open(place)
    segments.on_loss = lambda: lost.append(1)
    with pytest.raises(KeysWithheld):
        segments.open(place)
    assert lost == [1]
