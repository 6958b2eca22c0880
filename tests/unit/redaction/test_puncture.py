import os
from collections.abc import Iterable
from hashlib import blake2s

import pytest
from hypothesis import given
from hypothesis import strategies as st

from redaction.puncture import INDEX_BITS, LEVELS, NODE_BYTES, PART_BYTES, PuncturableKey, Punctured
from redaction.segments import PLACE_BYTES, Segments, seal_segment

LAST = 2**INDEX_BITS - 1
# Near ones share most of their path, which is where a wrong sibling would show.
indexes = st.one_of(st.integers(0, LAST), st.integers(0, 300), st.integers(LAST - 20, LAST))
index_sets = st.sets(indexes, max_size=12)


def fresh(seed: int = 1) -> PuncturableKey:
    return PuncturableKey.create(lambda size: bytes([seed]) * size)


def punctured(indexes: Iterable[int]) -> PuncturableKey:
    key = fresh()
    for index in indexes:
        key.puncture(index)
    return key


def behaviour(key: PuncturableKey, index: int) -> bytes | None:
    try:
        return key.derive(index)
    except Punctured:
        return None


@given(index_sets, index_sets)
def test_unpunctured_leaves_derive_the_same_and_punctured_ones_never(gone: set[int], asked: set[int]) -> None:
    key, original = punctured(gone), fresh()
    for index in asked | gone:
        assert behaviour(key, index) == (None if index in gone else original.derive(index))
        assert key.is_punctured(index) == (index in gone)


@given(st.lists(indexes, max_size=8), index_sets)
def test_puncture_takes_effect_at_once_on_a_warm_key(gone: list[int], asked: set[int]) -> None:
    key, original = fresh(), fresh()
    for index in gone:
        behaviour(key, index)
        key.puncture(index)
        assert behaviour(key, index) is None
    for index in asked - set(gone):
        assert key.derive(index) == original.derive(index)


@given(index_sets, index_sets)
def test_serialised_key_behaves_alike(gone: set[int], asked: set[int]) -> None:
    key = punctured(gone)
    again = PuncturableKey.from_bytes(key.to_bytes())
    assert again.to_bytes() == key.to_bytes()
    assert all(behaviour(again, index) == behaviour(key, index) for index in asked | gone)


def test_order_of_punctures_does_not_matter() -> None:
    assert punctured([1, 2, LAST]).to_bytes() == punctured([LAST, 2, 1]).to_bytes()


def test_puncture_twice_is_harmless() -> None:
    assert punctured([9, 9]).to_bytes() == punctured([9]).to_bytes()


def test_one_puncture_stores_ninety_two_nodes_and_none_stores_one() -> None:
    assert len(fresh().to_bytes()) == 6 + NODE_BYTES
    assert len(punctured([123_456_789_012]).to_bytes()) == 92 * (6 + NODE_BYTES)
    assert repr(punctured([123_456_789_012])) == "PuncturableKey(92 nodes)"


def test_a_thousand_punctures_share_the_top_of_their_paths() -> None:
    gone = [int.from_bytes(blake2s(bytes([at & 255, at >> 8])).digest()[:5], "big") for at in range(1_000)]
    assert len(punctured(gone).to_bytes()) < 1_000 * 76 * (6 + NODE_BYTES)


def test_nothing_stored_after_a_puncture_lies_on_the_path_to_the_leaf() -> None:
    key, gone = fresh(), 0xABCDE12345
    leaf = key.derive(gone)
    path = {gone >> (3 * LEVELS - 3 * level) | level << INDEX_BITS for level in range(LEVELS + 1)}
    key.puncture(gone)
    stored = key.to_bytes()
    names = {int.from_bytes(stored[at : at + 6], "big") for at in range(0, len(stored), 38)}
    assert not names & path
    assert leaf not in stored


@pytest.mark.parametrize("index", [-1, 2**INDEX_BITS])
def test_index_outside_forty_bits_is_refused(index: int) -> None:
    key = fresh()
    for operation in (key.derive, key.puncture, key.is_punctured):
        with pytest.raises(ValueError, match="40 bits"):
            operation(index)


@pytest.mark.parametrize("data", [b"\0" * 37, b"\x0f" + b"\0" * 37, b"\x01\0\0\0\0\x02" + b"\0" * 32])
def test_bytes_that_are_no_key_are_refused(data: bytes) -> None:
    with pytest.raises(ValueError, match="node"):
        PuncturableKey.from_bytes(data)


def test_leaves_and_keys_differ() -> None:
    leaves = {PuncturableKey.create(os.urandom).derive(0), fresh().derive(0), fresh().derive(1), fresh().derive(LAST)}
    assert len(leaves) == 4


def test_derivation_is_what_it_was() -> None:
    """A known answer: stored content depends on it."""
    assert fresh().derive(0xABCDE12345).hex() == "be7b2f256c139719a3c390dc144cb49217992484ff315ae83a6700e7e0fe7ecd"


def test_repr_shows_no_key() -> None:
    assert repr(fresh()) == "PuncturableKey(1 nodes)"


@pytest.mark.parametrize("step", [1, 8, 999_999_999_989])
def test_parts_are_halved_until_none_is_too_large(step: int) -> None:
    gone = [each * step % 2**INDEX_BITS for each in range(500)]
    key, original = punctured(gone), fresh()
    assert len(key.parts) > 1 or len(key.to_bytes()) <= PART_BYTES
    assert all(len(part.nodes or b"") <= PART_BYTES for part in key.parts)
    again = PuncturableKey.from_bytes(key.to_bytes())
    assert again.to_bytes() == key.to_bytes()
    for index in [*gone, *(each ^ 2**20 for each in gone), LAST]:
        assert behaviour(key, index) == behaviour(again, index) == (None if index in gone else original.derive(index))


@given(index_sets, index_sets)
def test_sealed_parts_are_opened_where_they_are_asked_for_and_never_changed(gone: set[int], later: set[int]) -> None:
    shelf, key = {}, punctured({*gone, 5})
    for part in key.parts:
        part.place = os.urandom(PLACE_BYTES)
        shelf[part.place[:16]] = seal_segment(part.nodes or b"", part.place)
    segments = Segments(lambda ids: [shelf.get(each) for each in ids])
    first, second = (PuncturableKey.from_parts(key.packed_parts(), segments) for _ in range(2))
    for index in later:
        first.puncture(index)
    assert first.to_bytes() == punctured({*gone, *later, 5}).to_bytes()
    assert second.to_bytes() == key.to_bytes()


@pytest.mark.parametrize("data", [b"", bytes(55), bytes(56), b"\xff" * 56, bytes(7) + b"\x02" + bytes(47)])
def test_bytes_that_are_no_parts_are_refused(data: bytes) -> None:
    with pytest.raises(ValueError, match="part"):
        PuncturableKey.from_parts(data, Segments())
