from collections.abc import Callable
from typing import Any

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from redaction.errors import KeyDestroyed, KeysWithheld
from redaction.fresh_keys import FRESH
from redaction.keys import KeyState, Random
from redaction.keys_at_rest import open_state, seal_state
from redaction.personal import Purpose
from redaction.primitives.pure import pad, padded_size, unpad
from redaction.retention import OTP, TRANSACTIONAL, RetentionTag
from redaction.seal import (
    POLICY,
    IntegrityError,
    PurposeRefused,
    SealContext,
    Sealer,
    SealError,
    UndeclaredField,
    UnknownVersion,
    WrongKey,
    leaf_of,
    period_in,
)
from redaction.sealed import Sealed
from redaction.segments import Segments

from .conftest import CUSTOMER, PERIOD, forget_subject

ID = bytes(range(16))
CONTEXT = SealContext(CUSTOMER, ID, "content", OTP, PERIOD, 99)
ROW: dict[str, Any] = {
    "customer": CUSTOMER,
    "message_id": ID,
    "field": "content",
    "tag": OTP,
    "purpose": Purpose.DELIVER,
}
BODY = msgspec.msgpack.encode(["966512345678", "INTERKEY", "رمز التحقق 4821"])


@pytest.fixture
def sealer(keys: KeyState, random: Random) -> Sealer:
    return Sealer(keys, random)


@given(st.binary(max_size=2_000), st.integers(0, 2**40 - 1))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_what_is_sealed_opens(sealer: Sealer, plaintext: bytes, leaf: int) -> None:
    sealed = sealer.seal(plaintext, msgspec.structs.replace(CONTEXT, leaf=leaf))
    assert sealer.open(sealed, **ROW) == plaintext
    assert (leaf_of(sealed), period_in(sealed)) == (leaf, PERIOD)


@pytest.mark.policy("P-05")
def test_nothing_of_the_plaintext_shows(sealer: Sealer) -> None:
    sealed = sealer.seal(BODY, CONTEXT)
    assert not any(sealed.find(BODY[at : at + 4]) >= 0 for at in range(len(BODY) - 3))
    assert sealer.seal(BODY, CONTEXT)[14:] != sealed[14:]


@pytest.mark.policy("P-21")
@pytest.mark.parametrize(
    "change",
    [{"customer": 0}, {"message_id": bytes(16)}, {"tag": TRANSACTIONAL}, {"tag": RetentionTag("forever")},
     {"field": "inbound", "purpose": Purpose.LEGAL}],
)  # fmt: skip
def test_edited_row_is_an_integrity_error(sealer: Sealer, change: dict[str, Any]) -> None:
    sealed = sealer.seal(BODY, CONTEXT)
    with pytest.raises(IntegrityError):
        sealer.open(sealed, **(ROW | change))


def test_every_changed_bit_is_noticed(sealer: Sealer) -> None:
    sealed = sealer.seal(b"", CONTEXT)
    for at in range(len(sealed)):
        changed = Sealed(sealed[:at] + bytes([sealed[at] ^ 0x10]) + sealed[at + 1 :])
        with pytest.raises((IntegrityError, UnknownVersion)):
            sealer.open(changed, **ROW)


@pytest.mark.parametrize("length", [0, 1, 45, 60, 100, -1])
def test_cut_bytes_are_an_integrity_error(sealer: Sealer, length: int) -> None:
    with pytest.raises(IntegrityError):
        sealer.open(Sealed(sealer.seal(BODY, CONTEXT)[:length]), **ROW)


def test_other_version_is_named(sealer: Sealer) -> None:
    sealed = sealer.seal(BODY, CONTEXT)
    for version in (0, 2, 255):
        with pytest.raises(UnknownVersion):
            sealer.open(Sealed(bytes([version]) + sealed[1:]), **ROW)


@pytest.mark.policy("P-23")
@pytest.mark.parametrize(
    ("factor", "destroy"),
    [
        ("subject", lambda keys: forget_subject(keys, 99)),
        ("period", lambda keys: keys.drop_period(OTP, PERIOD)),
        ("customer", lambda keys: keys.drop_customer(CUSTOMER)),
    ],
)
def test_losing_any_factor_ends_opening_and_sealing_at_once(
    sealer: Sealer, keys: KeyState, factor: str, destroy: Callable[[KeyState], object]
) -> None:
    sealed = sealer.seal(BODY, CONTEXT)
    assert sealer.open(sealed, **ROW) == BODY
    destroy(keys)
    with pytest.raises(KeyDestroyed) as on_open:
        sealer.open(sealed, **ROW)
    with pytest.raises(KeyDestroyed) as on_seal:
        sealer.seal(BODY, CONTEXT)
    assert on_open.value.factor == on_seal.value.factor == factor


