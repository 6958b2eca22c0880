"""Controls against drawn traffic: attacks are stopped early, and nobody ordinary is."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator

import pytest

from gateway.fraud.sentry import Sentry
from gateway.model.fraud_controls import FraudMode
from gateway.model.message import MessageClass
from gateway.model.verdict import Severity
from tests.unit.gateway.fraud import traffic
from tests.unit.gateway.fraud.traffic import BEGIN_MS, DAY_MS, HOUR_MS, Sent, a_key, a_submission, ordinary

CODES = 100_000


def replay(sentry: Sentry, sent: Iterable[Sent], mode: FraudMode) -> Iterator[tuple[Sent, str | None]]:
    """Each message with the control that stops it, or would, None for none."""
    keys = {customer: a_key(customer, mode) for customer in range(1, 6)}
    for each in sent:
        at_ms, customer, digits, message_class, text = each
        submission = a_submission(digits, message_class, text)
        found = sentry.look(keys[customer], submission, at_ms)
        sentry.note(keys[customer], submission, at_ms, found)
        yield each, next((it.rule for it in found if it.severity is Severity.REFUSE), None)


@pytest.fixture(scope="module")
def usual() -> list[Sent]:
    """Ordinary traffic of two days."""
    return list(ordinary(CODES // 15, days=2))


@pytest.mark.parametrize(
    ("attack", "most"),
    [
        (traffic.counting_up, 49),
        (traffic.random_in_a_range, 49),
        (traffic.slow, 200),
        (traffic.many_ranges, 0),
        (traffic.one_number, 49),
        (traffic.leaked_key, 0),
    ],
)
def test_an_attack_is_stopped(attack: Callable[[int], Iterator[Sent]], most: int, usual: list[Sent]) -> None:
    begin_ms = BEGIN_MS + DAY_MS + 12 * HOUR_MS
    evil = set(attack(begin_ms))
    passed, stopped, others = 0, Counter[str](), Counter[str]()
    for each, control in replay(Sentry(), sorted([*usual, *evil]), FraudMode.ENFORCE):
        if each not in evil:
            others.update([control] if control else ())
        elif control is None:
            passed += 1
        else:
            stopped[control] += 1
    assert passed <= most
    assert stopped.total() >= 0.85 * len(evil)
    assert not others


@pytest.mark.parametrize("codes", [8_000, pytest.param(CODES, marks=pytest.mark.slow)])
def test_of_ordinary_codes_none_is_refused(codes: int) -> None:
    """The quick one has the same thirty days with fewer codes in each."""
    counts = Counter(
        (each[3] is MessageClass.OTP, control) for each, control in replay(Sentry(), ordinary(codes), FraudMode.ENFORCE)
    )
    assert sum(count for (is_code, _), count in counts.items() if is_code) >= codes
    assert {control for _, control in counts} == {None}


def test_watching_says_what_enforcing_does(usual: list[Sent]) -> None:
    sent = sorted([*usual, *traffic.counting_up(BEGIN_MS + HOUR_MS), *traffic.one_number(BEGIN_MS + 2 * HOUR_MS)])
    watched = [control for _, control in replay(Sentry(), sent, FraudMode.WATCH)]
    assert watched == [control for _, control in replay(Sentry(), sent, FraudMode.ENFORCE)]
    assert any(watched)
