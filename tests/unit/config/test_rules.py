"""The regulator's rules are data with a date."""

from datetime import date, time
from typing import get_args

import msgspec
import pytest

from config.operators import MessageClassName
from config.rules import ClassRule, Hours, RulePack, pack_at, packs, parse

PACK = pack_at(date(2026, 6, 1))


def dated(day: date) -> RulePack:
    return msgspec.structs.replace(PACK, id=day.isoformat(), from_date=day)


@pytest.mark.parametrize(
    ("day", "expected"),
    [
        (date(2025, 12, 31), "2026-01-01"),
        (date(2026, 1, 1), "2026-01-01"),
        (date(2027, 2, 28), "2026-01-01"),
        (date(2027, 3, 1), "2027-03-01"),
        (date(2030, 1, 1), "2027-03-01"),
    ],
)
def test_a_pack_applies_from_its_date_until_the_next_one(day: date, expected: str) -> None:
    assert pack_at(day, [dated(date(2026, 1, 1)), dated(date(2027, 3, 1))]).id == expected


def test_every_class_of_ours_has_its_rule_in_every_pack() -> None:
    for pack in packs():
        assert sorted(rule.name for rule in pack.classes) == sorted(get_args(MessageClassName))


def test_a_class_that_the_pack_does_not_know_is_a_key_error() -> None:
    with pytest.raises(KeyError):
        PACK.of("nonsense")


def test_sender_names_have_3_to_11_characters_and_promotional_ones_end_in_ad() -> None:
    sender = PACK.sender
    assert (sender.min_length, sender.max_length, sender.promotional_suffix) == (3, 11, "-AD")


def test_promotional_messages_need_a_grant_consent_and_a_way_out() -> None:
    rule = PACK.of("promotional")
    assert (rule.needs_grant, rule.needs_consent, rule.needs_opt_out) == (True, True, True)


def test_one_time_codes_are_service_messages_at_any_time() -> None:
    assert PACK.of("otp") == ClassRule(name="otp", regulated_as="service", links_registered_only=True)


@pytest.mark.parametrize(
    ("at", "inside"),
    [(time(8, 59, 59), False), (time(9), True), (time(21, 59, 59), True), (time(22), False), (time(0), False)],
)
def test_promotional_hours_are_nine_to_ten_at_night_in_riyadh(at: time, inside: bool) -> None:
    hours = PACK.of("promotional").hours
    assert hours is not None
    assert hours.holds(at) is inside
    assert PACK.utc_offset_minutes == 180


def test_keywords_to_opt_out_are_arabic_and_english() -> None:
    assert set(PACK.opt_out_keywords) == {"STOP", "UNSUBSCRIBE", "إيقاف", "الغاء", "قف"}


def test_hours_that_end_before_they_start_are_refused() -> None:
    with pytest.raises(ValueError, match="hours end after they start"):
        Hours(start=time(22), end=time(9))


@pytest.mark.parametrize("text", ["id = 'x'", "id = = 'x'", "unknown = 1"])
def test_a_pack_that_does_not_fit_is_an_error(text: str) -> None:
    with pytest.raises(ValueError, match=r"missing required field|Invalid value|unknown field"):
        parse(text)
