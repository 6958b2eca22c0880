import os
from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from redaction.errors import Tampered, UnknownVersion, WrongRoot
from redaction.keys import KeyState, Random
from redaction.keys_at_rest import from_bytes, key_ages, open_state, seal_state, state_digest, to_bytes
from redaction.retention import OTP

from .conftest import CUSTOMER, PERIOD

ROOT = bytes(range(32))


def test_ages_tell_every_key_and_no_key_material(keys: KeyState) -> None:
    ages = {(it.family, it.name): it.created_ms for it in key_ages(keys)}
    assert ages["period", f"otp/{PERIOD}"] == 2
    assert ages["customer", "7"] == 1
    assert ages["pepper", "7/search/0"] == 1
    assert len(ages) == 1 + 2 + 14


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
    again = open_state(seal_state(state, ROOT, os.urandom), ROOT)
    assert to_bytes(again) == to_bytes(state)
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
    blob = seal_state(keys, ROOT, random)
    with pytest.raises(WrongRoot):
        open_state(blob, bytes(32))
    for at in (6, len(blob) // 2, len(blob) - 1):  # salt, ciphertext, tag
        with pytest.raises(Tampered):
            open_state(blob[:at] + bytes([blob[at] ^ 1]) + blob[at + 1 :], ROOT)


@pytest.mark.parametrize("length", [0, 3, 36, 40, -1])
def test_cut_blob_is_tampered(keys: KeyState, random: Random, length: int) -> None:
    with pytest.raises(Tampered):
        open_state(seal_state(keys, ROOT, random)[:length], ROOT)


def test_other_versions_are_named(keys: KeyState, random: Random) -> None:
    blob = seal_state(keys, ROOT, random)
    with pytest.raises(UnknownVersion):
        open_state(blob[:4] + b"\x02" + blob[5:], ROOT)
    with pytest.raises(UnknownVersion):
        from_bytes(b"\x94\x02\x90\x90\x90")
    with pytest.raises(Tampered):
        from_bytes(b"\x94\x01\x90\x90")


def test_two_sealings_have_nothing_in_common(keys: KeyState, random: Random) -> None:
    first, second = seal_state(keys, ROOT, random), seal_state(keys, ROOT, random)
    assert first[37:69] != second[37:69]
    assert keys.customer_key(CUSTOMER) not in first


@pytest.mark.parametrize("root", [b"", b"short", bytes(33)])
def test_root_of_another_length_is_refused(keys: KeyState, random: Random, root: bytes) -> None:
    with pytest.raises(ValueError, match="32 bytes"):
        seal_state(keys, root, random)
