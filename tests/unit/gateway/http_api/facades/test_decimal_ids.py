"""Numbers of messages, and the messages of numbers."""

from hypothesis import given
from hypothesis import strategies as st

from gateway.http_api.facades.decimal_ids import decimal_id, find_decimal
from gateway.model.identifiers import message_id
from tests.unit.gateway.small_ledger import SmallLedger
from tests.unit.gateway.stage import a_message

NOW = 1_800_000_000_000


@given(st.integers(NOW, NOW + 60 * 366 * 86_400_000), st.integers(0, 65_535))
def test_a_number_fits_into_a_double_and_grows_with_time(now_ms: int, drawn: int) -> None:
    number = decimal_id(message_id(now_ms, drawn, bytes(8)))
    assert 0 < number < 2**53
    assert number < decimal_id(message_id(now_ms + 1, 0, bytes(8)))


async def test_a_number_names_its_customers_message_alone() -> None:
    ledger = SmallLedger()
    for at in range(3):
        identifier = message_id(NOW + at, 7, bytes(8))
        ledger.messages[identifier] = a_message(id=identifier, accepted_ms=NOW + at)
    wanted = message_id(NOW + 1, 7, bytes(8))
    found = await find_decimal(ledger, 1, decimal_id(wanted))
    assert found is not None
    assert found.id == wanted
    assert await find_decimal(ledger, 2, decimal_id(wanted)) is None
    for number in (-1, 0, 2**53, decimal_id(wanted) + 1):
        assert await find_decimal(ledger, 1, number) is None
