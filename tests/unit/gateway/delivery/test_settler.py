"""How messages end: clocks, dropped content and the event for the customer, in one change."""

import pytest

from gateway.delivery.settler import Settler
from gateway.model.message import Link, Message, MessageClass, Status
from gateway.retention.policies import RetentionPolicies
from redaction.retention import DEFAULT_RULES, TRANSACTIONAL, RetentionTag, RetentionWish, content_until_ms
from redaction.sealed import Sealed
from tests.unit.gateway.stage import a_message

ACCEPTED_MS = a_message().accepted_ms
NOW_MS = ACCEPTED_MS + 1_000


def settler(*, wanted: bool = True) -> Settler:
    return Settler(RetentionPolicies(DEFAULT_RULES), lambda _: wanted)


def tagged(tag: str, **changes: object) -> Message:
    until_ms = content_until_ms(DEFAULT_RULES[RetentionTag(tag)], ACCEPTED_MS, None)
    changes = {"content_until_ms": until_ms} | changes
    return a_message(tag=RetentionTag(tag), message_class=MessageClass.TRANSACTIONAL, **changes)


def test_a_submitted_message_is_looked_at_again_after_its_validity_and_a_while() -> None:
    links = (Link("loop", "1", 0),)
    change = settler(wanted=False).submitted(a_message(), NOW_MS, links)
    assert (change.message.status, change.message.submitted_ms) == (Status.SUBMITTED, NOW_MS)
    assert change.message.due_ms == change.message.expires_ms + 6 * 3600 * 1000
    assert change.links == links
    assert change.event is None
    assert not change.drop_content


@pytest.mark.policy("P-21")
def test_discarded_content_goes_with_the_submission() -> None:
    change = settler().submitted(tagged("discard"), NOW_MS, ())
    assert change.drop_content
    assert change.message.content_until_ms == NOW_MS


@pytest.mark.parametrize("tag", ["otp", "discard"])
def test_content_that_lives_to_the_end_is_dropped_at_the_end(tag: str) -> None:
    change = settler().final(tagged(tag), Status.DELIVERED, None, NOW_MS)
    assert change.drop_content
    assert change.message.content_until_ms == NOW_MS


@pytest.mark.parametrize(
    ("tag", "until_ms"),
    [("transactional", NOW_MS + 86_400_000), ("promotional", ACCEPTED_MS + 7 * 86_400_000)],
)
def test_other_content_lives_on_for_the_time_of_its_rule(tag: str, until_ms: int) -> None:
    change = settler().final(tagged(tag), Status.DELIVERED, None, NOW_MS)
    assert not change.drop_content
    assert change.message.content_until_ms == until_ms


@pytest.mark.parametrize(("tag", "limit_ms"), [("otp", 600_000), ("discard", 86_400_000)])
def test_what_the_customer_is_told_again_outlives_the_dropped_content(tag: str, limit_ms: int) -> None:
    """Reference and callback URL are needed for the news of the end, so they stay to the tag's limit."""
    change = settler().final(tagged(tag, private=Sealed(b"sealed")), Status.DELIVERED, None, NOW_MS)
    assert change.drop_content
    assert change.message.content_until_ms == ACCEPTED_MS + limit_ms


def test_a_customer_may_ask_for_less_time() -> None:
    wishes = {TRANSACTIONAL: RetentionWish(content_after_final_s=60)}
    short = Settler(RetentionPolicies(DEFAULT_RULES, lambda _: wishes), lambda _: True)
    change = short.final(tagged("transactional"), Status.DELIVERED, None, NOW_MS)
    assert change.message.content_until_ms == NOW_MS + 60_000


@pytest.mark.case("interfaces-22")
def test_the_clock_of_what_was_scheduled_began_when_it_was_due() -> None:
    due_ms = ACCEPTED_MS + 20 * 86_400_000
    message = tagged("transactional", content_until_ms=due_ms + 3 * 86_400_000, private=Sealed(b"sealed"))
    message = settler().submitted(message, due_ms + 5, ()).message
    change = settler().final(message, Status.DELIVERED, None, due_ms + 10)
    assert not change.drop_content
    assert change.message.content_until_ms == due_ms + 10 + 86_400_000


def test_the_customer_is_told_of_the_end() -> None:
    change = settler().final(a_message(), Status.REJECTED, "0000000b", NOW_MS)
    assert change.event is not None
    assert (change.event.message, change.event.status) == (change.message.id, Status.REJECTED)
    assert change.event.at_ms == change.event.next_ms == NOW_MS
    assert (change.message.final_ms, change.message.error) == (NOW_MS, "0000000b")


def test_nobody_is_told_where_nobody_asked() -> None:
    assert settler(wanted=False).final(a_message(), Status.DELIVERED, None, NOW_MS).event is None


def test_a_change_is_a_copy_that_later_news_does_not_alter() -> None:
    message = a_message()
    change = settler().submitted(message, NOW_MS, ())
    message.status = Status.DELIVERED
    assert change.message.status is Status.SUBMITTED