def test_key_made_again_under_the_same_name_is_a_wrong_key(sealer: Sealer, keys: KeyState, random: Random) -> None:
    sealed = sealer.seal(BODY, CONTEXT)
    keys.drop_period(OTP, PERIOD)
    keys.ensure_period(OTP, PERIOD, random)
    with pytest.raises(WrongKey):
        sealer.open(sealed, **ROW)


@pytest.mark.policy("P-23")
def test_old_copy_of_the_data_with_the_new_key_store_opens_a_hundred_neighbours_and_not_the_erased(
    sealer: Sealer, keys: KeyState, random: Random
) -> None:
    leaves = [99, *range(50), *(2**40 - 1 - at for at in range(50))]
    backup = [sealer.seal(BODY, msgspec.structs.replace(CONTEXT, leaf=leaf)) for leaf in leaves]
    forget_subject(keys, 99)
    restored = Sealer(_reopened(keys, random), random)
    assert [restored.open(sealed, **ROW) for sealed in backup[1:]] == [BODY] * 100
    with pytest.raises(KeyDestroyed):
        restored.open(backup[0], **ROW)


def _reopened(keys: KeyState, random: Random) -> KeyState:
    sealed = seal_state(keys, bytes(32), random)
    return open_state(sealed.blob, bytes(32), Segments(lambda ids: [sealed.segments.get(each) for each in ids]))


DESTROYED: dict[str, Callable[[KeyState], object]] = {
    "its subject": lambda keys: forget_subject(keys, 99),
    "its period": lambda keys: keys.drop_period(OTP, PERIOD),
    "its customer": lambda keys: keys.drop_customer(CUSTOMER),
    "some other subject": lambda keys: forget_subject(keys, 5),
    "all of them": lambda keys: keys.adopt(KeyState()),
    "none, withheld": lambda keys: keys.withhold(),
}


@pytest.mark.policy("P-23")
@pytest.mark.parametrize("what", DESTROYED)
def test_destroying_any_key_forgets_the_keys_at_hand(sealer: Sealer, keys: KeyState, what: str) -> None:
    sealed = sealer.seal_content(BODY, CONTEXT, 78)[0]
    DESTROYED[what](keys)
    assert keys.fresh.take(sealed, ID) is None
    if what == "some other subject":
        assert sealer.open(sealed, **ROW) == BODY
    else:
        with pytest.raises((KeyDestroyed, KeysWithheld)):
            sealer.open(sealed, **ROW)


def test_key_at_hand_serves_once_and_is_counted_as_any_opening(sealer: Sealer, keys: KeyState) -> None:
    sealed = sealer.seal_content(BODY, CONTEXT, 78)[0]
    assert [sealer.open(sealed, **ROW) for _ in range(2)] == [BODY] * 2
    assert keys.fresh.take(sealed, ID) is None
    assert sealer.opened == {(Purpose.DELIVER, "content"): 2}


@pytest.mark.policy("P-08")
def test_key_at_hand_does_not_serve_another_purpose(sealer: Sealer) -> None:
    sealed = sealer.seal_content(BODY, CONTEXT, 78)[0]
    with pytest.raises(PurposeRefused):
        sealer.open(sealed, **(ROW | {"purpose": Purpose.INFORM_CUSTOMER}))
    assert not sealer.opened


def test_key_at_hand_serves_only_the_very_object_that_was_sealed(sealer: Sealer, keys: KeyState) -> None:
    sealed = sealer.seal_content(BODY, CONTEXT, 78)[0]
    changed = bytearray(sealed)
    changed[-1] ^= 1
    with pytest.raises(IntegrityError):
        sealer.open(Sealed(bytes(changed)), **ROW)
    as_read_again = Sealed(bytes(bytearray(sealed)))
    assert keys.fresh.take(as_read_again, ID) is None
    assert sealer.open(as_read_again, **ROW) == BODY


@pytest.mark.parametrize("change", [{"customer": 0}, {"message_id": bytes(16)}, {"tag": TRANSACTIONAL}])
def test_key_at_hand_does_not_open_an_edited_row(sealer: Sealer, change: dict[str, Any]) -> None:
    sealed = sealer.seal_content(BODY, CONTEXT, 78)[0]
    with pytest.raises(IntegrityError):
        sealer.open(sealed, **(ROW | change))


