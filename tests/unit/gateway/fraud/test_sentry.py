"""What each control says, and what is counted."""

import pytest

from gateway.accounts.customers import ApiKey
from gateway.fraud.controls import REFUSING
from gateway.fraud.prefixes import HOUR_MS, Estimate, Prefixes
from gateway.fraud.seen import Seen
from gateway.fraud.sentry import COUNTING, Sentry
from gateway.fraud.tallies import Tallies
from gateway.fraud.windows import DAY_MS, RIYADH_MS, DaySketch, Window
from gateway.model.fraud_controls import Control, FraudMode
from gateway.model.message import MessageClass
from gateway.model.submission import Submission
from gateway.model.verdict import Verdict
from tests.unit.gateway.fraud.traffic import BEGIN_MS, SHOP, a_key, a_submission

KEY = a_key(SHOP, FraudMode.ENFORCE)
DIGITS = "966551239087"
MINUTE_MS = 60_000


def offer(sentry: Sentry, submission: Submission, now_ms: int, key: ApiKey = KEY) -> list[Verdict]:
    found = list(sentry.look(key, submission, now_ms))
    sentry.note(key, submission, now_ms, found)
    return found


def code(at: int) -> Submission:
    return a_submission(DIGITS, text=f"code {at}")


def test_a_number_gets_five_codes_in_ten_minutes_and_waits_longer_each_time() -> None:
    sentry = Sentry()
    assert not any(offer(sentry, code(at), BEGIN_MS + at * 1000) for at in range(5))
    now_ms, waits = BEGIN_MS + 6_000, []
    for at in range(3):
        (refused,) = offer(sentry, code(10 + at), now_ms)
        assert (refused.code, refused.rule, refused.watched) == ("recipient_rate", "recipient_rate", False)
        assert refused.retry_after_s is not None
        waits.append(refused.retry_after_s)
        (again,) = offer(sentry, code(20 + at), now_ms + 1_000)
        assert again.retry_after_s == refused.retry_after_s - 1
        now_ms += refused.retry_after_s * 1000
    assert waits == [60, 120, 240]


def test_other_classes_have_twenty_a_day() -> None:
    sentry = Sentry()
    told = [
        offer(sentry, a_submission(DIGITS, MessageClass.TRANSACTIONAL, f"{at}"), BEGIN_MS + at * 10 * MINUTE_MS)
        for at in range(21)
    ]
    assert [len(each) for each in told] == [0] * 20 + [1]
    assert not offer(sentry, a_submission(DIGITS, MessageClass.TRANSACTIONAL, "x"), BEGIN_MS + DAY_MS)


def test_the_same_text_to_the_same_number_is_a_duplicate_for_a_minute() -> None:
    sentry = Sentry()
    assert not offer(sentry, code(1), BEGIN_MS)
    assert [each.code for each in offer(sentry, code(1), BEGIN_MS + 1_000)] == ["duplicate_message"]
    assert not offer(sentry, code(2), BEGIN_MS + 2_000)
    assert not offer(sentry, code(1), BEGIN_MS + 3 * MINUTE_MS)


def test_countries_and_kinds_of_numbers() -> None:
    everywhere = a_key(SHOP, FraudMode.ENFORCE, country=FraudMode.OFF)
    assert [each.code for each in offer(Sentry(), a_submission("447700900123"), BEGIN_MS)] == ["country_not_allowed"]
    assert not offer(Sentry(), a_submission("447400123456"), BEGIN_MS, everywhere)
    landline = offer(Sentry(), a_submission("966112345678"), BEGIN_MS)
    assert [each.code for each in landline] == ["number_kind_not_allowed"]


def test_looking_counts_nothing_and_customers_do_not_share() -> None:
    sentry = Sentry()
    for at in range(50):
        assert not sentry.look(KEY, code(at), BEGIN_MS)
    for at in range(6):
        offer(sentry, code(at), BEGIN_MS)
    assert sentry.look(KEY, code(9), BEGIN_MS)
    assert not sentry.look(a_key(SHOP + 1, FraudMode.ENFORCE), code(9), BEGIN_MS)


