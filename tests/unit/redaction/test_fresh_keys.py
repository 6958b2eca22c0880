from redaction.fresh_keys import FRESH, FreshKeys
from redaction.retention import OTP
from redaction.sealed import SealContext, Sealed
from redaction.stored_keys import Fresh


def a_key(number: int) -> Fresh:
    context = SealContext(
        customer=1, message_id=number.to_bytes(16, "big"), field="content", tag=OTP, period=1, leaf=number
    )
    return Fresh(Sealed(b"sealed"), context, object())


def test_a_key_is_taken_once_and_only_with_the_object_that_it_belongs_to() -> None:
    fresh = FreshKeys()
    kept = a_key(1)
    fresh.keep(kept)
    assert fresh.take(Sealed(bytes(bytearray(kept.sealed))), kept.context.message_id) is None
    assert fresh.take(kept.sealed, kept.context.message_id) is kept
    assert fresh.take(kept.sealed, kept.context.message_id) is None


def test_the_oldest_give_way_and_clearing_takes_all() -> None:
    fresh = FreshKeys()
    keys = [a_key(number) for number in range(FRESH + 1)]
    for each in keys:
        fresh.keep(each)
    assert fresh.take(keys[0].sealed, keys[0].context.message_id) is None
    assert fresh.take(keys[1].sealed, keys[1].context.message_id) is keys[1]
    fresh.clear()
    assert fresh.take(keys[2].sealed, keys[2].context.message_id) is None
