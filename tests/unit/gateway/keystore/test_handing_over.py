"""Which secrets leave for the custodian, and when."""

from os import urandom

import pytest

from gateway.keystore.handing_over import custodianship, due, over
from redaction.custodian import X25519, new_private
from redaction.keys import KeyState
from redaction.retention import DEFAULT_RULES, DISCARD, OTP, PROMOTIONAL, TRANSACTIONAL, RetentionTag
from redaction.search_epochs import EPOCH_MS, HOUR_MS, ends_ms

DAY_MS = 24 * HOUR_MS
EPOCH = 83_332
"""The first of its day."""
END_MS = ends_ms(EPOCH)
RULES = list(DEFAULT_RULES.values())


def state(*secrets: tuple[str, int], made_ms: int = 0) -> KeyState:
    keys = KeyState()
    keys.set_custodian(new_private(X25519).public(), 0)
    for tag, epoch in secrets:
        keys.ensure_secret("search", epoch, urandom, tag=tag, now_ms=made_ms)
    return keys


@pytest.mark.parametrize(
    ("tag", "after_ms"),
    [
        pytest.param(OTP, DAY_MS, id="ten minutes of content, so a day after the epoch"),
        pytest.param(TRANSACTIONAL, 18 * HOUR_MS + 3 * DAY_MS, id="to the end of the day, and three days"),
        pytest.param(PROMOTIONAL, 18 * HOUR_MS + 7 * DAY_MS, id="to the end of the day, and seven days"),
        pytest.param(DISCARD, 18 * HOUR_MS + DAY_MS, id="to the end of the day, and one"),
    ],
)
def test_a_secret_leaves_when_no_content_of_its_tag_and_epoch_can_be_opened(tag: RetentionTag, after_ms: int) -> None:
    keys = state((tag, EPOCH))
    assert due(keys, RULES, END_MS + after_ms - 1) == []
    assert due(keys, RULES, END_MS + after_ms) == [(tag, EPOCH)]


def test_nothing_leaves_without_a_custodian_and_no_tag_that_means_nothing() -> None:
    keys = state(("gone", EPOCH))
    assert due(keys, RULES, END_MS + 60 * DAY_MS) == []
    nobody = KeyState()
    nobody.ensure_secret("search", EPOCH, urandom, tag=OTP)
    assert due(nobody, RULES, END_MS + 60 * DAY_MS) == []
    assert custodianship(nobody).key == ""


def test_epochs_of_before_leave_when_the_periods_of_their_time_are_gone() -> None:
    begun_ms = EPOCH * EPOCH_MS
    keys = state(("", 19), (OTP, EPOCH), made_ms=begun_ms)
    keys.ensure_period(PROMOTIONAL, 1, urandom, now_ms=begun_ms - 1)
    assert ("", 19) not in due(keys, RULES, begun_ms + 8 * DAY_MS)
    keys.drop_period(PROMOTIONAL, 1)
    keys.ensure_period(PROMOTIONAL, 9, urandom, now_ms=begun_ms + 2 * HOUR_MS)
    assert ("", 19) not in due(keys, RULES, begun_ms + DAY_MS - 1)
    assert ("", 19) in due(keys, RULES, begun_ms + DAY_MS)


def test_what_was_handed_over_is_over_with_its_last_record() -> None:
    keys = state((DISCARD, EPOCH), (OTP, EPOCH))
    for tag in (DISCARD, OTP):
        keys.hand_over(tag, EPOCH, urandom, now_ms=0)
    assert custodianship(keys).handed == 2
    assert over(keys, RULES, END_MS + 30 * DAY_MS - 1) == []
    assert over(keys, RULES, END_MS + 30 * DAY_MS) == [(DISCARD, EPOCH)]
    assert over(keys, RULES, END_MS + 90 * DAY_MS) == [(DISCARD, EPOCH), (OTP, EPOCH)]
