import json

import pytest

from gateway.model.message import Status
from gateway.webhooks.payload import event_body, trial_body
from redaction.personal import MessageText
from tests.unit.gateway.webhooks.events import NOW_MS, event, message

MASK = "+966•••••••78"


def test_a_final_event_tells_everything_about_the_end() -> None:
    told = message(status=Status.UNDELIVERED, error="absent", submitted_ms=NOW_MS + 100, final_ms=NOW_MS + 2_345)
    body = json.loads(event_body(event(told), told, MASK, MessageText("order 17")))
    assert body == {
        "type": "message.undelivered",
        "timestamp": "2027-01-15T08:00:02.345Z",
        "data": {
            "id": told.id.hex(),
            "status": "undelivered",
            "to": MASK,
            "segments": 1,
            "error": "absent",
            "reference": "order 17",
            "accepted_at": "2027-01-15T08:00:00.000Z",
            "submitted_at": "2027-01-15T08:00:00.100Z",
            "final_at": "2027-01-15T08:00:02.345Z",
        },
    }


def test_an_event_of_a_message_that_has_gone_on_says_what_held_then() -> None:
    told = message(status=Status.DELIVERED, final_ms=NOW_MS + 2_345, error="000")
    data = json.loads(event_body(event(told, status=Status.SUBMITTED), told, MASK))["data"]
    assert data["status"] == "submitted"
    assert not {"final_at", "error", "reference"} & data.keys()


@pytest.mark.policy("P-05")
def test_the_number_is_only_there_as_its_mask() -> None:
    told = message()
    assert json.loads(event_body(event(told), told, MASK))["data"]["to"] == MASK


def test_a_test_event_carries_nothing() -> None:
    assert json.loads(trial_body(NOW_MS)) == {
        "type": "gateway.test",
        "timestamp": "2027-01-15T08:00:00.000Z",
        "data": {},
    }
