"""Reports of codes that were entered, and what a burst makes of them."""

from gateway.fraud.conversion import KEPT_MS, Conversion
from gateway.fraud.prefixes import FEWEST
from gateway.fraud.sentry import Sentry
from gateway.model.fraud_controls import Control, FraudMode
from gateway.model.message import MessageClass
from tests.unit.gateway.fraud.traffic import BEGIN_MS, DAY_MS, SHOP, a_key, a_submission

KEY = a_key(SHOP, FraudMode.ENFORCE)
ID = bytes(16)


def test_a_report_counts_once_and_for_the_owner_alone() -> None:
    conversion = Conversion()
    conversion.sent(ID, SHOP, "96655123", BEGIN_MS)
    assert conversion.report(ID, SHOP + 1, BEGIN_MS, confirmed=True) is None
    assert conversion.report(ID, SHOP, BEGIN_MS + 1_000, confirmed=True) == "96655123"
    assert conversion.report(ID, SHOP, BEGIN_MS + 2_000, confirmed=False) is None
    assert conversion.counts == {"confirmed": 1, "failed": 0}


def test_codes_are_forgotten_with_time_and_when_there_are_too_many() -> None:
    conversion = Conversion(most=2)
    for at in range(5):
        conversion.sent(bytes([at]), SHOP, "96655123", BEGIN_MS)
    assert conversion.report(bytes([0]), SHOP, BEGIN_MS, confirmed=True) is None
    assert conversion.report(bytes([4]), SHOP, BEGIN_MS + KEPT_MS, confirmed=True) == "96655123"
    conversion.forget(BEGIN_MS + 3 * KEPT_MS)
    assert conversion.report(bytes([3]), SHOP, BEGIN_MS + 3 * KEPT_MS, confirmed=True) is None


def burst(entered: bool) -> set[str]:
    """What is said of a burst to numbers that are known since the day before, none following another."""
    sentry = Sentry()
    said: set[str] = set()
    for day in range(2):
        for at in range(3 * FEWEST):
            now_ms = BEGIN_MS + day * DAY_MS + at * 10_000
            if day == 0:
                now_ms = BEGIN_MS + at * KEPT_MS // 4
            submission = a_submission(f"96655123{at * 7:04d}", MessageClass.OTP, f"code {day}{at}")
            found = sentry.look(KEY, submission, now_ms)
            sentry.note(KEY, submission, now_ms, found)
            said |= {each.rule for each in found}
            message_id = bytes([day, at])
            sentry.follow(message_id, SHOP, submission, now_ms)
            sentry.report(message_id, SHOP, now_ms, confirmed=entered)
    return said


def test_a_burst_of_known_numbers_that_enter_no_codes_is_stopped() -> None:
    assert burst(entered=True) == set()
    assert burst(entered=False) == {Control.RANGE_BURST}
