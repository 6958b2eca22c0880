"""The regulator's rules are data with a date."""

from datetime import date
from pathlib import Path
from typing import get_args

import msgspec
import pytest

from config.operators import MessageClassName
from config.rules import DIRECTORY, PackInvalid, RulePack, Season, Window, all_packs, pack_at, packs, parse

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


def test_promotional_messages_need_a_grant_a_suffix_consent_and_a_way_out() -> None:
    rule = PACK.of("promotional")
    assert (rule.needs_grant, rule.suffix, rule.consent, rule.opt_out.needed) == (True, True, "required", True)


def test_awareness_needs_consent_too_and_other_classes_do_not() -> None:
    assert {rule.name for rule in PACK.classes if rule.needs_consent} == {"promotional", "awareness"}


def test_one_time_codes_are_service_messages_at_any_time() -> None:
    rule = PACK.of("otp")
    assert (rule.regulated_as, rule.window, rule.links) == ("service", None, "registered")


def test_promotional_hours_are_nine_to_ten_at_night_in_riyadh() -> None:
    window = PACK.of("promotional").window
    assert window is not None
    assert window.minutes == (9 * 60, 22 * 60)
    assert PACK.utc_offset_minutes == 180


def test_a_window_that_closes_before_it_opens_ends_on_the_next_day() -> None:
    assert Window(open="12:00", close="01:00").minutes == (720, 1500)


def test_a_window_opens_on_its_days() -> None:
    window = Window(open="09:00", close="22:00", days=("sun", "mon"))
    assert [window.opens_on(day) for day in range(7)] == [True, False, False, False, False, False, True]


def test_keywords_to_opt_out_are_arabic_and_english() -> None:
    assert set(PACK.opt_out_keywords) == {"STOP", "UNSUBSCRIBE", "إيقاف", "الغاء", "قف"}


def test_a_window_that_is_never_open_or_always_is_refused() -> None:
    with pytest.raises(ValueError, match="open for a while"):
        Window(open="09:00", close="09:00")


def test_a_ramadan_has_29_or_30_days_and_comes_once_a_year() -> None:
    with pytest.raises(ValueError, match="29 or 30"):
        Season(year=1447, first=date(2026, 2, 18), last=date(2026, 4, 19))
    years = [season.year for season in PACK.seasons]
    assert years == sorted(set(years))


def test_packs_of_a_directory_stand_beside_those_of_the_program_or_in_their_place(tmp_path: Path) -> None:
    text = (DIRECTORY / "2026-01.toml").read_text("utf-8")
    (tmp_path / "later.toml").write_text(text.replace('"2026-01"', '"2027-03"').replace("2026-01-01", "2027-03-01"))
    (tmp_path / "same.toml").write_text(text.replace('sure = "C"', 'sure = "B"', 1))
    (tmp_path / "notes.txt").write_text("none")
    assert [(pack.id, pack.sure) for pack in all_packs(tmp_path)] == [("2026-01", "B"), ("2027-03", "C")]


@pytest.mark.parametrize("text", ["id = 1", 'id = "other"'])
def test_a_file_that_is_no_pack_is_named(tmp_path: Path, text: str) -> None:
    (tmp_path / "wrong.toml").write_text(text)
    with pytest.raises(PackInvalid, match=r"wrong\.toml"):
        all_packs(tmp_path)


def test_two_packs_of_one_day_and_a_directory_that_is_not_there_are_refused(tmp_path: Path) -> None:
    text = (DIRECTORY / "2026-01.toml").read_text("utf-8")
    (tmp_path / "other.toml").write_text(text.replace('"2026-01"', '"other"'))
    with pytest.raises(PackInvalid, match="one day"):
        all_packs(tmp_path)
    with pytest.raises(PackInvalid):
        all_packs(tmp_path / "none")


@pytest.mark.parametrize("text", ["id = 'x'", "id = = 'x'", "unknown = 1"])
def test_a_pack_that_does_not_fit_is_an_error(text: str) -> None:
    with pytest.raises(ValueError, match=r"missing required field|Invalid value|unknown field"):
        parse(text)
