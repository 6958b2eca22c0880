import dataclasses
from typing import Any

import pytest

from redaction.retention import (
    DEFAULT_RULES,
    DISCARD,
    OTP,
    PROMOTIONAL,
    TRANSACTIONAL,
    RetentionTag,
    RetentionWish,
    content_until_ms,
    period_dead_ms,
    period_of,
    record_until_ms,
    shortened,
)

HOUR = 3_600_000
DAY = 24 * HOUR
ACCEPTED = 1_700_000_000_000


@pytest.mark.policy("P-21")
@pytest.mark.parametrize(
    ("tag", "final_after", "expected_after"),
    [
        (OTP, None, 600_000),
        (OTP, 4_000, 4_000),
        (OTP, 2 * HOUR, 600_000),
        (TRANSACTIONAL, None, 3 * DAY),
        (TRANSACTIONAL, HOUR, HOUR + DAY),
        (TRANSACTIONAL, 3 * DAY, 3 * DAY),
        (PROMOTIONAL, None, 7 * DAY),
        (PROMOTIONAL, HOUR, 7 * DAY),
        (DISCARD, 5_000, 5_000),
    ],
)
def test_content_lives_as_long_as_its_tag_says(tag: RetentionTag, final_after: int | None, expected_after: int) -> None:
    final = None if final_after is None else ACCEPTED + final_after
    assert content_until_ms(DEFAULT_RULES[tag], ACCEPTED, final) == ACCEPTED + expected_after


@pytest.mark.parametrize(("tag", "days"), [(OTP, 90), (TRANSACTIONAL, 90), (PROMOTIONAL, 90), (DISCARD, 30)])
def test_record_lives_ninety_days_and_thirty_when_discarded(tag: RetentionTag, days: int) -> None:
    assert record_until_ms(DEFAULT_RULES[tag], ACCEPTED) == ACCEPTED + days * DAY


def test_one_time_codes_have_hourly_periods_and_the_others_daily_ones() -> None:
    assert period_of(DEFAULT_RULES[OTP], 5 * HOUR - 1) == 4
    assert period_of(DEFAULT_RULES[PROMOTIONAL], DAY - 1) == 0
    assert period_of(DEFAULT_RULES[PROMOTIONAL], DAY) == 1


@pytest.mark.parametrize("tag", DEFAULT_RULES)
def test_period_is_dead_when_its_last_message_is_due(tag: RetentionTag) -> None:
    rule = DEFAULT_RULES[tag]
    dead = period_dead_ms(rule, 3)
    last = 4 * rule.period_s * 1000 - 1
    assert period_of(rule, last) == 3
    assert content_until_ms(rule, last, None) < dead == content_until_ms(rule, last + 1, None)


def test_only_discard_ends_content_at_the_last_answer() -> None:
    assert [tag for tag, rule in DEFAULT_RULES.items() if rule.content_after_submit] == [DISCARD]


@pytest.mark.parametrize(
    ("change", "reason"),
    [({"tag": ""}, "tag"), ({"content_limit_s": 0}, "positive"), ({"record_s": -1}, "positive"),
     ({"period_s": 0}, "positive"), ({"content_after_final_s": -1}, "negative"), ({"record_s": 599}, "outlive")],
)  # fmt: skip
def test_rule_that_makes_no_sense_is_refused(change: dict[str, Any], reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        dataclasses.replace(DEFAULT_RULES[OTP], **change)


@pytest.mark.policy("P-22")
def test_a_customer_may_shorten_and_never_lengthen() -> None:
    rule = DEFAULT_RULES[TRANSACTIONAL]
    short = shortened(rule, RetentionWish(content_after_final_s=0, content_limit_s=60, record_s=3_600))
    assert (short.content_after_final_s, short.content_limit_s, short.record_s) == (0, 60, 3_600)
    assert shortened(rule, RetentionWish(content_after_final_s=10**9, content_limit_s=10**9, record_s=10**9)) == rule
    assert shortened(rule, RetentionWish()) == rule


def test_content_that_waits_for_its_limit_may_be_asked_to_go_after_the_end() -> None:
    assert shortened(DEFAULT_RULES[PROMOTIONAL], RetentionWish(content_after_final_s=5)).content_after_final_s == 5


@pytest.mark.policy("P-22")
def test_the_law_keeps_a_record_longer_than_its_customer_asks() -> None:
    rule = dataclasses.replace(DEFAULT_RULES[OTP], record_floor_s=30 * 86_400, floor_citation="an article")
    assert shortened(rule, RetentionWish(record_s=1)).record_s == 30 * 86_400
    assert shortened(rule, RetentionWish(record_s=40 * 86_400)).record_s == 40 * 86_400


def test_content_asked_to_outlive_its_shortened_record_goes_with_it() -> None:
    assert shortened(DEFAULT_RULES[PROMOTIONAL], RetentionWish(record_s=60)).content_limit_s == 60


@pytest.mark.parametrize(
    ("change", "reason"),
    [({"record_floor_s": 91 * 86_400, "floor_citation": "x"}, "law"), ({"record_floor_s": 1}, "names its law")],
)
def test_a_floor_that_makes_no_sense_is_refused(change: dict[str, Any], reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        dataclasses.replace(DEFAULT_RULES[OTP], **change)


@pytest.mark.parametrize("wish", [{"content_after_final_s": -1}, {"content_limit_s": 0}, {"record_s": 0}])
def test_a_wish_that_makes_no_sense_is_refused(wish: dict[str, int]) -> None:
    with pytest.raises(ValueError, match=r"negative|positive"):
        RetentionWish(**wish)
