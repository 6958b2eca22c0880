"""Each state has one of Twilio's words, and each end that is no delivery a code."""

import pytest

from gateway.http_api.facades.twilio.statuses import error_code, error_text, shown_status, status_word
from gateway.model.message import Part, Status
from tests.unit.gateway.stage import a_message

WORDS = {
    "queued", "sending", "sent", "failed", "delivered", "undelivered", "receiving", "received", "accepted", "scheduled",
    "read", "partially_delivered", "canceled",
}  # fmt: skip
"""All that its clients know."""


@pytest.mark.parametrize("status", list(Status))
def test_every_status_has_a_word(status: Status) -> None:
    message = a_message(status=status)
    assert status_word(message, status) in WORDS
    assert shown_status(message, is_scheduled=False) in WORDS


def test_what_waits_is_scheduled_queued_or_on_its_way() -> None:
    assert shown_status(a_message(), is_scheduled=True) == "scheduled"
    assert shown_status(a_message(), is_scheduled=False) == "queued"
    tried = a_message(status=Status.QUEUED, parts=bytes([Part.ATTEMPTED]))
    assert shown_status(tried, is_scheduled=False) == "sending"


@pytest.mark.parametrize(
    ("changes", "word", "code"),
    [
        ({"status": Status.DELIVERED}, "delivered", None),
        ({"status": Status.CANCELLED}, "canceled", None),
        ({"status": Status.EXPIRED, "error": "expired_here"}, "failed", 30036),
        ({"status": Status.EXPIRED, "submitted_ms": 1}, "undelivered", 30003),
        ({"status": Status.UNDELIVERED, "error": "001"}, "undelivered", 30005),
        ({"status": Status.UNDELIVERED, "error": "027"}, "undelivered", 30003),
        ({"status": Status.UNDELIVERED, "error": "unlisted"}, "undelivered", 30008),
        ({"status": Status.REJECTED, "error": "013"}, "undelivered", 30004),
        ({"status": Status.REJECTED}, "undelivered", 30008),
        ({"status": Status.SUPPRESSED, "error": "suppressed"}, "failed", 21610),
        ({"status": Status.FAILED, "error": "outcome_unknown"}, "failed", 30008),
        ({"status": Status.UNKNOWN}, "undelivered", 30008),
    ],
)
def test_an_end_has_its_word_and_code(changes: dict[str, object], word: str, code: int | None) -> None:
    message = a_message(**changes)
    assert status_word(message, message.status) == word
    assert error_code(message, message.status) == code
    assert (error_text(code) is None) is (code is None)
