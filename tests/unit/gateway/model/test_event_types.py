"""The types that an endpoint may ask for are those that are sent."""

from gateway.limits import quota_warnings, till
from gateway.model.event_types import EVENT_TYPES, OF_MESSAGES, OF_OTHERS
from gateway.model.message import WAITING, Status
from gateway.rights.news import SUBJECT_ERASED
from gateway.webhooks import checkpoints


def test_every_type_that_is_sent_may_be_asked_for() -> None:
    assert set(OF_OTHERS) == {checkpoints.EVENT, SUBJECT_ERASED, quota_warnings.EVENT, till.EVENT}
    assert set(OF_MESSAGES) == {f"message.{each}" for each in Status if each not in WAITING}
    assert len(set(EVENT_TYPES)) == len(EVENT_TYPES)
