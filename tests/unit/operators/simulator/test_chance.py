"""What happens to a message is drawn, the same for the same seed."""

from operators.base import ReceiptState
from operators.simulator.chance import Chance
from operators.simulator.faults import Faults
from operators.simulator.wording import Receipt
from operators.smpp import pdu as p
from operators.smpp import status as st

SPOILT = Faults(receipt_twice_rate=0.5, receipt_state_failed_rate=0.5, unknown_receipts=0.5, receipt_rate=0.9)


def receipt() -> Receipt:
    return Receipt("1f", p.SubmitSm(), ReceiptState.DELIVERED, b"2601010800")


def drawn(seed: int) -> list[object]:
    chance = Chance(Faults(error_rate=0.3, silent_rate=0.2, throttle_rate=0.1), seed)
    verdicts: list[object] = [chance.verdict(0.0) for _ in range(200)]
    chance.faults = SPOILT
    return [*verdicts, *((each.message_id, each.state) for _ in range(50) for each in chance.receipts(receipt()))]


def test_a_seed_draws_the_same_and_another_seed_something_else() -> None:
    assert drawn(1) == drawn(1)
    assert drawn(1) != drawn(2)


def test_faults_hold_from_when_they_are_set() -> None:
    chance = Chance(Faults(), 0)
    assert {chance.verdict(0.0) for _ in range(50)} == {st.OK}
    assert [each.state for each in chance.receipts(receipt())] == [ReceiptState.DELIVERED]
    chance.faults = Faults(silent_rate=1.0, receipt_state_failed_rate=1.0)
    assert chance.verdict(0.0) is None
    assert [each.state for each in chance.receipts(receipt())] == [ReceiptState.UNDELIVERABLE]


def test_messages_beyond_the_rate_of_a_second_are_throttled() -> None:
    chance = Chance(Faults(throttle_above_per_s=2), 0)
    assert [chance.verdict(5.0) for _ in range(3)] == [st.OK, st.OK, st.RTHROTTLED]
    assert chance.verdict(6.0) == st.OK


def test_ids_are_given_once() -> None:
    chance = Chance(Faults(), 0)
    assert len({chance.next_id() for _ in range(1_000)}) == 1_000
