"""Secrets that were handed over: the state that keeps them opens none, the custodian all."""

from collections.abc import Sequence
from os import urandom

import pytest
from msgspec.msgpack import encode

from redaction.custodian import HYBRID, X25519, PrivateKey, new_private, open_once
from redaction.errors import Tampered
from redaction.handed_over import STRAND_MS, HandedOver, opened, step
from redaction.keys import KeyState
from redaction.keys_at_rest import open_state, seal_state, state_digest
from redaction.segments import Segments
from redaction.stored_keys import StoredHanded

EPOCH = 83_333
ROOT = bytes(32)


def filled(count: int = 5) -> KeyState:
    state = KeyState()
    for epoch in range(EPOCH, EPOCH + count):
        state.ensure_secret("search", epoch, urandom, tag="otp", now_ms=7)
    return state


def keys(*each: PrivateKey) -> dict[bytes, PrivateKey]:
    return {key.public().id: key for key in each}


def found(handed: HandedOver, *mine: PrivateKey) -> tuple[dict[int, bytes], bool]:
    strands = [each.stored() for each in handed.strands.values()]
    rows, is_whole = opened(handed.rows.values(), strands, keys(*mine))
    return {row.epoch: secret for row, secret in rows}, is_whole


@pytest.mark.policy("P-23")
@pytest.mark.parametrize("kem", [X25519, HYBRID])
def test_the_custodian_opens_what_the_state_does_not_hold_any_more(kem: str) -> None:
    key, state = new_private(kem), filled()
    before = {epoch: each.value for (_, _, epoch), each in state.families.secrets.items()}
    state.set_custodian(key.public(), 1)
    for epoch in before:
        state.hand_over("otp", epoch, urandom, now_ms=2)
    assert state.secrets() == []
    assert found(state.handed, key) == (before, True)
    assert found(state.handed, new_private(kem)) == ({}, False)
    (strand,) = state.handed.strands.values()
    assert strand.count == 5
    assert strand.after is not None
    for row in state.handed.rows.values():  # what the strand goes on with opens nothing of before
        with pytest.raises(Tampered):
            open_once(step(strand.after.value)[0], row.octets, encode((row.tag, row.epoch)))


def test_a_strand_ends_with_its_week_and_with_its_key_and_goes_when_nothing_is_in_it() -> None:
    first, second, state = new_private(X25519), new_private(X25519), filled(4)
    state.set_custodian(first.public(), 0)
    state.hand_over("otp", EPOCH, urandom, now_ms=0)
    state.hand_over("otp", EPOCH + 1, urandom, now_ms=STRAND_MS - 1)
    state.hand_over("otp", EPOCH + 2, urandom, now_ms=STRAND_MS)
    state.set_custodian(second.public(), STRAND_MS)
    state.hand_over("otp", EPOCH + 3, urandom, now_ms=STRAND_MS)
    assert [row.strand for row in state.handed.rows.values()] == [1, 1, 2, 3]
    assert [each.after is not None for each in state.handed.strands.values()] == [False, False, True]
    assert set(found(state.handed, first)[0]) == {EPOCH, EPOCH + 1, EPOCH + 2}
    assert found(state.handed, first, second)[1]
    for epoch in (EPOCH, EPOCH + 1, EPOCH + 3):
        assert state.drop_handed("otp", epoch)
    assert not state.drop_handed("otp", EPOCH)
    assert sorted(state.handed.strands) == [2, 3]


def test_what_was_moved_or_changed_is_not_opened() -> None:
    key, state = new_private(X25519), filled(2)
    state.set_custodian(key.public(), 0)
    for epoch in (EPOCH, EPOCH + 1):
        state.hand_over("otp", epoch, urandom, now_ms=0)
    row = state.handed.rows["otp", EPOCH]
    state.handed.rows["otp", EPOCH] = StoredHanded("otp", EPOCH + 9, row.strand, row.place, row.octets, 7)
    with pytest.raises(Tampered):
        found(state.handed, key)


def test_it_rests_in_the_key_state_and_is_read_as_it_was() -> None:
    key, state = new_private(X25519), filled()
    state.set_custodian(key.public(), 1)
    state.hand_over("otp", EPOCH, urandom, now_ms=2)
    lying: dict[bytes, bytes] = {}

    def read(ids: Sequence[bytes]) -> list[bytes | None]:
        return [lying.get(each) for each in ids]

    for epoch in (EPOCH + 1, EPOCH + 2):
        sealed = seal_state(state, ROOT, urandom)
        lying |= sealed.segments
        again = open_state(sealed.blob, ROOT, Segments(read))
        assert state_digest(again) == state_digest(state)
        assert found(again.handed, key) == found(state.handed, key)
        assert again.handed.custodian == key.public()
        state = again
        state.hand_over("otp", epoch, urandom, now_ms=2)
    assert found(state.handed, key)[0].keys() == {EPOCH, EPOCH + 1, EPOCH + 2}