def test_what_was_taken_under_an_idempotency_key_is_known() -> None:
    sentry = Sentry()
    submission = code(1)
    assert not sentry.was_taken(7, BEGIN_MS)
    sentry.note(KEY, submission, BEGIN_MS, sentry.look(KEY, submission, BEGIN_MS), once=7)
    assert sentry.was_taken(7, BEGIN_MS + DAY_MS // 2)


def test_nothing_is_asked_where_all_is_off() -> None:
    off = a_key(SHOP, FraudMode.OFF, new_traffic=FraudMode.OFF)
    sentry = Sentry()
    assert not any(offer(sentry, a_submission("447700900123"), BEGIN_MS, off) for _ in range(100))


def test_new_traffic_is_watched_once_a_day_was_seen() -> None:
    key = a_key(SHOP, FraudMode.OFF, new_traffic=FraudMode.WATCH)
    sentry = Sentry()
    offer(sentry, code(0), BEGIN_MS)
    later_ms = BEGIN_MS + DAY_MS + 1
    told = [offer(sentry, a_submission(f"4474001{at:05d}"), later_ms + at, key) for at in range(60)]
    assert [each.rule for each in told[-1]] == [Control.NEW_TRAFFIC]
    assert told[-1][0].watched
    assert not any(told[:50])


def test_windows_slide_and_forget_when_they_are_full() -> None:
    window = Window(1_000, most=3)
    window.add(1, 10_000)
    assert window.count(1, 10_500) == 1
    assert 0 < window.count(1, 11_500) < 1
    assert window.count(1, 13_000) == 0
    for token in range(4):
        window.add(token, 13_000)
    assert window.turned_early == 1


def test_a_sketch_never_counts_too_little() -> None:
    sketch = DaySketch()
    for token in range(1_000):
        sketch.add(token * 7_919_117_977, BEGIN_MS)
    assert all(sketch.count(token * 7_919_117_977, BEGIN_MS) >= 1 for token in range(1_000))
    assert sketch.count(3, BEGIN_MS) == 0
    assert sketch.count(0, BEGIN_MS + DAY_MS) == 0


def test_an_estimate_of_few_is_near() -> None:
    estimate = Estimate()
    for token in range(20):
        estimate.add(hash(f"token {token}") & (1 << 62) - 1)
    assert 12 <= estimate.count() <= 30


def test_what_is_over_is_dropped() -> None:
    sentry = Sentry()
    for at in range(30):
        offer(sentry, a_submission(f"96655123{at * 3:04d}", text=str(at)), BEGIN_MS)
    sentry.forget_old(BEGIN_MS + 2 * DAY_MS)
    assert not any(each.few or each.map for own in sentry.tallies.prefixes._ranges.values() for each in own.values())


def test_ranges_for_which_there_is_no_place_are_not_counted_until_the_next_hour() -> None:
    prefixes = Prefixes(most=2)
    for at in range(4):
        prefixes.note(1, f"96655{at}001234", BEGIN_MS)
    assert prefixes.full == 2
    prefixes.note(1, "966559001234", BEGIN_MS + HOUR_MS)
    assert prefixes.full == 2


def fails(_tallies: Tallies, _seen: Seen, _now_ms: int) -> Verdict | None:
    raise RuntimeError("out of order")


def a_broken_sentry(control: Control) -> tuple[Sentry, list[Exception]]:
    errors: list[Exception] = []
    asked = [(each, fails if each is control else ask) for each, ask in REFUSING]
    return Sentry(errors.append, asked), errors


@pytest.mark.parametrize("control", [each for each, _ in REFUSING])
def test_a_control_that_fails_says_nothing_and_the_others_are_asked(control: Control) -> None:
    sentry, errors = a_broken_sentry(control)
    assert not offer(sentry, code(0), BEGIN_MS)
    told = [code(0), *map(code, range(1, 10)), a_submission("447700900123")]
    said = {each.rule for submission in told for each in offer(sentry, submission, BEGIN_MS)}
    assert said == {Control.COUNTRY, Control.RECIPIENT_RATE, Control.DUPLICATE} - {control}
    assert sentry.failures[control] == len(errors) > 0
    assert sum(sentry.failures.values()) == len(errors)


def test_what_cannot_be_counted_goes_on() -> None:
    errors: list[Exception] = []
    sentry = Sentry(errors.append)
    assert not offer(sentry, a_submission("9665512390xx"), BEGIN_MS)
    assert sentry.failures[COUNTING] == len(errors) == 1
    assert not offer(sentry, code(1), BEGIN_MS)


def test_a_line_that_cannot_be_written_stops_nothing() -> None:
    def no_disk(_error: Exception) -> None:
        raise OSError

    assert not offer(Sentry(no_disk, [(Control.COUNTRY, fails)]), code(1), BEGIN_MS)


def test_what_was_counted_under_the_key_of_a_day_is_dropped_at_its_end() -> None:
    sentry = Sentry()
    midnight_ms = (BEGIN_MS // DAY_MS + 1) * DAY_MS - RIYADH_MS
    for at in range(8):
        offer(sentry, code(at), midnight_ms - 5 * MINUTE_MS + at)
    tallies, salt = sentry.tallies, sentry.tallies.salt
    before = {*tallies.codes._now, *tallies.texts._now, *tallies._pauses}
    assert len(before) >= 3
    assert sentry.look(KEY, code(9), midnight_ms - 1)
    sentry.forget_old(midnight_ms)  # nobody sends
    windows = (tallies.loops, tallies.codes, tallies.texts, tallies.campaigns)
    assert not any(each._now or each._before for each in windows)
    assert not tallies._pauses
    assert not any(tallies.day._rows[0])
    assert tallies.salt != salt
    assert not offer(sentry, code(9), midnight_ms)
    assert not before & {*tallies.codes._now, *tallies.texts._now, *tallies._pauses}