def test_only_so_many_keys_are_at_hand(sealer: Sealer, keys: KeyState) -> None:
    contexts = [msgspec.structs.replace(CONTEXT, message_id=at.to_bytes(16, "big")) for at in range(FRESH + 1)]
    sealed = [sealer.seal_content(b"", context, 78)[0] for context in contexts]
    assert keys.fresh.take(sealed[0], contexts[0].message_id) is None
    assert keys.fresh.take(sealed[1], contexts[1].message_id) is not None
    assert sealer.open(sealed[0], **(ROW | {"message_id": contexts[0].message_id})) == b""


def test_replaced_key_state_counts_at_once(sealer: Sealer) -> None:
    sealed = sealer.seal(BODY, CONTEXT)
    sealer.keys = KeyState()
    with pytest.raises(KeyDestroyed):
        sealer.open(sealed, **ROW)


@pytest.mark.policy("P-08")
@pytest.mark.parametrize("purpose", Purpose)
@pytest.mark.parametrize("field", POLICY)
def test_policy_decides_every_opening_and_counts_it(sealer: Sealer, field: str, purpose: Purpose) -> None:
    sealed = sealer.seal(BODY, msgspec.structs.replace(CONTEXT, field=field))
    row = ROW | {"field": field, "purpose": purpose}
    if purpose in POLICY[field]:
        assert sealer.open(sealed, **row) == BODY
        assert (sealer.opened, sealer.refused) == ({(purpose, field): 1}, {})
    else:
        with pytest.raises(PurposeRefused):
            sealer.open(sealed, **row)
        assert (sealer.opened, sealer.refused) == ({}, {(purpose, field): 1})


@pytest.mark.policy("P-08")
def test_a_refused_opening_is_told_to_whoever_records_it(keys: KeyState, random: Random) -> None:
    told = list[tuple[Purpose, str]]()
    sealer = Sealer(keys, random, on_refused=lambda purpose, field: told.append((purpose, field)))
    sealed = sealer.seal(BODY, CONTEXT)
    with pytest.raises(PurposeRefused):
        sealer.open(sealed, **(ROW | {"purpose": Purpose.IMPROVEMENT}))
    assert told == [(Purpose.IMPROVEMENT, "content")]


@pytest.mark.policy("P-21")
def test_what_does_not_authenticate_is_counted_by_field(sealer: Sealer) -> None:
    sealed, account = sealer.seal(BODY, CONTEXT), sealer.seal_account(b"name", CUSTOMER, "account", b"")
    for changed in (sealed[:-1], sealed[:20], sealed[:-1] + bytes([sealed[-1] ^ 1])):
        with pytest.raises(IntegrityError):
            sealer.open(Sealed(changed), **ROW)
    with pytest.raises(IntegrityError):
        sealer.open(sealed, **(ROW | {"tag": TRANSACTIONAL}))
    with pytest.raises(IntegrityError):
        sealer.open_account(Sealed(account[:-1]), CUSTOMER, "account", b"", Purpose.LEGAL)
    assert sealer.broken == {"content": 4, "account": 1}
    assert sealer.opened == {}


@pytest.mark.policy("P-10")
@pytest.mark.policy("P-11")
def test_neither_the_api_nor_fraud_rules_nor_improvement_open_a_body() -> None:
    for purpose in (Purpose.ACCEPT, Purpose.INFORM_CUSTOMER, Purpose.SECURITY, Purpose.IMPROVEMENT):
        assert purpose not in POLICY["content"]


def test_refusal_comes_before_the_keys_are_looked_at(sealer: Sealer, keys: KeyState) -> None:
    sealed = sealer.seal(BODY, CONTEXT)
    keys.drop_customer(CUSTOMER)
    with pytest.raises(PurposeRefused):
        sealer.open(sealed, **(ROW | {"purpose": Purpose.IMPROVEMENT}))


def test_failed_opening_is_not_counted_as_one(sealer: Sealer) -> None:
    sealed = sealer.seal(BODY, CONTEXT)
    with pytest.raises(IntegrityError):
        sealer.open(Sealed(sealed[:-1] + b"\0\0"), **ROW)
    assert sealer.opened == {}


