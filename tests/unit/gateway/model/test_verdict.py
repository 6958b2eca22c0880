"""Which of several verdicts decides."""

from gateway.model.verdict import Severity, Verdict, gravest


def verdict(code: str, severity: Severity) -> Verdict:
    return Verdict(code=code, severity=severity, rule="any")


def test_what_refuses_comes_before_what_holds() -> None:
    held, refused = verdict("a", Severity.HOLD), verdict("b", Severity.REFUSE)
    assert gravest([held, verdict("c", Severity.WARN), refused, verdict("d", Severity.REFUSE)]) is refused


def test_the_first_of_those_that_hold_decides() -> None:
    first = verdict("a", Severity.HOLD)
    assert gravest([first, verdict("b", Severity.HOLD)]) is first


def test_warnings_decide_nothing() -> None:
    assert gravest([verdict("a", Severity.WARN)]) is None
    assert gravest([]) is None
