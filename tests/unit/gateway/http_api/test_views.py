"""What a customer sees of its messages."""

from datetime import datetime

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.accept.request import MessageView
from gateway.http_api.views import accepted_view, message_view
from gateway.model.message import Message, Status
from gateway.model.times import rfc3339
from redaction.inventory import INVENTORY
from redaction.sealed import Sealed
from tests.contract.records import mask_of
from tests.unit.gateway.stage import a_message


def _view(message: Message, now_ms: int = 0) -> MessageView:
    return message_view(message, mask_of(message), country_of={"loop": "SA"}.get, reference="order 7", now_ms=now_ms)


@pytest.mark.policy("P-21")
def test_content_past_its_clock_is_shown_as_destroyed_before_the_sweep_comes_by() -> None:
    message = a_message()
    assert not _view(message, message.content_until_ms - 1).privacy.content_destroyed
    assert _view(message, message.content_until_ms).privacy.content_destroyed


@given(st.integers(0, 4_102_444_800_000))
def test_times_are_rfc_3339_in_utc_with_milliseconds(epoch_ms: int) -> None:
    shown = rfc3339(epoch_ms)
    assert shown.endswith("Z")
    assert len(shown) == 24
    assert round(datetime.fromisoformat(shown).timestamp() * 1000) == epoch_ms


def test_acceptance_shows_the_mask_and_what_will_be_forgotten() -> None:
    view = accepted_view(a_message(), "+966•••••••78")
    assert msgspec.to_builtins(view) == {
        "id": "00000000000000000000000000000001",
        "status": "accepted",
        "to": "+966•••••••78",
        "class": "otp",
        "segments": 1,
        "encoding": "gsm7",
        "expires_at": "2027-01-15T08:05:00.000Z",
        "retention": {
            "tag": "otp",
            "content_until": "2027-01-15T08:10:00.000Z",
            "record_until": "2027-04-15T08:00:00.000Z",
        },
    }


@pytest.mark.policy("P-36")
def test_the_privacy_receipt_names_no_operator_before_anything_was_disclosed() -> None:
    receipt = _view(a_message()).privacy
    assert (receipt.operator, receipt.country, receipt.fields_forwarded) == (None, None, [])
    assert not receipt.content_destroyed


@pytest.mark.policy("P-36")
def test_the_privacy_receipt_tells_what_went_where() -> None:
    receipt = _view(a_message(disclosure=3, content=None, private=None)).privacy
    assert (receipt.operator, receipt.country) == ("loop", "SA")
    assert len(receipt.fields_forwarded) == 2
    assert receipt.content_destroyed


@pytest.mark.case("privacy-6")
@pytest.mark.policy("P-36")
@pytest.mark.parametrize("content", [None, Sealed(b"content")])
@pytest.mark.parametrize("private", [None, Sealed(b"private")])
@pytest.mark.parametrize("left_ms", [1, 0, -1])
def test_a_receipt_says_destroyed_only_where_nothing_is_left(
    content: Sealed | None, private: Sealed | None, left_ms: int
) -> None:
    message = a_message(content=content, private=private)
    receipt = _view(message, message.content_until_ms - left_ms).privacy
    assert receipt.content_destroyed is (left_ms <= 0 or (content is None and private is None))


@pytest.mark.case("privacy-6")
def test_the_inventory_says_what_is_kept_to_tell_the_customer() -> None:
    for word in ("reference", "callback URL", "addresses"):
        assert word in INVENTORY["message.private"].meaning
        assert word in INVENTORY["inbox.private"].meaning


def test_a_scheduled_message_shows_when_it_will_be_sent() -> None:
    later = a_message(due_ms=1_800_000_060_000)
    assert _view(later).scheduled_at == "2027-01-15T08:01:00.000Z"
    assert _view(a_message()).scheduled_at is None
    assert _view(a_message(due_ms=1_800_000_060_000, attempts=1, status=Status.QUEUED)).scheduled_at is None


def test_a_final_message_shows_its_end_and_no_longer_expires() -> None:
    view = _view(a_message(status=Status.REJECTED, final_ms=1_800_000_001_500, error="8", attempts=2, due_ms=None))
    assert (view.final_at, view.error, view.attempts) == ("2027-01-15T08:00:01.500Z", "8", 2)
    assert view.expires_at is None
    assert view.reference == "order 7"