def test_undeclared_field_is_neither_sealed_nor_opened(sealer: Sealer) -> None:
    with pytest.raises(UndeclaredField):
        sealer.seal(BODY, msgspec.structs.replace(CONTEXT, field="extra"))
    with pytest.raises(UndeclaredField):
        sealer.seal_account(BODY, CUSTOMER, "extra", b"1")
    with pytest.raises(PurposeRefused):
        sealer.open(sealer.seal(BODY, CONTEXT), **(ROW | {"field": "extra"}))


def test_message_id_of_another_length_is_refused(sealer: Sealer) -> None:
    with pytest.raises(ValueError, match="16 bytes"):
        sealer.seal(BODY, msgspec.structs.replace(CONTEXT, message_id=b"short"))


@given(st.binary(max_size=3_000))
def test_padding_comes_off_again(plaintext: bytes) -> None:
    padded = pad(plaintext)
    assert unpad(padded) == plaintext
    assert len(padded) == padded_size(len(plaintext))


@pytest.mark.parametrize(
    ("text", "segments"),
    [("1", 1), ("a" * 160, 1), ("ش" * 70, 1), ("a" * 306, 2), ("ش" * 134, 2), ("a" * 459, 3), ("ش" * 201, 3),
     ("a" * 200, 2)],
)  # fmt: skip
def test_sealed_length_tells_the_segment_count_and_no_more(sealer: Sealer, text: str, segments: int) -> None:
    body = msgspec.msgpack.encode(["966512345678", "INTERKEY", text])
    assert len(sealer.seal(body, CONTEXT)) == 46 + 64 + 160 * segments + 16


def test_account_record_opens_in_its_place_only(sealer: Sealer) -> None:
    sealed = sealer.seal_account(b"whsec_canary", CUSTOMER, "webhook_secret", b"endpoint 1")
    place = (CUSTOMER, "webhook_secret", b"endpoint 1", Purpose.CREDENTIAL)
    assert sealer.open_account(sealed, *place) == b"whsec_canary"
    assert sealer.opened == {(Purpose.CREDENTIAL, "webhook_secret"): 1}
    for wrong in (
        (0, "webhook_secret", b"endpoint 1", Purpose.CREDENTIAL),
        (CUSTOMER, "webhook_secret", b"endpoint 2", Purpose.CREDENTIAL),
        (CUSTOMER, "account", b"endpoint 1", Purpose.LEGAL),
    ):
        with pytest.raises(IntegrityError):
            sealer.open_account(sealed, *wrong)


@pytest.mark.policy("P-03")
def test_account_record_dies_with_the_customer_and_lives_without_periods(sealer: Sealer, keys: KeyState) -> None:
    sealed = sealer.seal_account(b"name", CUSTOMER, "account", b"")
    keys.drop_period(OTP, PERIOD)
    assert sealer.open_account(sealed, CUSTOMER, "account", b"", Purpose.INFORM_CUSTOMER) == b"name"
    keys.drop_customer(CUSTOMER)
    with pytest.raises(KeyDestroyed):
        sealer.open_account(sealed, CUSTOMER, "account", b"", Purpose.INFORM_CUSTOMER)
    with pytest.raises(KeyDestroyed):
        sealer.seal_account(b"name", CUSTOMER, "account", b"")


def test_account_record_and_message_field_are_not_mistaken_for_each_other(sealer: Sealer) -> None:
    account = sealer.seal_account(b"name", CUSTOMER, "account", b"")
    with pytest.raises(UnknownVersion):
        sealer.open(account, **ROW)
    with pytest.raises(UnknownVersion):
        sealer.open_account(sealer.seal(BODY, CONTEXT), CUSTOMER, "account", b"", Purpose.LEGAL)


def test_account_record_refuses_and_notices_as_messages_do(sealer: Sealer) -> None:
    sealed = sealer.seal_account(b"name", CUSTOMER, "account", b"")
    with pytest.raises(PurposeRefused):
        sealer.open_account(sealed, CUSTOMER, "account", b"", Purpose.DELIVER)
    with pytest.raises(IntegrityError):
        sealer.open_account(Sealed(sealed[:-1]), CUSTOMER, "account", b"", Purpose.LEGAL)
    with pytest.raises(IntegrityError):
        sealer.open_account(Sealed(sealed[:20]), CUSTOMER, "account", b"", Purpose.LEGAL)


def test_errors_say_nothing_of_the_message(sealer: Sealer) -> None:
    sealed = sealer.seal(BODY, CONTEXT)
    with pytest.raises(SealError) as raised:
        sealer.open(sealed, **(ROW | {"purpose": Purpose.IMPROVEMENT}))
    assert str(raised.value) == "field content may not be opened for improvement"
