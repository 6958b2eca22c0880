import os
from collections.abc import Callable, Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from redaction.customer_keys import LAYOUT
from redaction.errors import Tampered, UnknownVersion, WrongRoot
from redaction.first_layout import from_bytes, to_bytes
from redaction.keys import PEPPER_PURPOSES, KeyState, Random
from redaction.keys_at_rest import key_ages, open_state, seal_state, state_digest
from redaction.retention import OTP
from redaction.segments import Segments
from redaction.stored_keys import SealedState

from .conftest import CUSTOMER, PERIOD

ROOT = bytes(range(32))


class Shelf:
    """Where segments lie; what was read from it."""

    def __init__(self) -> None:
        self.segments: dict[bytes, bytes] = {}
        self.reads: list[bytes] = []
        self.blob = b""

    def read(self, ids: Sequence[bytes]) -> Sequence[bytes | None]:
        self.reads += ids
        return [self.segments.get(each) for each in ids]

    def keep(self, sealed: SealedState) -> None:
        self.blob = sealed.blob
        self.segments |= sealed.segments
        for each in sealed.deletable:
            del self.segments[each]

    def open(self) -> KeyState:
        return open_state(self.blob, ROOT, Segments(self.read))


def reopened(state: KeyState) -> KeyState:
    shelf = Shelf()
    shelf.keep(seal_state(state, ROOT, os.urandom))
    return shelf.open()


def test_ages_tell_every_key_and_no_key_material(keys: KeyState) -> None:
    ages = {(it.family, it.name): it.created_ms for it in key_ages(keys)}
    assert ages["period", f"otp/{PERIOD}"] == 2
    assert ages["customer", "7"] == 1
    assert ages["pepper", "7/search/0"] == 1
    assert len(ages) == 1 + 2 + 2 * (len(PEPPER_PURPOSES) - 2), "lasting peppers come with the customer's key"


@settings(max_examples=25)
@given(st.lists(st.tuples(st.integers(0, 3), st.integers(0, 2**40 - 1)), max_size=5), st.sets(st.integers(0, 2**63)))
def test_stored_state_comes_back_as_it_was(punctures: list[tuple[int, int]], customers: set[int]) -> None:
    state = KeyState()
    for customer in customers:
        state.ensure_customer(customer, os.urandom, now_ms=customer)
        state.ensure_pepper(customer, "search", customer, os.urandom, now_ms=1)
    for period, leaf in punctures:
        state.ensure_period(OTP, period, os.urandom, now_ms=period)
        state.puncture(OTP, period, leaf)
    again = reopened(state)
    assert to_bytes(again) == to_bytes(state)
    assert state_digest(again) == state_digest(state)
    assert key_ages(again) == key_ages(state)


def test_digest_changes_with_every_destruction(keys: KeyState) -> None:
    digests = {state_digest(keys)}
    destructions: list[Callable[[], object]] = [
        lambda: keys.puncture(OTP, PERIOD, 1),
        lambda: keys.drop_epoch(CUSTOMER, "rate", 0),
        lambda: keys.drop_customer(CUSTOMER),
        lambda: keys.drop_period(OTP, PERIOD),
    ]
    for destroy in destructions:
        destroy()
        digests.add(state_digest(keys))
    assert len(digests) == 5


@pytest.mark.policy("P-23")
def test_wrong_root_is_told_from_tampering(keys: KeyState, random: Random) -> None:
    blob = seal_state(keys, ROOT, random).blob
    with pytest.raises(WrongRoot):
        open_state(blob, bytes(32), Segments())
    for at in (6, len(blob) // 2, len(blob) - 1):  # salt, ciphertext, tag
        with pytest.raises(Tampered):
            open_state(blob[:at] + bytes([blob[at] ^ 1]) + blob[at + 1 :], ROOT, Segments())


@pytest.mark.parametrize("length", [0, 3, 36, 40, -1])
def test_cut_blob_is_tampered(keys: KeyState, random: Random, length: int) -> None:
    with pytest.raises(Tampered):
        open_state(seal_state(keys, ROOT, random).blob[:length], ROOT, Segments())


def test_other_versions_are_named(keys: KeyState, random: Random) -> None:
    blob = seal_state(keys, ROOT, random).blob
    with pytest.raises(UnknownVersion):
        open_state(blob[:4] + bytes([LAYOUT + 1]) + blob[5:], ROOT, Segments())
    with pytest.raises(UnknownVersion):
        from_bytes(b"\x94\x02\x90\x90\x90")
    with pytest.raises(Tampered):
        from_bytes(b"\x94\x01\x90\x90")


def test_two_sealings_have_nothing_in_common(keys: KeyState, random: Random) -> None:
    first, second = seal_state(keys, ROOT, random), seal_state(keys, ROOT, random)
    assert first.blob[37:69] != second.blob[37:69]
    assert not any(keys.customer_key(CUSTOMER) in each for each in (first.blob, *first.segments.values()))


@pytest.mark.parametrize("root", [b"", b"short", bytes(33)])
def test_root_of_another_length_is_refused(keys: KeyState, random: Random, root: bytes) -> None:
    with pytest.raises(ValueError, match="32 bytes"):
        seal_state(keys, root, random)
