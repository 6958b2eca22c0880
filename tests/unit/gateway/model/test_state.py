"""What answers and receipts do to a message's segments and status."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.model.message import Part, Status
from gateway.model.state import PART_OF, is_final, mark_attempted, receipt_verdict, segment_taken, set_part, unsent
from operators.base import ReceiptState
from tests.unit.gateway.stage import a_message


@pytest.mark.parametrize("status", list(Status))
def test_only_accepted_queued_and_submitted_are_open(status: Status) -> None:
    assert is_final(a_message(status=status)) is (status not in ("accepted", "queued", "submitted"))


def test_segments_without_an_answer_are_unsent() -> None:
    message = a_message(segments=3, parts=bytes((Part.ATTEMPTED, Part.ACCEPTED, Part.WAITING)))
    assert unsent(message) == (0, 2)


@given(st.integers(1, 10), st.data())
def test_setting_a_part_leaves_the_others_alone(segments: int, data: st.DataObject) -> None:
    segment = data.draw(st.integers(0, segments - 1))
    message = a_message(segments=segments, parts=bytes(segments))
    set_part(message, segment, Part.ACCEPTED)
    assert [index for index, part in enumerate(message.parts) if part] == [segment]
    assert len(message.parts) == segments


def test_an_attempt_marks_only_what_no_operator_has() -> None:
    message = a_message(segments=2, parts=bytes((Part.ACCEPTED, Part.WAITING)))
    mark_attempted(message)
    assert message.parts == bytes((Part.ACCEPTED, Part.ATTEMPTED))


def test_a_taken_segment_keeps_its_id_in_its_place() -> None:
    message = a_message(segments=3, parts=bytes(3))
    segment_taken(message, 1, "b")
    segment_taken(message, 0, "a")
    assert message.operator_ids == ("a", "b", "")
    assert unsent(message) == (2,)


@pytest.mark.smpp("S-65")
def test_an_answer_does_not_undo_the_receipt_that_came_first() -> None:
    message = a_message(parts=bytes((Part.DELIVERED,)))
    segment_taken(message, 0, "a")
    assert message.parts == bytes((Part.DELIVERED,))
    assert message.operator_ids == ("a",)


@pytest.mark.parametrize("state", [each for each in ReceiptState if each not in PART_OF])
def test_intermediate_news_changes_nothing(state: ReceiptState) -> None:
    message = a_message(parts=bytes((Part.ACCEPTED,)))
    assert receipt_verdict(message, 0, state) is None
    assert message.parts == bytes((Part.ACCEPTED,))


@pytest.mark.parametrize(
    ("state", "status"),
    [
        (ReceiptState.DELIVERED, Status.DELIVERED),
        (ReceiptState.EXPIRED, Status.EXPIRED),
        (ReceiptState.DELETED, Status.UNDELIVERED),
        (ReceiptState.UNDELIVERABLE, Status.UNDELIVERED),
        (ReceiptState.UNKNOWN, Status.UNKNOWN),
        (ReceiptState.REJECTED, Status.REJECTED),
        (ReceiptState.SKIPPED, Status.UNDELIVERED),
    ],
)
def test_the_receipt_of_a_single_segment_is_the_messages_status(state: ReceiptState, status: Status) -> None:
    assert receipt_verdict(a_message(parts=bytes((Part.ACCEPTED,))), 0, state) is status


@pytest.mark.smpp("S-40")
def test_a_long_message_is_delivered_with_its_last_segment() -> None:
    message = a_message(segments=3, parts=bytes((Part.ACCEPTED,)) * 3)
    assert receipt_verdict(message, 2, ReceiptState.DELIVERED) is None
    assert receipt_verdict(message, 0, ReceiptState.DELIVERED) is None
    assert receipt_verdict(message, 1, ReceiptState.DELIVERED) is Status.DELIVERED


@pytest.mark.smpp("S-40")
def test_a_long_message_takes_the_first_failure_of_a_segment() -> None:
    message = a_message(segments=2, parts=bytes((Part.DELIVERED, Part.ACCEPTED)))
    assert receipt_verdict(message, 1, ReceiptState.EXPIRED) is Status.EXPIRED


def test_a_receipt_for_a_segment_that_is_no_more_changes_nothing() -> None:
    message = a_message(segments=1, parts=bytes((Part.ACCEPTED,)))
    assert receipt_verdict(message, 2, ReceiptState.DELIVERED) is None
    assert message.parts == bytes((Part.ACCEPTED,))
