"""The filter finds everybody who was added, and hardly anybody else."""

from hashlib import blake2s

from gateway.consent.filter import LEAST_BITS, TokenFilter


def tokens(count: int, salt: bytes) -> list[bytes]:
    return [blake2s(number.to_bytes(4, "big"), key=salt, digest_size=8).digest() for number in range(count)]


def test_who_was_added_is_found_and_others_once_in_hundreds() -> None:
    room = 20_000
    made = TokenFilter(room)
    there, others = tokens(room, b"there"), tokens(room, b"others")
    assert not any(map(made.may_have, there))
    made.add(there)
    assert all(map(made.may_have, there))
    assert sum(map(made.may_have, others)) < room / 100
    assert made.count == room <= made.room


def test_tokens_of_either_length_are_taken_and_an_empty_filter_has_room() -> None:
    made = TokenFilter(0)
    assert made.room == LEAST_BITS // 16
    made.add([b"\xff" * 16, b"\x00" * 8])
    assert made.may_have(b"\xff" * 16)
    assert made.may_have(b"\x00" * 8)
    assert not made.may_have(b"\x01" * 8)
