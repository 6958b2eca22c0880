"""A customer's key is replaced: what was sealed under it opens, what comes is sealed anew, and it goes in the end."""

import pytest

from redaction.errors import IntegrityError, KeyDestroyed, WrongKey
from redaction.keys import KeyState, Random
from redaction.keys_at_rest import key_ages, open_state, seal_state, state_digest
from redaction.personal import Purpose
from redaction.retention import OTP
from redaction.retired_keys import LATE_MS, retired, still_needed
from redaction.seal import Sealer
from redaction.sealed import SealContext, Sealed
from redaction.segments import Segments

CUSTOMER = 7
PERIOD = 480_000
NOW = 1_800_000_000_000
ROOT = bytes(range(32))
MESSAGE = bytes(range(16))
CONTEXT = SealContext(CUSTOMER, MESSAGE, "content", OTP, PERIOD, 99)


@pytest.fixture
def keys(random: Random) -> KeyState:
    state = KeyState()
    for customer in (CUSTOMER, 8):
        state.ensure_customer(customer, random, now_ms=NOW)
    state.ensure_period(OTP, PERIOD, random, now_ms=NOW)
    state.ensure_secret("search", 3, random, now_ms=NOW)
    return state


def opened(sealer: Sealer, sealed: Sealed) -> bytes:
    return sealer.open(sealed, customer=CUSTOMER, message_id=MESSAGE, field="content", tag=OTP, purpose=Purpose.DELIVER)


def test_what_was_sealed_under_any_former_key_opens(keys: KeyState, random: Random) -> None:
    sealer = Sealer(keys, random)
    sealed, account = [], []
    for number in range(3):
        sealed.append(sealer.seal(b"text %d" % number, CONTEXT))
        account.append(sealer.seal_account(b"name %d" % number, CUSTOMER, "account", b"cus_1"))
        keys.rotate_customer(CUSTOMER, random, now_ms=NOW + number)
    assert len({keys.customer_key(CUSTOMER), *keys.former_keys(CUSTOMER)}) == 4
    for number in range(3):
        assert opened(sealer, sealed[number]) == b"text %d" % number
        found = sealer.open_account(account[number], CUSTOMER, "account", b"cus_1", Purpose.SECURITY)
        assert found == b"name %d" % number
    assert sealer.broken == {}


def test_what_no_key_of_the_customer_sealed_is_still_a_wrong_key(keys: KeyState, random: Random) -> None:
    sealer = Sealer(keys, random)
    sealed = sealer.seal(b"text", CONTEXT)
    keys.rotate_customer(CUSTOMER, random, now_ms=NOW)
    keys.set_retired(CUSTOMER, [])
    with pytest.raises(WrongKey):
        opened(sealer, sealed)
    fresh = sealer.seal(b"text", CONTEXT)
    keys.rotate_customer(CUSTOMER, random, now_ms=NOW)
    with pytest.raises(IntegrityError):
        opened(sealer, Sealed(fresh[:-1] + bytes([fresh[-1] ^ 1])))
    assert sealer.broken == {"content": 2}


def test_a_destroyed_customer_takes_its_former_keys_along(keys: KeyState, random: Random) -> None:
    sealer = Sealer(keys, random)
    sealed = sealer.seal(b"text", CONTEXT)
    keys.rotate_customer(CUSTOMER, random, now_ms=NOW)
    keys.drop_customer(CUSTOMER)
    assert keys.former_keys(CUSTOMER) == []
    with pytest.raises(KeyDestroyed):
        opened(sealer, sealed)
    with pytest.raises(KeyDestroyed):
        keys.rotate_customer(CUSTOMER, random, now_ms=NOW)


def test_peppers_whose_secrets_are_there_stay_what_they_are(keys: KeyState, random: Random) -> None:
    before = [keys.pepper(CUSTOMER, "search", 3), keys.pepper(8, "search", 3)]
    keys.ensure_secret("search", 4, random, now_ms=NOW + 60_000)  # by a node whose clock is ahead
    ahead = keys.pepper(CUSTOMER, "search", 4)
    keys.rotate_customer(CUSTOMER, random, now_ms=NOW + 1)
    assert [keys.pepper(CUSTOMER, "search", 3), keys.pepper(8, "search", 3)] == before
    assert keys.pepper(CUSTOMER, "search", 4) == ahead
    keys.ensure_secret("search", 5, random, now_ms=NOW + 60_001)
    fresh = keys.pepper(CUSTOMER, "search", 5)
    keys.rotate_customer(CUSTOMER, random, now_ms=NOW + 70_000)
    assert keys.pepper(CUSTOMER, "search", 5) == fresh
    assert keys.pepper(CUSTOMER, "search", 3) == before[0]
    keys.set_retired(CUSTOMER, [])
    assert keys.pepper(CUSTOMER, "search", 5) != fresh


def test_former_keys_are_stored_and_listed(keys: KeyState, random: Random) -> None:
    keys.rotate_customer(CUSTOMER, random, now_ms=NOW)
    sealed = seal_state(keys, ROOT, random)

    def read(ids: object) -> list[bytes | None]:
        return [sealed.segments.get(each) for each in ids]  # type: ignore[attr-defined]

    found = open_state(sealed.blob, ROOT, Segments(read))
    assert found.former_keys(CUSTOMER) == keys.former_keys(CUSTOMER)
    assert found.pepper(CUSTOMER, "search", 3) == keys.pepper(CUSTOMER, "search", 3)
    assert state_digest(found) == state_digest(keys)
    assert [each.name for each in key_ages(found) if each.family == "retired"] == [f"{CUSTOMER}/{NOW}"]
    keys.set_retired(CUSTOMER, [])
    assert state_digest(found) != state_digest(keys)
    assert keys.former_keys(CUSTOMER)[:1] == []


def test_a_former_key_goes_with_its_last_content_and_its_parts_with_the_last_secret() -> None:
    (key,) = still_needed([retired(bytes(32), NOW, NOW)], [NOW], [("search", NOW)])
    assert key.value
    assert still_needed([key], [NOW + LATE_MS + 1], [("search", NOW)])[0].value, "its account is not sealed anew yet"
    key = type(key)(key.value, key.parts, key.created_ms, key.retired_ms, settled=True)
    assert still_needed([key], [NOW + LATE_MS, NOW + LATE_MS + 1], [("search", NOW)]) == [key]
    (rest,) = still_needed([key], [NOW + LATE_MS + 1], [("search", NOW), ("search", NOW + 1), ("join", NOW + 1)])
    assert (rest.value, rest.parts, set(rest.parts)) == (b"", key.parts, {"search"})
    assert still_needed([rest], [NOW + LATE_MS + 1], [("search", NOW + 1)]) == []
    assert still_needed([key], [], []) == []
    assert "•" not in repr(key), "and no octet of it"
    assert repr(key) == f"Retired({NOW})"
